import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUGS } from "./bugs.ts";
import { plansOf } from "./families.ts";
import { sampleOf, wordsOf } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { openSuite, type Suite } from "./suite.ts";

/** All of them, and the other families: npm run faults -- --all. */
const SAMPLES = { kills: 12, answers: 6, watches: 6 };
const SEED = Number(process.env["LEANVIBE_FAULTS_SEED"] ?? 1);
const SLOTS = 5;

let suite: Suite;
let proofs: Promise<Outcome>[];

beforeAll(async () => {
  suite = await openSuite({ slots: SLOTS });
}, 180_000);

afterAll(() => suite.close());

describe("a sample of fault plans", () => {
  it.each(Object.entries(SAMPLES))(
    "of the family %s: %i end as without the fault, and then in silence",
    {
      timeout: 240_000,
    },
    async (family, count) => {
      proofs ??= BUGS.map((bug) => suite.prove(bug));
      const outcomes = await suite.run(sampleOf(plansOf(suite.baselines, family), count, SEED));
      const diverged = outcomes.filter(({ divergences }) => divergences.length > 0);
      // With its file's text a person replays it: npm run faults -- --plan FILE.
      const told = diverged.map(({ plan, divergences }) => [wordsOf(plan), JSON.stringify(plan), ...divergences]);
      expect(told).toEqual([]);
      expect(outcomes.some(({ reached }) => reached)).toBe(true);
    },
  );
});

describe("the oracles see", () => {
  it.each(BUGS.map((bug, index) => ({ ...bug, index })))("$name", { timeout: 120_000 }, async ({ index, seen }) => {
    const outcome = await proofs[index];
    expect(outcome?.divergences).toEqual(expect.arrayContaining([expect.stringMatching(seen)]));
  });
});
