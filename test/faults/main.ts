import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import setUp from "../harness/set-up.ts";
import { type Chosen, campaign } from "./campaign.ts";
import { FAMILIES, plansOf } from "./families.ts";
import { Finished } from "./finished.ts";
import { parsePlan, sampleOf } from "./plan.ts";
import { findingsText, plansText, verdictOf, writeResults } from "./results.ts";
import { openSuite, type Suite } from "./suite.ts";
import { TRIALS } from "./trials/index.ts";
import { WORKLOADS } from "./workloads.ts";

const trialLines = Object.entries(TRIALS).map(
  ([name, { unit, about, size }]) =>
    `                  ${`[--${name} ${unit}]`.padEnd(24)} ${about}; ${size} where none is given`,
);

const USAGE = `npm run faults -- --plan FILE              replays that plan, and nothing else
npm run faults -- --all                    every plan of every family, then every trial; results in test/faults/RESULTS.md
                  [--resume FILE]          goes on where a run with that file ended, and tries again what did not hold
npm run faults -- --sample N [--seed S]    N plans of each family, the same for the same S
                  [--family NAME,...]      only of ${Object.keys(FAMILIES).join(", ")}
                  [--workload NAME]        only ${Object.keys(WORKLOADS).join(", ")}
                  [--slots N]              operators side by side, 5 unless said otherwise
npm run faults --                          one trial, in a cluster of its own:
${trialLines.join("\n")}
With --keep the results of a sample or of a smaller trial are written to RESULTS.md too.
`;

const TEXT = { type: "string" } as const;

const { values: options } = parseArgs({
  args: withSizes(process.argv.slice(2)),
  options: {
    plan: TEXT,
    all: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    resume: TEXT,
    sample: TEXT,
    seed: { type: "string", default: "1" },
    family: TEXT,
    workload: TEXT,
    slots: { type: "string", default: "5" },
    poison: TEXT,
    quiet: TEXT,
    storm: TEXT,
    outages: TEXT,
  },
});

/** All there is, and not all of some family or workload. */
const whole = options.all && options.family === undefined && options.workload === undefined;

/** A trial named without a size gets its own. */
function withSizes(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const trial = word.startsWith("--") ? TRIALS[word.slice(2)] : undefined;
    const next = words[index + 1];
    return trial !== undefined && (next === undefined || next.startsWith("--")) ? [word, String(trial.size)] : [word];
  });
}

/** In an order of lots, so that what is alike does not come all at once. */
function chosen({ baselines }: Suite): Chosen {
  if (options.plan !== undefined) {
    const plans = [parsePlan(readFileSync(options.plan, "utf8"))];
    return new Map([["replayed", { plans, of: 1 }]]);
  }
  const wanted = options.family?.split(",");
  const families = Object.keys(FAMILIES).filter((family) => wanted?.includes(family) ?? true);
  return new Map(
    families.map((family) => {
      const all = plansOf(baselines, family);
      const plans = sampleOf(all, Number(options.sample ?? all.length), Number(options.seed));
      return [family, { plans, of: all.length }];
    }),
  );
}

const say = (text: string) => void process.stdout.write(`  … ${text}\n`);

/** @returns whether all held. */
async function runPlans(finished: Finished): Promise<boolean> {
  const only = options.plan === undefined ? options.workload : parsePlan(readFileSync(options.plan, "utf8")).workload;
  const slots = options.plan === undefined ? Number(options.slots) : 1;
  const begun = performance.now();
  const suite = await openSuite({ slots, ...(only === undefined ? {} : { workloads: [only] }) });
  const seconds = Math.round((performance.now() - begun) / 1000);
  const sizes = [...suite.baselines].map(([name, { writes }]) => `${name} ${writes.length} writes`).join(", ");
  process.stdout.write(`recorded without a fault in ${seconds} s: ${sizes}\n`);
  try {
    const report = await campaign(suite, chosen(suite), { slots, finished });
    if (whole || options.keep) writeResults("Plans", plansText(report));
    return [...report.families.values()].every(({ outcomes }) =>
      outcomes.every((one) => verdictOf(one) !== "diverged"),
    );
  } finally {
    await suite.close();
  }
}

/** @returns whether every figure held. */
async function runTrial(name: string, size: number, finished: Finished): Promise<boolean> {
  const trial = TRIALS[name];
  if (trial === undefined) throw new Error(`no trial ${name}`);
  const begun = performance.now();
  const sized = `${name} ${size}`;
  const known = finished.trial(sized);
  const findings = known?.findings ?? (await trial.run(size, say));
  const minutes = known?.minutes ?? (performance.now() - begun) / 60_000;
  if (known === undefined) finished.tried(sized, findings, minutes);
  for (const { what, value, bar, holds } of findings)
    process.stdout.write(`${holds ? "holds" : "FAILS"}  ${what}: ${value} (bar: ${bar})\n`);
  if (options.keep || size === trial.size) writeResults(`Trial: ${sized}`, findingsText(findings, minutes));
  return findings.every(({ holds }) => holds);
}

/** Each in a cluster of its own. */
async function inCluster(work: () => Promise<boolean>): Promise<boolean> {
  const tearDown = await setUp();
  try {
    return await work();
  } finally {
    await tearDown();
  }
}

async function main(): Promise<number> {
  const trials = Object.entries(TRIALS).flatMap(([name, { size }]): [string, number][] => {
    const asked =
      name in options ? Number(Object.entries(options).find(([option]) => option === name)?.[1]) : undefined;
    return asked === undefined ? (whole ? [[name, size]] : []) : [[name, asked]];
  });
  const plans = options.plan !== undefined || options.all || options.sample !== undefined;
  if (!plans && trials.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const finished = new Finished(options.resume);
  if (finished.size > 0) process.stdout.write(`${finished.size} plans and trials held before\n`);
  let held = true;
  if (plans) held = await inCluster(() => runPlans(finished));
  for (const [name, size] of trials) {
    const work = () => runTrial(name, size, finished);
    held = (await (TRIALS[name]?.own === true ? work() : inCluster(work))) && held;
  }
  return held ? 0 : 1;
}

process.exitCode = await main();
