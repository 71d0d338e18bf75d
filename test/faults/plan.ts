import { createHash } from "node:crypto";
import { z } from "zod";

/** What another editor does to the object that was just written. */
export const EDITS = ["delete", "spec", "narrow", "labels", "foreign", "finalizer"] as const;

/** What happens to a write. Before: it never reached the API server. After: it took effect, and nobody was told. */
const writeFault = z.strictObject({
  write: z.string().describe("Its address, as address.ts makes it."),
  when: z.enum(["before", "after"]),
  action: z.discriminatedUnion("do", [
    z.strictObject({ do: z.literal("kill") }),
    z.strictObject({
      do: z.literal("stale"),
      back: z.int().min(1).describe("It is killed, and the next one first sees what stood so many writes before."),
    }),
    z.strictObject({ do: z.literal("pause"), seconds: z.number() }),
    z.strictObject({ do: z.literal("steal") }),
    z.strictObject({
      do: z.literal("edit"),
      edit: z.enum(EDITS),
      times: z.int().optional().describe("Again each time it is undone."),
    }),
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
    z.strictObject({ do: z.enum(["duplicate", "swap", "garbage", "gone", "close", "reset", "halfOpen"]) }),
  ]),
});

/** So many of a hundred writes are answered with an error, half of them after they took effect; which, the seed says. */
const stormFault = z.strictObject({
  storm: z.int().min(1).max(100),
  seconds: z.number().describe("How long it lasts, from the first write on."),
  action: z.strictObject({ do: z.literal("answerAny") }),
});

/** Every watch ends after so many seconds, again and again. */
const closingFault = z.strictObject({
  closing: z.number(),
  action: z.strictObject({ do: z.enum(["close", "reset"]) }),
});

const plan = z.strictObject({
  workload: z.string(),
  seed: z.int().default(0),
  standby: z.boolean().optional().describe("A second operator, for the same Lease."),
  faults: z.array(z.union([writeFault, watchFault, stormFault, closingFault])),
});

export type WriteFault = z.output<typeof writeFault>;
export type WatchFault = z.output<typeof watchFault>;
export type StormFault = z.output<typeof stormFault>;
export type ClosingFault = z.output<typeof closingFault>;
export type Edit = Extract<WriteFault["action"], { do: "edit" }>;

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

export function isClosing(fault: Fault): fault is ClosingFault {
  return "closing" in fault;
}

/** Does it take the Lease from who holds it? Then that one rightly ends. */
export function isDeposing({ action }: Fault): boolean {
  return action.do === "pause" || action.do === "steal";
}

/** Is an operator started in the midst of it? */
export function restarts({ standby, faults }: Plan): boolean {
  return standby === true || faults.some(({ action }) => action.do === "kill" || action.do === "stale");
}

/** In words, for people. */
export function wordsOf({ workload, standby, faults }: Plan): string {
  const each = faults.map((fault) => {
    const { do: what, ...how } = fault.action;
    const details = Object.values(how).join(" ");
    const where = whereOf(fault);
    return [what, details, where].filter((word) => word !== "").join(" ");
  });
  return `${workload}${standby === true ? ", two operators" : ""}: ${each.length === 0 ? "no fault" : each.join("; ")}`;
}

function whereOf(fault: Fault): string {
  if (isWriteFault(fault)) return `${fault.when} ${fault.write}`;
  if (isClosing(fault)) return `every watch each ${fault.closing} s`;
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
