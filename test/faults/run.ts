import { setTimeout as sleep } from "node:timers/promises";
import { type KubeObject, keyOf } from "@leanvibe/runtime";
import type { Api } from "../harness/cluster.ts";
import { masked } from "./address.ts";
import { isForgiven, lost, type Report } from "./editors.ts";
import type { Run } from "./events.ts";
import { broken, type History } from "./history.ts";
import { type Counts, countsOf, crowded, excess, hurried, madeAnew, unguarded } from "./oracles.ts";
import { isClosing, isDeposing, isStorm, type Plan, restarts } from "./plan.ts";
import type { Slot } from "./slot.ts";
import { differences, type State, stateOf } from "./state.ts";
import { clearAway, WORKLOADS, within } from "./workloads.ts";

/** What a workload does when nothing goes wrong: all else is compared with it. */
export type Baseline = { state: State; counts: Counts; writes: readonly string[]; lines: readonly string[] };

export type Outcome = {
  plan: Plan;
  /** Did every fault of the plan come to pass? */
  reached: boolean;
  /** From the first fault to the last write. */
  convergedSeconds: number;
  seconds: number;
  /** What was otherwise than without a fault; empty for a good end. */
  divergences: string[];
  run: Run;
  state: State;
};

const QUIET_MILLISECONDS = 3_000;

export type World = { api: Api; history: History };

let made = 0;

const ROUNDS_AT_MOST = 3;

/**
 * Runs one plan in a slot and judges it by every oracle; without a baseline it makes one. A run in which an operator had
 * too little of the machine to keep its Lease says nothing about the plan, nor does one in which its event did not come to
 * pass: it is repeated.
 */
export async function runPlan(slot: Slot, plan: Plan, world: World, baseline?: Baseline): Promise<Outcome> {
  for (let round = 1; ; round += 1) {
    const before = slot.starved;
    const outcome = await runOnce(slot, plan, world, baseline);
    const disturbed = slot.starved > before && outcome.divergences.length > 0;
    const missed = !outcome.reached && outcome.divergences.length === 0;
    if (!(disturbed || missed) || round === ROUNDS_AT_MOST) return outcome;
  }
}

async function runOnce(slot: Slot, plan: Plan, world: World, baseline?: Baseline): Promise<Outcome> {
  made += 1;
  const prefix = `${slot.token}x${made.toString(36)}`;
  await slot.prepare(plan);
  const begun = performance.now();
  const run = slot.interceptor.arm(plan, prefix);
  const divergences = await follow(plan, prefix, world.api);
  await Promise.all(run.pending);
  await slot.restarted;
  const edits = await Promise.all(run.edits);
  if (!(await quiet(run))) divergences.push(`still writing: ${run.writes.slice(-3).map(({ address }) => address)}`);
  const [fault = begun] = run.fired.values();
  const convergedSeconds = Math.max(0, ((run.writes.at(-1)?.at ?? fault) - fault) / 1000);
  const state = await settledState(run, world.api, baseline);
  if (baseline !== undefined) divergences.push(...differences(baseline.state, state));
  divergences.push(...(await judged(run, edits, { api: world.api, expected: baseline?.counts })));
  if (convergedSeconds > allowedSeconds(plan)) divergences.push(`converged after ${convergedSeconds.toFixed(1)} s`);
  if (divergences.length > 0) divergences.push(...slot.warnings().slice(-4));
  slot.interceptor.disarm();
  divergences.push(...(await clearAway(world.api, prefix)).map((left) => `left behind: ${left}`));
  const disorder = broken(world.history.take(prefix)).filter((one) => !isForgiven(edits, one));
  divergences.push(...unguarded(run), ...disorder, ...slot.complaints(), ...slot.unplanned());
  const seconds = (performance.now() - begun) / 1000;
  return { plan, reached: run.fired.size === plan.faults.length, convergedSeconds, seconds, divergences, run, state };
}

