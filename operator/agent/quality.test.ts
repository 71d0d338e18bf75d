import { expect, test } from "vitest";
import { type Measured, QUALITY_BAR, qualityScore, verificationOf } from "./quality.ts";

const tests = { total: 10, passed: 10, failed: 0 };

test.each<[string, Measured, number | undefined]>([
  ["nothing measured", {}, undefined],
  ["not one test", { checked: true, coverage: 100, tests: { total: 0, passed: 0, failed: 0 } }, undefined],
  ["green tests alone", { tests }, 100],
  ["all of it", { tests, checked: true, lintFindings: 0, coverage: 95, documented: { total: 3, named: 3 } }, 100],
  ["half the tests", { tests: { total: 10, passed: 5, failed: 5 } }, 50],
  ["half the coverage that is wanted", { tests, coverage: 45 }, 82],
  ["a linter that finds much", { tests, lintFindings: 50 }, 78],
  ["no acceptance case passed", { tests, acceptance: { total: 2, passed: 0, failed: ["a", "b"] } }, 54],
  ["an example of the README that fails", { tests, examples: { total: 2, passed: 1 } }, 89],
])("the score of %s", (_what, measured, score) => {
  expect(qualityScore(measured)).toBe(score);
});

test("work that is green needs one of a quiet linter, a README that names everything and examples that run", () => {
  const green: Measured = { tests, checked: true, coverage: 95 };
  const worst = { lintFindings: 9, documented: { total: 3, named: 0 }, examples: { total: 2, passed: 0 } };
  const best = { lintFindings: 0, documented: { total: 3, named: 3 }, examples: { total: 2, passed: 2 } };
  const score = (more: Measured) => qualityScore({ ...green, ...more }) ?? 0;
  expect(score(worst)).toBeLessThan(QUALITY_BAR);
  expect(score({ ...worst, acceptance: { total: 5, passed: 5, failed: [] } })).toBeLessThan(QUALITY_BAR);
  const { lintFindings, documented, examples } = best;
  for (const one of [{ lintFindings }, { documented }, { examples }]) {
    expect(score({ ...worst, ...one })).toBeGreaterThanOrEqual(QUALITY_BAR);
  }
});

test("what was not measured is not printed", () => {
  expect(verificationOf({})).toBeUndefined();
  expect(verificationOf({ checked: false })).toBeUndefined();
  expect(verificationOf({ tests })).toEqual({ testsTotal: 10, testsPassed: 10, testsFailed: 0, qualityScore: 100 });
});

test("of failed acceptance cases ten are named", () => {
  const failed = Array.from({ length: 30 }, (_, index) => `case ${index}`);
  const verification = verificationOf({ tests, acceptance: { total: 30, passed: 0, failed } });
  expect(verification?.acceptance).toMatchObject({ total: 30, passed: 0 });
  expect(verification?.acceptance?.failed).toHaveLength(10);
});
