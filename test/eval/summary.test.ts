import { describe, expect, test } from "vitest";
import type { Attempt } from "./record.ts";
import { figuresOf, isScripted, summaryOf } from "./summary.ts";
import { attempted } from "./testing.ts";

/** Agent and bare model: both, agent alone, bare alone, neither; of the four Succeeded one is wrong. */
const ATTEMPTS: readonly Attempt[] = [
  attempted("1", { solved: true, bareSolved: true }),
  attempted("2", { solved: true, bareSolved: false }),
  attempted("3", { solved: true, bareSolved: false }),
  attempted("4", { solved: false, bareSolved: true }),
  attempted("5", { solved: false, bareSolved: false, result: "Failed" }),
  attempted("6", { solved: true, bareSolved: false, result: "Failed" }),
];

describe("a summary", () => {
  test("counts what the agent solved and what the bare model alone did, by the hidden tests", () => {
    expect(figuresOf(ATTEMPTS)).toMatchObject({ problems: 6, solved: 4, bareSolved: 2, gained: 3, lost: 1 });
  });

  test("tells how many of those called Succeeded pass the hidden tests; what was solved and not called so is none of them", () => {
    expect(figuresOf(ATTEMPTS)).toMatchObject({ saidSucceeded: 4, rightlySucceeded: 3 });
    expect(summaryOf(ATTEMPTS)).toMatch(/of which hidden tests pass +3 of 4 \(75 %\)/);
  });

  test("names the model that answered and what a solved problem cost", () => {
    const text = summaryOf(ATTEMPTS);
    expect(text).toMatch(/^model +coder$/m);
    expect(text).toMatch(/^tokens +600 by the agent, 60 in one go$/m);
    expect(text).toMatch(/^tokens per solved problem +150 by the agent, 30 in one go$/m);
  });

  test("of several versions of the agent says that it mixes them", () => {
    expect(summaryOf(ATTEMPTS)).toMatch(/^version of the agent +v1 \(6\)$/m);
    const mixed = summaryOf([...ATTEMPTS, attempted("7", { agent: "v2" })]);
    expect(mixed).toMatch(/^version of the agent +v1 \(6\), v2 \(1\): these figures mix them$/m);
  });

  test("of a scripted model says that it is worth nothing", () => {
    const scripted = [attempted("1", { model: "scripted/right" })];
    expect(isScripted(figuresOf(scripted))).toBe(true);
    expect(summaryOf(scripted)).toContain("says nothing about any model");
    expect(summaryOf(ATTEMPTS)).not.toContain("says nothing about any model");
  });

  test("of nothing divides by nothing", () => {
    expect(summaryOf([])).toMatch(/solved by the agent +0 of 0$/m);
    expect(summaryOf([])).not.toContain("NaN");
  });
});
