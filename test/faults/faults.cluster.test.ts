import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUGS } from "./bugs.ts";
import { plansOf } from "./families.ts";
import { lotOf, sampleOf, wordsOf } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { openSuite, type Suite } from "./suite.ts";
import { WORKLOADS } from "./workloads.ts";

/** All of them, of all families and workloads: npm run faults -- --all. */
const SAMPLES = { kills: 8, answers: 4, watches: 4 };
const SEED = Number(process.env["LEANVIBE_FAULTS_SEED"] ?? 1);
const SLOTS = 4;

/** Those that the bugs show in, and of the others as many as there are slots left, by the seed. */
function workloads(): string[] {
  const needed = new Set(BUGS.map(({ plan }) => plan.workload));
  const others = Object.keys(WORKLOADS).filter((name) => !needed.has(name));
  const drawn = others.toSorted((a, b) => lotOf(`${SEED} ${a}`) - lotOf(`${SEED} ${b}`));
  return [...needed, ...drawn].slice(0, SLOTS);
}

let suite: Suite;
let proofs: Promise<Outcome[]>;

beforeAll(async () => {
  suite = await openSuite({ slots: SLOTS, workloads: workloads() });
}, 180_000);

afterAll(() => suite.close());

describe("a sample of fault plans ends as without a fault, and then is silent", () => {
  it.each(Object.entries(SAMPLES))("%s, %i of them", { timeout: 240_000 }, async (family, count) => {
    const outcomes = await suite.run(sampleOf(plansOf(suite.baselines, family), count, SEED));
    const diverged = outcomes.filter(({ divergences }) => divergences.length > 0);
    // The second line in a file is what `npm run faults -- --plan FILE` replays.
    const told = diverged.map(({ plan, divergences }) => [wordsOf(plan), JSON.stringify(plan), ...divergences]);
    expect(told).toEqual([]);
    expect(outcomes.some(({ reached }) => reached)).toBe(true);
  });
});

describe("an oracle that cannot fail is worth nothing: of deliberate bugs it sees", () => {
  it.each(BUGS.map((bug, index) => ({ ...bug, index })))("$name", { timeout: 180_000 }, async ({ index, seen }) => {
    // Side by side, all at the first one's turn.
    proofs ??= Promise.all(BUGS.map((bug) => suite.prove(bug)));
    const outcome = (await proofs)[index];
    expect(outcome?.divergences).toEqual(expect.arrayContaining([expect.stringMatching(seen)]));
  });
});
