import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../harness/cluster.ts";
import { broken, type History } from "./history.ts";
import type { Run } from "./interceptor.ts";
import { isStorm, type Plan } from "./plan.ts";
import type { Slot } from "./slot.ts";
import { differences, type State, stateOf } from "./state.ts";
import { clearAway, WORKLOADS, within } from "./workloads.ts";

/** What a workload does when nothing goes wrong: all else is compared with it. */
export type Baseline = { state: State; counts: Counts; writes: readonly string[]; lines: readonly string[] };

/** Creates and deletes of each object that succeeded. */
type Counts = Map<string, { creates: number; deletes: number }>;

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

const DISTURBED_AT_MOST = 3;

/**
 * Runs one plan in a slot and judges it by every oracle; without a baseline it makes one. A run in which an operator had
 * too little of the machine to keep its Lease says nothing about the plan, and is repeated.
 */
export async function runPlan(slot: Slot, plan: Plan, world: World, baseline?: Baseline): Promise<Outcome> {
  for (let round = 1; ; round += 1) {
    const before = slot.starved;
    const outcome = await runOnce(slot, plan, world, baseline);
    const disturbed = slot.starved > before && outcome.divergences.length > 0;
    if (!disturbed || round === DISTURBED_AT_MOST) return outcome;
  }
}

async function runOnce(slot: Slot, plan: Plan, world: World, baseline?: Baseline): Promise<Outcome> {
  made += 1;
  const prefix = `${slot.token}x${made.toString(36)}`;
  const begun = performance.now();
  const run = slot.interceptor.arm(plan, prefix);
  const divergences = await follow(plan, prefix, world.api);
  await slot.restarted;
  if (!(await quiet(run))) divergences.push(`still writing: ${run.writes.slice(-3).map(({ address }) => address)}`);
  const [fault = begun] = run.fired.values();
  const convergedSeconds = Math.max(0, ((run.writes.at(-1)?.at ?? fault) - fault) / 1000);
  const state = await settledState(run, world.api, baseline);
  if (baseline !== undefined) divergences.push(...differences(baseline.state, state), ...excess(baseline.counts, run));
  if (convergedSeconds > allowedSeconds(plan)) divergences.push(`converged after ${convergedSeconds.toFixed(1)} s`);
  if (divergences.length > 0) divergences.push(...slot.warnings().slice(-4));
  slot.interceptor.disarm();
  divergences.push(...(await clearAway(world.api, prefix)).map((left) => `left behind: ${left}`));
  divergences.push(...unguarded(run), ...broken(world.history.take(prefix)), ...slot.complaints());
  divergences.push(...slot.unplanned.splice(0));
  const seconds = (performance.now() - begun) / 1000;
  return { plan, reached: run.fired.size === plan.faults.length, convergedSeconds, seconds, divergences, run, state };
}

export function baselineOf({ state, run }: Outcome): Baseline {
  return { state, counts: countsOf(run), writes: run.writes.map(({ address }) => address), lines: run.lines };
}

/** From the first fault to the last write: a half-open watch is noticed after 70 s, a storm has to end first. */
function allowedSeconds({ faults }: Plan): number {
  const storm = faults.find(isStorm);
  if (storm !== undefined) return storm.seconds + 60;
  return faults.some(({ action }) => action.do === "halfOpen") ? 110 : 30;
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
  const restarts = run.plan.faults.some(({ action }) => action.do === "kill");
  await within(restarts ? KEPT_SECONDS : FIGURES_SECONDS, isRight, 1_000);
  await quiet(run);
  return stateOf(api, run.prefix);
}

function countsOf({ writes }: Run): Counts {
  const counts: Counts = new Map();
  for (const { object, method, status } of writes) {
    if (status >= 300 || status === 0 || object.startsWith("Event ")) continue;
    const count = counts.get(object) ?? { creates: 0, deletes: 0 };
    counts.set(object, count);
    if (method === "POST") count.creates += 1;
    if (method === "DELETE") count.deletes += 1;
  }
  return counts;
}

/** What was made or deleted more often than without a fault: no fault of ours makes that right. */
function excess(expected: Counts, run: Run): string[] {
  return [...countsOf(run)].flatMap(([object, { creates, deletes }]) => {
    const usual = expected.get(object) ?? { creates: 0, deletes: 0 };
    return [
      ...(creates > usual.creates ? [`${object} was made ${creates} times instead of ${usual.creates}`] : []),
      ...(deletes > usual.deletes ? [`${object} was deleted ${deletes} times instead of ${usual.deletes}`] : []),
    ];
  });
}

/** A delete that does not say whom it means may hit an heir of the name. */
function unguarded({ writes }: Run): string[] {
  return writes.filter(({ uid }) => !uid).map(({ address }) => `${address} without preconditions.uid`);
}
