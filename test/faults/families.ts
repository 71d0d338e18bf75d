import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { objectOf } from "./address.ts";
import { editsOf } from "./editors.ts";
import { type Edit, type Fault, lotOf, type Plan, parsePlan } from "./plan.ts";
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
  { do: "reset" },
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

/** Every watch ends each second, politely or not, for the whole of the workload. */
function closing(workload: string): Plan[] {
  return each(
    workload,
    (["close", "reset"] as const).map((how): Fault => ({ closing: 1, action: { do: how } })),
  );
}

/**
 * Killed after every other write, and the next one first sees what stood a little earlier, half of it, or nothing yet.
 */
function stale(workload: string, { writes }: Baseline): Plan[] {
  const faults = writes.flatMap((write, index): Fault[] => {
    const backs = [1, Math.ceil((index + 1) / 2), index + 1];
    const back = pick(backs, `${workload} ${write}`);
    return index % 2 === 0 ? [{ write, when: "after", action: { do: "stale", back } }] : [];
  });
  return each(workload, faults);
}

const LED = new Set(["create", "suspend", "family", "delete"]);
const SEIZURES = [{ do: "pause", seconds: 8 }, { do: "steal" }, { do: "kill" }] as const;

/** One works and another stands by: at every fourth write the one is stopped, robbed of its Lease, or killed. */
function leaders(workload: string, { writes }: Baseline): Plan[] {
  if (!LED.has(workload)) return [];
  return writes
    .filter((_, index) => index % 4 === 0)
    .flatMap((write) =>
      SEIZURES.map((action): Plan => {
        const when = pick(MOMENTS, `${workload} ${action.do} ${write}`);
        return { workload, seed: 0, standby: true, faults: [{ write, when, action }] };
      }),
    );
}

/** What is made once more is not what is deleted with a namespace: only where nothing of others' lay in it. */
const WITHOUT_WORK = "create";
/** Children of the workload that are fought about. */
const FOUGHT = ["LimitRange", "RoleBinding", "ResourceQuota"];

/** After the first write of each object another editor does something to it: where there is little else, all there is. */
function editors(workload: string, { writes }: Baseline): Plan[] {
  const firsts = [
    ...new Map(
      writes
        .filter(isSending)
        .map((write) => [objectOf(write), write] as const)
        .toReversed(),
    ),
  ];
  const after = (write: string, action: Edit): Fault => ({ write, when: "after", action });
  const once = firsts.flatMap(([object, write]) => {
    const kind = object.split(" ")[0] ?? "";
    const edits = editsOf(kind).filter(
      (edit) => edit !== "delete" || kind !== "Namespace" || workload === WITHOUT_WORK,
    );
    if (edits.length === 0) return [];
    const chosen = workload === WITHOUT_WORK ? edits : [pick(edits, `${workload} ${write}`)];
    return chosen.map((edit) => after(write, { do: "edit", edit }));
  });
  const insisting = FOUGHT.flatMap((kind) =>
    firsts.filter(([object]) => object.startsWith(`${kind} `)).slice(0, 1),
  ).map(([, write]) => after(write, { do: "edit", edit: "spec", times: 5 }));
  return each(workload, workload === WITHOUT_WORK ? [...once, ...insisting] : once);
}

/** Does it make an object, or say what one should be? */
function isSending(write: string): boolean {
  return /^(POST|APPLY|MERGE) (?!Event )/.test(write) && !write.includes("/status ");
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
  closing,
  stale,
  leaders,
  editors,
};

export function plansOf(baselines: ReadonlyMap<string, Baseline>, family: string): Plan[] {
  const make = FAMILIES[family];
  if (make === undefined) throw new Error(`no family ${family}; there are ${Object.keys(FAMILIES).join(", ")}`);
  return [...baselines].flatMap(([workload, baseline]) => make(workload, baseline));
}
