import { describe, expect, test } from "vitest";
import { happenings, PHASES, queuePosition, type Standing } from "./words.ts";

const at = (phase: Standing["phase"], more: Partial<Standing> = {}): Standing => ({
  phase,
  stage: null,
  progress: 0,
  attempt: 0,
  message: null,
  ...more,
});

const told = (before: Standing | undefined, after: Standing) =>
  happenings(before, after).map(({ progress, message }) => `[${progress}%] ${message}`);

describe("what a watcher is told", () => {
  test("is every stage of a clean run, also of those that nobody looked at in between", () => {
    const running = at("Running", { attempt: 1 });
    expect(told(undefined, at("Pending"))).toEqual(["[0%] Task accepted"]);
    expect(told(at("Pending"), running)).toEqual(["[0%] An agent is at work"]);
    expect(told(running, { ...running, stage: "analysis", progress: 15 })).toEqual(["[15%] Task analysis complete"]);
    const done = at("Succeeded", { attempt: 1, stage: "done", progress: 100 });
    expect(told({ ...running, stage: "architecture", progress: 25 }, done)).toEqual([
      "[50%] Code generated",
      "[65%] Tests created",
      "[80%] Code validated",
      "[90%] Documentation generated",
      "[100%] Task completed successfully",
    ]);
  });

  test("is an end that says why, and no success that the operator did not see", () => {
    const claimed = at("Running", { attempt: 1, stage: "done", progress: 100 });
    expect(told(at("Running", { attempt: 1, stage: "documentation", progress: 90 }), claimed)).toEqual([]);
    expect(told(claimed, { ...claimed, phase: "Failed", message: "2 of 3 cases passed" })).toEqual([
      "[100%] Task failed: 2 of 3 cases passed",
    ]);
  });

  test("is that another pod goes on, and from where", () => {
    const before = at("Running", { attempt: 1, stage: "tests", progress: 65 });
    expect(told(before, at("Running", { attempt: 2, stage: "analysis", progress: 15 }))).toEqual([
      "[15%] Attempt 2 begins: another pod goes on",
      "[15%] Task analysis complete",
    ]);
  });

  test("is nothing where nothing changed that they see", () => {
    const same = at("Running", { attempt: 1, stage: "tests", progress: 65 });
    expect(told(same, { ...same, message: "anything" })).toEqual([]);
  });
});

test("every phase has a status, and only Succeeded is completed", () => {
  const completed = Object.entries(PHASES).filter(([, { status }]) => status === "completed");
  expect(completed.map(([phase]) => phase)).toEqual(["Succeeded"]);
});

test.each([
  [1, 0, 1, null],
  [2, 0, 1, 1],
  [1, 1, 1, 1],
  [7, 5, 5, 7],
  [3, 3, 5, 1],
  [1, 9, 5, 1],
])("place %i while %i of %j run is position %j", (place, running, concurrent, position) => {
  expect(queuePosition(place, running, concurrent)).toBe(position);
});
