import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUGS } from "./bugs.ts";
import { plansOf } from "./families.ts";
import { lotOf, sampleOf, wordsOf } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { openSuite, type Suite } from "./suite.ts";
import { WORKLOADS } from "./workloads.ts";

/** All of them, of all families and workloads: npm run faults -- --all. */
const SAMPLES = { kills: 5, answers: 3, watches: 3, closing: 1, stale: 2, leaders: 2, editors: 4 };
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
let outcomes: Promise<Outcome[]>;
let proofs: Promise<Outcome[]>;

beforeAll(async () => {
  suite = await openSuite({ slots: SLOTS, workloads: workloads() });
  const drawn = ([family, count]: [string, number]) => sampleOf(plansOf(suite.baselines, family), count, SEED);
  // All side by side: mostly one waits, for a Lease to run out, for a namespace to go, for silence.
  outcomes = suite.run(Object.entries(SAMPLES).flatMap(drawn));
  proofs = Promise.all(BUGS.map((bug) => suite.prove(bug)));
}, 180_000);

afterAll(() => suite.close());

describe("a sample of fault plans", () => {
  it("ends as without a fault, each of them, and then in silence", { timeout: 300_000 }, async () => {
    const diverged = (await outcomes).filter(({ divergences }) => divergences.length > 0);
    // The second line in a file is what `npm run faults -- --plan FILE` replays.
    const told = diverged.map(({ plan, divergences }) => [wordsOf(plan), JSON.stringify(plan), ...divergences]);
    expect(told).toEqual([]);
    expect((await outcomes).filter(({ reached }) => reached).length).toBeGreaterThan(0);
  });
});

describe("an oracle that cannot fail is worth nothing: of deliberate bugs it sees", () => {
  it.each(BUGS.map((bug, index) => ({ ...bug, index })))("$name", { timeout: 180_000 }, async ({ index, seen }) => {
    const outcome = (await proofs)[index];
    expect(outcome?.divergences).toEqual(expect.arrayContaining([expect.stringMatching(seen)]));
  });
});
