import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fault, lotOf, type Plan, parsePlan } from "./plan.ts";
import type { Baseline } from "./run.ts";

/** One plan for each of these faults. */
const each = (workload: string, faults: readonly Fault[]): Plan[] =>
  faults.map((fault) => ({ workload, seed: 0, faults: [fault] }));

const MOMENTS = ["before", "after"] as const;

/** The operator's death right before and right after every single write. */
function kills(workload: string, { writes }: Baseline): Plan[] {
  const action = { do: "kill" } as const;
  return each(
    workload,
    writes.flatMap((write) => MOMENTS.map((when): Fault => ({ write, when, action }))),
  );
}

const ANSWERS = [
  { do: "answer", status: 409 },
  { do: "answer", status: 429, retryAfterSeconds: 1 },
  { do: "answer", status: 500 },
  { do: "answer", status: 503 },
  { do: "answer", status: 504 },
  { do: "drop" },
  { do: "delay", milliseconds: 2_000 },
] as const;

/** Every write once refused, and once answered wrongly after it took effect; with what, its address says. */
function answers(workload: string, { writes }: Baseline): Plan[] {
  return each(
    workload,
    writes.flatMap((write) =>
      MOMENTS.map((when): Fault => ({ write, when, action: pick(ANSWERS, `${workload} ${when} ${write}`) })),
    ),
  );
}

const DISTORTIONS = [
  { do: "hold", milliseconds: 3_000 },
  { do: "duplicate" },
  { do: "swap" },
  { do: "garbage" },
  { do: "gone" },
  { do: "close" },
] as const;

/** Every line of every watch once held back, doubled, overtaken, spoilt or the watch's last. */
function watches(workload: string, { lines }: Baseline): Plan[] {
  return each(
    workload,
    lines.map((watch): Fault => ({ watch, action: pick(DISTORTIONS, `${workload} ${watch}`) })),
  );
}

/** One watch that falls silent without an end, which costs more than a minute each. */
function silences(workload: string, { lines }: Baseline): Plan[] {
  const watch = pick(lines, workload);
  return each(workload, [{ watch, action: { do: "halfOpen" } }]);
}

/** A fifth of all answers is wrong, for as long as the workload's changes take. */
function storms(workload: string): Plan[] {
  return [1, 2, 3, 4].map((seed) => ({
    workload,
    seed,
    faults: [{ storm: 20, seconds: 15, action: { do: "answerAny" } }],
  }));
}

const FOUND = fileURLToPath(new URL("plans/*.json", import.meta.url));

/** What once diverged and was mended. */
function found(workload: string): Plan[] {
  const plans = globSync(FOUND).map((file) => parsePlan(readFileSync(file, "utf8")));
  return plans.filter((one) => one.workload === workload);
}

function pick<T>(choices: readonly T[], text: string): T {
  const choice = choices[lotOf(text) % choices.length];
  if (choice === undefined) throw new Error(`nothing to choose from for ${text}`);
  return choice;
}

/** All families; each makes its plans from what a workload does without a fault. */
export const FAMILIES: Record<string, (workload: string, baseline: Baseline) => Plan[]> = {
  found,
  kills,
  answers,
  watches,
  silences,
  storms,
};

export function plansOf(baselines: ReadonlyMap<string, Baseline>, family: string): Plan[] {
  const make = FAMILIES[family];
  if (make === undefined) throw new Error(`no family ${family}; there are ${Object.keys(FAMILIES).join(", ")}`);
  return [...baselines].flatMap(([workload, baseline]) => make(workload, baseline));
}
