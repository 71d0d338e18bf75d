import { AGENT_STAGE_NAMES, AGENT_STAGES } from "@leanvibe/schema";
import { expect, test } from "vitest";
import { lineOf, newsBetween, type Seen } from "./task-progress.ts";

const seen = (phase: string, more: Partial<Seen> = {}): Seen => ({
  phase,
  stage: null,
  progress: 0,
  attempt: 1,
  why: "",
  waits: "",
  ...more,
});

test("a clean run reads as the tutorial shows it, however rarely it was looked at", () => {
  const done = seen("Succeeded", { stage: "done", progress: 100 });
  expect(newsBetween(seen("Running"), done).map(lineOf)).toEqual([
    "🧠 [15%] Task analysis complete",
    "🏗️ [25%] Architecture designed",
    "💻 [50%] Code generated",
    "🧪 [65%] Tests created",
    "✅ [80%] Code validated",
    "📚 [90%] Documentation generated",
    "🎉 [100%] Task completed successfully",
  ]);
});

test("what ended otherwise says why, and no stage is told twice", () => {
  const coded = seen("Running", { stage: "code", progress: 50 });
  expect(newsBetween(coded, coded)).toEqual([]);
  const failed = { ...coded, phase: "Failed", why: "2 of 3 cases passed" };
  expect(newsBetween(coded, failed).map(lineOf)).toEqual(["❌ [50%] Failed: 2 of 3 cases passed"]);
});

test("another attempt begins again where it says", () => {
  const before = seen("Running", { stage: "tests", progress: 65 });
  const after = seen("Running", { stage: "analysis", progress: 15, attempt: 2 });
  expect(newsBetween(before, after).map(lineOf)).toEqual(["⏳ [15%] Attempt 2", "🧠 [15%] Task analysis complete"]);
});

test("what it waits for is told with its phase, and again when it changes", () => {
  const pending = seen("Pending", { waits: "The namespace is no Tenant's." });
  const queued = seen("Queued", { waits: "2. in the queue" });
  const running = seen("Running");
  const pulling = seen("Running", { waits: "Image x cannot be pulled." });
  expect(newsBetween(undefined, pending).map(lineOf)).toEqual(["⏳ [0%] Pending: The namespace is no Tenant's."]);
  expect(newsBetween(pending, queued).map(lineOf)).toEqual(["⏳ [0%] Queued: 2. in the queue"]);
  expect(newsBetween(queued, running).map(lineOf)).toEqual(["⏳ [0%] Running"]);
  expect(newsBetween(running, pulling).map(lineOf)).toEqual(["⏳ [0%] Running: Image x cannot be pulled."]);
  expect(newsBetween(pulling, running)).toEqual([]);
});

test("every stage but the last has a picture of its own", () => {
  const pictures = AGENT_STAGE_NAMES.filter((name) => name !== "done").map((stage) => {
    const { progress, text } = AGENT_STAGES[stage];
    return lineOf({ progress, message: text, phase: "Running", stage }).split(" ")[0];
  });
  expect(new Set(pictures).size).toBe(pictures.length);
  expect(pictures).not.toContain("⏳");
});
