import { createHash } from "node:crypto";
import { z } from "zod";

/** What happens to a write. Before: it never reached the API server. After: it took effect, and nobody was told. */
const writeFault = z.strictObject({
  write: z.string().describe("Its address, as address.ts makes it."),
  when: z.enum(["before", "after"]),
  action: z.discriminatedUnion("do", [
    z.strictObject({ do: z.literal("kill") }),
    z.strictObject({ do: z.literal("answer"), status: z.int(), retryAfterSeconds: z.int().optional() }),
    z.strictObject({ do: z.literal("drop") }),
    z.strictObject({ do: z.literal("delay"), milliseconds: z.int() }),
  ]),
});

/** What happens to one line of a watch, or with it to the watch. */
const watchFault = z.strictObject({
  watch: z.string().describe("Its address."),
  action: z.discriminatedUnion("do", [
    z.strictObject({ do: z.literal("hold"), milliseconds: z.int() }),
    z.strictObject({ do: z.enum(["duplicate", "swap", "garbage", "gone", "close", "halfOpen"]) }),
  ]),
});

/** So many of a hundred writes are answered with an error, half of them after they took effect; which, the seed says. */
const stormFault = z.strictObject({
  storm: z.int().min(1).max(100),
  seconds: z.number().describe("How long it lasts, from the first write on."),
  action: z.strictObject({ do: z.literal("answerAny") }),
});

const plan = z.strictObject({
  workload: z.string(),
  seed: z.int().default(0),
  faults: z.array(z.union([writeFault, watchFault, stormFault])),
});

export type WriteFault = z.output<typeof writeFault>;
export type WatchFault = z.output<typeof watchFault>;
export type StormFault = z.output<typeof stormFault>;

/** Everything needed to make the same thing happen again: a workload, and what befalls it. */
export type Plan = z.output<typeof plan>;

export function parsePlan(text: string): Plan {
  return plan.parse(JSON.parse(text));
}

export type Fault = Plan["faults"][number];

export function isWriteFault(fault: Fault): fault is WriteFault {
  return "write" in fault;
}

export function isWatchFault(fault: Fault): fault is WatchFault {
  return "watch" in fault;
}

export function isStorm(fault: Fault): fault is StormFault {
  return "storm" in fault;
}

/** In words, for people. */
export function wordsOf({ workload, faults }: Plan): string {
  const each = faults.map((fault) => {
    const { do: what, ...how } = fault.action;
    const details = Object.values(how).join(" ");
    const where = whereOf(fault);
    return [what, details, where].filter((word) => word !== "").join(" ");
  });
  return `${workload}: ${each.length === 0 ? "no fault" : each.join("; ")}`;
}

function whereOf(fault: Fault): string {
  if (isWriteFault(fault)) return `${fault.when} ${fault.write}`;
  return isStorm(fault) ? `${fault.storm} % of writes for ${fault.seconds} s` : `at ${fault.watch}`;
}

/** A number that is the same in every run, and has nothing to do with any other text's. */
export function lotOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

/** The same plans for the same seed, whatever else is among them: each plan is drawn by its own lot. */
export function sampleOf(plans: readonly Plan[], count: number, seed: number): Plan[] {
  return plans
    .map((one) => ({ one, lot: lotOf(`${seed} ${JSON.stringify(one)}`) }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, count)
    .map(({ one }) => one);
}
