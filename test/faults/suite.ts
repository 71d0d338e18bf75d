import { apiOf, connectAs } from "../harness/cluster.ts";
import { type Bug, withBug } from "./bugs.ts";
import { History } from "./history.ts";
import type { Plan } from "./plan.ts";
import { type Baseline, baselineOf, type Outcome, runPlan, type World } from "./run.ts";
import { allowLeases, Slot } from "./slot.ts";
import { WORKLOADS } from "./workloads.ts";

export type Suite = {
  baselines: ReadonlyMap<string, Baseline>;
  /** Runs plans side by side, each in a slot of its own, and tells of each as it ends. */
  run(plans: readonly Plan[], tell?: (outcome: Outcome) => void): Promise<Outcome[]>;
  /** Runs the bug's plan with an operator that has the bug. */
  prove(bug: Bug): Promise<Outcome>;
  close(): Promise<void>;
};

/** Starts so many operators, and runs each of these workloads once without a fault. */
export async function openSuite(options: { slots: number; workloads?: readonly string[] }): Promise<Suite> {
  const api = apiOf(await connectAs());
  await allowLeases(api);
  const world: World = { api, history: await History.begin() };
  const run = process.pid.toString(36);
  const slots: Slot[] = [];
  let bugs = 0;
  // One after the other: a start is the dearest thing an operator does.
  for (let index = 0; index < options.slots; index += 1) slots.push(await Slot.open(api, tokenOf("f", run, index)));
  const baselines = new Map<string, Baseline>();
  const close = async () => {
    await Promise.all(slots.map((slot) => slot.close()));
    await world.history.stop();
    await api.transport.close();
  };
  const faultless = (options.workloads ?? Object.keys(WORKLOADS)).map(
    (workload): Plan => ({ workload, seed: 0, faults: [] }),
  );
  const recorded = await sideBySide(slots, faultless, (slot, plan) => runPlan(slot, plan, world));
  for (const outcome of recorded) {
    if (outcome.divergences.length > 0) {
      await close();
      throw new Error(`${outcome.plan.workload} without any fault: ${outcome.divergences.join("\n")}`);
    }
    baselines.set(outcome.plan.workload, baselineOf(outcome));
  }
  return {
    baselines,
    close,
    async prove(bug) {
      const slot = await Slot.open(api, tokenOf("b", run, bugs++), withBug(bug));
      const outcome = await runPlan(slot, bug.plan, world, baselines.get(bug.plan.workload));
      await slot.close();
      return outcome;
    },
    run: (plans, tell) =>
      sideBySide(slots, plans, async (slot, plan) => {
        const outcome = await runPlan(slot, plan, world, baselines.get(plan.workload));
        tell?.(outcome);
        return outcome;
      }),
  };
}

/** Each slot takes the next one as soon as it is free. */
async function sideBySide<T>(
  slots: readonly Slot[],
  plans: readonly Plan[],
  work: (slot: Slot, plan: Plan) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  const waiting = [...plans.entries()];
  await Promise.all(
    slots.map(async (slot) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        results[next[0]] = await work(slot, next[1]);
    }),
  );
  return results;
}

/** Of one length for all: an operator takes every object whose name holds its token, and f1 stands in f10 too. */
function tokenOf(kind: string, run: string, index: number): string {
  return `${kind}${run}${String(index).padStart(3, "0")}`;
}
