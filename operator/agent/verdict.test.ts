import { expect, test } from "vitest";
import type { Finding } from "./phases/validation.ts";
import { PROFILES, type Profile } from "./phases/work.ts";
import { newState } from "./state.ts";
import { TASK } from "./testing/task.ts";
import { failedOutcome, rankOf } from "./verdict.ts";

const STATE = { ...newState({ ...TASK, maxIterations: 3 }, PROFILES.project), iterations: 2 };
const CIRCLE = "the same error came 3 times";

test.each<[string, Finding["kind"][], string | undefined, string]>([
  ["memory that is never enough", ["memory"], CIRCLE, "SandboxOOMKilled"],
  ["memory that is never enough, beside other faults", ["quality", "memory"], CIRCLE, "SandboxOOMKilled"],
  ["memory that was not enough in the end", ["memory"], undefined, "SandboxOOMKilled"],
  ["tests that fail on and on", ["tests"], CIRCLE, "Stalled"],
  ["tests that fail in the end", ["tests"], undefined, "IterationsExhausted"],
])("%s is told by the word that says what to do", (_what, kinds, stalled, reason) => {
  const findings = kinds.map((kind) => ({ kind, text: kind }));
  const outcome = failedOutcome(findings, STATE, stalled);
  expect(outcome).toMatchObject({ result: "Failed", reason, issues: kinds });
  expect(outcome.message).toBe(`${stalled ?? "it still fails"}${stalled ? "," : ""} after 2 of 3 corrections`);
});

test("of a single function the calls that a model made up count for all or nothing, of a project each test counts", () => {
  const fails = (failed: number, kind: Finding["kind"], profile: Profile) =>
    rankOf([{ kind, text: "" }], { tests: { total: 6, passed: 6 - failed, failed } }, profile);
  expect(fails(1, "tests", PROFILES.function)).toBe(fails(5, "tests", PROFILES.function));
  expect(fails(1, "examples", PROFILES.function)).toBeLessThan(fails(5, "examples", PROFILES.function));
  expect(fails(1, "tests", PROFILES.project)).toBeLessThan(fails(5, "tests", PROFILES.project));
  expect(rankOf([], {}, PROFILES.function)).toBe(0);
});