/** What was wrong about the way to the end, as far as this run's own events tell. */
async function judged(
  run: Run,
  edits: readonly Report[],
  { api, expected }: { api: Api; expected: Counts | undefined },
): Promise<string[]> {
  const mask = (text: string) => masked(text, run.prefix);
  const nameOf = ({ kind, metadata }: KubeObject) => mask(`${kind} ${keyOf(metadata)}`);
  const made = edits.map((report) => madeAnew(report, mask));
  const insisted = edits.filter(({ edit }) => edit.times !== undefined);
  const losses = await Promise.all(edits.map((report) => lost(api, report)));
  return [
    ...(expected === undefined ? [] : excess(expected, run, made)),
    ...run.trespasses,
    ...crowded(run),
    ...edits.flatMap(({ faults }) => faults),
    ...insisted.flatMap(({ object, since }) => hurried(run.writes, nameOf(object), since)),
    ...losses.flat(),
  ];
}

export function baselineOf({ state, run }: Outcome): Baseline {
  return { state, counts: countsOf(run), writes: run.writes.map(({ address }) => address), lines: run.lines };
}

/** A half-open watch is noticed after 70 s, and so may be what a watch missed that breaks again and again. */
const UNHEARD_SECONDS = 110;
/** Who lost a fight waits for his turn, and a minute later says that it is over. */
const CONTESTED_SECONDS = 120;

/** From the first fault to the last write. */
function allowedSeconds({ standby, faults }: Plan): number {
  const storm = faults.find(isStorm);
  if (storm !== undefined) return storm.seconds + 60;
  if (faults.some(({ action }) => action.do === "edit" && action.times !== undefined)) return CONTESTED_SECONDS;
  if (faults.some((fault) => fault.action.do === "halfOpen" || isClosing(fault))) return UNHEARD_SECONDS;
  // Besides, somebody is stopped for a while, or believes for a while what is no more.
  const detour = standby === true || faults.some((fault) => isDeposing(fault) || fault.action.do === "stale");
  return detour ? 45 : 30;
}

/** Takes the workload's steps one after the other. Gives what never came to be. */
async function follow(plan: Plan, prefix: string, api: Api): Promise<string[]> {
  const steps = WORKLOADS[plan.workload];
  if (steps === undefined) throw new Error(`no workload ${plan.workload}; there are ${Object.keys(WORKLOADS)}`);
  for (const [index, { act, settled }] of steps.entries()) {
    await act(api, prefix);
    if (!(await within(allowedSeconds(plan) + 5, () => settled(api, prefix))))
      return [`step ${index + 1} of ${steps.length} was not settled in time`];
  }
  return [];
}

/** Resolves when nothing was written for as long as a settled operator writes nothing; false when that never comes. */
async function quiet(run: Run): Promise<boolean> {
  const since = performance.now();
  return within(20, async () => performance.now() - Math.max(since, run.writes.at(-1)?.at ?? 0) > QUIET_MILLISECONDS);
}

/** Figures in a Tenant's status are renewed at most every 10 s: so long may what has settled still tell of before. */
const FIGURES_SECONDS = 12;
/** A new process keeps for a minute what namespaces were lent before it (ADR 0008), and then tells of it. */
const KEPT_SECONDS = 60 + FIGURES_SECONDS;

async function settledState(run: Run, api: Api, baseline: Baseline | undefined): Promise<State> {
  if (baseline === undefined) {
    await sleep(FIGURES_SECONDS * 1000);
    await quiet(run);
    return stateOf(api, run.prefix);
  }
  let state = await stateOf(api, run.prefix);
  if (differences(baseline.state, state).length === 0) return state;
  const isRight = async () => {
    state = await stateOf(api, run.prefix);
    return differences(baseline.state, state).length === 0;
  };
  const insists = run.plan.faults.some(({ action }) => action.do === "edit" && action.times !== undefined);
  const isSilent = run.plan.faults.some(({ action }) => action.do === "halfOpen");
  const patience = restarts(run.plan) || insists ? KEPT_SECONDS : FIGURES_SECONDS;
  await within(isSilent ? UNHEARD_SECONDS : patience, isRight, 1_000);
  await quiet(run);
  return stateOf(api, run.prefix);
}
