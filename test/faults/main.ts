import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import setUp from "../harness/set-up.ts";
import { FAMILIES, plansOf } from "./families.ts";
import { type Plan, parsePlan, sampleOf, wordsOf } from "./plan.ts";
import { type Report, verdictOf, writeResults } from "./results.ts";
import type { Outcome } from "./run.ts";
import { openSuite, type Suite } from "./suite.ts";
import { WORKLOADS } from "./workloads.ts";

const USAGE = `npm run faults -- --plan FILE              replays that plan, and nothing else
npm run faults -- --all                    every plan of every family; results in test/faults/RESULTS.md
npm run faults -- --sample N [--seed S]    N plans of each family, the same for the same S
                  [--family NAME]          only ${Object.keys(FAMILIES).join(", ")}
                  [--workload NAME]        only ${Object.keys(WORKLOADS).join(", ")}
                  [--keep]                 writes the sample's results there too
                  [--slots N]              operators side by side, 5 unless said otherwise
`;

const { values: options } = parseArgs({
  options: {
    plan: { type: "string" },
    all: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    family: { type: "string" },
    workload: { type: "string" },
    slots: { type: "string", default: "5" },
  },
});

/** By family, with how many there are. In an order of lots, so that what is alike does not come all at once. */
function chosen({ baselines }: Suite): Map<string, { plans: Plan[]; of: number }> {
  if (options.plan !== undefined) {
    const plans = [parsePlan(readFileSync(options.plan, "utf8"))];
    return new Map([["replayed", { plans, of: 1 }]]);
  }
  const families = Object.keys(FAMILIES).filter((family) => family === (options.family ?? family));
  return new Map(
    families.map((family) => {
      const all = plansOf(baselines, family);
      const plans = sampleOf(all, Number(options.sample ?? all.length), Number(options.seed));
      return [family, { plans, of: all.length }];
    }),
  );
}

function tell(outcome: Outcome): void {
  const { plan, convergedSeconds, seconds, divergences } = outcome;
  const times = `${seconds.toFixed(1)} s, converged after ${convergedSeconds.toFixed(1)} s`;
  process.stdout.write(`${verdictOf(outcome)}  ${wordsOf(plan)}  (${times})\n`);
  if (divergences.length === 0) return;
  for (const divergence of divergences) process.stdout.write(`    ${divergence}\n`);
  process.stdout.write(`    replay: ${JSON.stringify(plan)}\n`);
}

async function runAll(suite: Suite, slots: number): Promise<number> {
  const begun = performance.now();
  const families: Report["families"] = new Map();
  for (const [family, { plans, of }] of chosen(suite)) {
    const since = performance.now();
    const outcomes = await suite.run(plans, tell);
    families.set(family, { outcomes, of });
    const count = (verdict: string) => outcomes.filter((one) => verdictOf(one) === verdict).length;
    const each = ((performance.now() - since) / 1000 / Math.max(1, plans.length)).toFixed(1);
    process.stdout.write(
      `${family}: ${plans.length} of ${of} plans, ${count("held")} held, ${count("diverged")} diverged, ${count("not reached")} not reached; ${each} s a plan, ${slots} at once\n`,
    );
  }
  const whole = options.all && options.family === undefined && options.workload === undefined;
  if (whole || options.keep) writeResults({ slots, minutes: (performance.now() - begun) / 60_000, families });
  return [...families.values()].flatMap(({ outcomes }) => outcomes).some((one) => verdictOf(one) === "diverged")
    ? 1
    : 0;
}

async function main(): Promise<number> {
  if (options.plan === undefined && !options.all && options.sample === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const only = options.plan === undefined ? options.workload : parsePlan(readFileSync(options.plan, "utf8")).workload;
  const slots = options.plan === undefined ? Number(options.slots) : 1;
  const tearDown = await setUp();
  try {
    const begun = performance.now();
    const suite = await openSuite({ slots, ...(only === undefined ? {} : { workloads: [only] }) });
    const seconds = Math.round((performance.now() - begun) / 1000);
    const sizes = [...suite.baselines].map(([name, { writes }]) => `${name} ${writes.length} writes`).join(", ");
    process.stdout.write(`recorded without a fault in ${seconds} s: ${sizes}\n`);
    try {
      return await runAll(suite, slots);
    } finally {
      await suite.close();
    }
  } finally {
    await tearDown();
  }
}

process.exitCode = await main();
