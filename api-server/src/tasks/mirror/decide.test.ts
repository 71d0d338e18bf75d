import { type AgentTask, ANNOTATIONS, parseAgentTask } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import type { Task } from "../../db/generated/client.ts";
import { isAsAsked, isMadeFor, nextStep } from "./decide.ts";

const NOW = new Date("2026-11-26T05:00:00Z");

const rowOf = (more: Partial<Task> = {}): Task => ({
  tenantId: "t",
  id: "task-1",
  name: "report",
  namespace: "tenant-acme",
  objectUid: "uid-1",
  managedBy: "api",
  projectId: null,
  createdBy: null,
  retryOf: null,
  title: "Report",
  description: "D",
  priority: "medium",
  language: "typescript",
  model: null,
  requirements: {},
  spec: {},
  desired: "Run",
  phase: "Pending",
  stage: null,
  progress: 0,
  activity: null,
  attempt: 0,
  iterations: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  llmCalls: 0,
  usageEstimated: false,
  verification: null,
  verified: false,
  issues: [],
  reason: null,
  message: null,
  artifactSha256: null,
  artifactBytes: null,
  collectedAt: null,
  artifactError: null,
  clearedAt: null,
  goneAt: null,
  linesOfCode: null,
  complexity: null,
  truncated: [],
  createdAt: NOW,
  startedAt: null,
  endedAt: null,
  updatedAt: NOW,
  ...more,
});

function objectOf(status: object | undefined, spec: object = {}, metadata: object = {}): AgentTask {
  const parsed = parseAgentTask({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { name: "report", namespace: "tenant-acme", uid: "uid-1", ...metadata },
    spec: { title: "Report", description: "D", ...spec },
    ...(status === undefined ? {} : { status }),
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

const does = (row: Task | undefined, object: AgentTask | undefined) => nextStep(row, object)?.do;

describe("a task of the API", () => {
  test("is made, linked when it is there, and followed", () => {
    expect(does(rowOf({ objectUid: null }), undefined)).toBe("create object");
    expect(nextStep(rowOf({ objectUid: null }), objectOf(undefined))).toEqual({
      do: "change row",
      change: { objectUid: "uid-1" },
    });
    expect(does(rowOf(), objectOf(undefined))).toBeUndefined();
    const status = { phase: "Running", stage: "code", progress: 50, attempt: 1, activity: "a\0b" };
    expect(nextStep(rowOf(), objectOf(status))).toEqual({
      do: "change row",
      change: { phase: "Running", stage: "code", progress: 50, attempt: 1, activity: "a\uFFFDb" },
    });
  });

  test("that is cancelled before it was made is not made; later its object is cancelled, once", () => {
    expect(nextStep(rowOf({ objectUid: null, desired: "Cancel" }), undefined)).toMatchObject({
      do: "end row",
      phase: "Cancelled",
      isGone: false,
    });
    const running = rowOf({ desired: "Cancel", phase: "Running" });
    expect(does(running, objectOf({ phase: "Running" }))).toBe("cancel object");
    expect(does(running, objectOf({ phase: "Running" }, { desiredState: "Cancel" }))).toBeUndefined();
  });

  test("of which the object was deleted has come to an end, where it had not before", () => {
    expect(nextStep(rowOf({ phase: "Running" }), undefined)).toMatchObject({ do: "end row", isGone: true });
    expect(does(rowOf({ phase: "Succeeded" }), undefined)).toBe("settle row");
    expect(does(rowOf({ phase: "Succeeded", clearedAt: NOW }), undefined)).toBeUndefined();
  });
});

describe("what a task came to", () => {
  const ended = { phase: "Succeeded", progress: 100, artifact: { sha256: "a".repeat(64), sizeBytes: 5 } };
  const row = { phase: "Succeeded", progress: 100, artifactSha256: "a".repeat(64), artifactBytes: 5 };

  test("is collected, then said to be, then taken away, each once", () => {
    expect(does(rowOf(row), objectOf(ended))).toBe("collect");
    const collected = { ...row, collectedAt: NOW };
    expect(does(rowOf(collected), objectOf(ended))).toBe("say collected");
    const said = { ...ended, artifact: { ...ended.artifact, collectedAt: "2026-11-26T05:00:00Z" } };
    expect(does(rowOf(collected), objectOf(said))).toBe("clear");
    expect(does(rowOf({ ...collected, clearedAt: NOW }), objectOf(said))).toBeUndefined();
  });

  test("is not collected while it still works, whatever it says", () => {
    const running = { ...ended, phase: "Running" };
    expect(does(rowOf({ ...row, phase: "Running" }), objectOf(running))).toBeUndefined();
  });

  test("says what it took, and whether some of that was estimated", () => {
    const usage = { inputTokens: 10, outputTokens: 5, llmCalls: 2, estimated: true };
    expect(nextStep(rowOf({ phase: "Running" }), objectOf({ phase: "Running", usage }))).toEqual({
      do: "change row",
      change: { inputTokens: 10n, outputTokens: 5n, llmCalls: 2, usageEstimated: true },
    });
  });

  test("says why it failed", () => {
    const conditions = [
      {
        type: "Succeeded",
        status: "False",
        reason: "Stalled",
        message: "m",
        lastTransitionTime: "2026-11-26T05:00:00Z",
      },
    ];
    expect(nextStep(rowOf(), objectOf({ phase: "Failed", conditions, issues: ["i"] }))).toMatchObject({
      change: { phase: "Failed", reason: "Stalled", message: "m", issues: ["i"] },
    });
  });
});

describe("a task of kubectl's", () => {
  test("gets a row; suspended or cancelled there, the row follows; cancelled here, the object does", () => {
    expect(does(undefined, objectOf(undefined))).toBe("make row");
    const row = rowOf({ managedBy: "kubectl" });
    expect(nextStep(row, objectOf(undefined, { desiredState: "Suspend" }))).toMatchObject({
      change: { desired: "Suspend" },
    });
    expect(does(rowOf({ managedBy: "kubectl", desired: "Cancel" }), objectOf({ phase: "Running" }, {}))).toBe(
      "change row",
    );
    const known = rowOf({ managedBy: "kubectl", desired: "Cancel", phase: "Running" });
    expect(does(known, objectOf({ phase: "Running" }))).toBe("cancel object");
  });

  test("is no row's of the API's for what it writes into its annotations alone [forged]", () => {
    const forged = objectOf(undefined, {}, { uid: "uid-2", annotations: { [ANNOTATIONS.taskId]: "task-1" } });
    expect(isMadeFor(forged, rowOf())).toBe(false);
    expect(isMadeFor(forged, rowOf({ objectUid: null, managedBy: "kubectl" }))).toBe(false);
    expect(isMadeFor(forged, rowOf({ objectUid: null }))).toBe(true);
  });
});

describe("an object in the place of a row's", () => {
  const asked = {
    requirements: { features: ["a", "b"], deep: { z: 1, a: null } },
    spec: { source: [{ path: "a.ts", content: "1" }], limits: { maxTokens: 5_000 }, maxIterations: undefined },
  };
  const row = rowOf({ objectUid: null, ...plain(asked) });
  const spec = plain({ ...asked.spec, requirements: { deep: { a: null, z: 1 }, features: ["a", "b"] } });

  test("is its where it asks for the same, whatever was changed since of what may be", () => {
    expect(isAsAsked(objectOf(undefined, spec), row)).toBe(true);
    const later = { ...spec, desiredState: "Suspend", ttlSecondsAfterFinished: 5 };
    expect(isAsAsked(objectOf({ phase: "Running" }, later), row)).toBe(true);
    expect(isAsAsked(objectOf(undefined, { model: "other" }), rowOf({ model: "other" }))).toBe(true);
  });

  test.each([
    ["another description", { description: "Mine it." }],
    ["another title", { title: "Mine" }],
    ["a model", { model: "dear" }],
    ["more tokens", { limits: { maxTokens: 100_000_000 } }],
    ["no limit", { limits: undefined }],
    ["another source", { source: [{ path: "a.ts", content: "2" }] }],
    ["a case of its own", { acceptance: [{ name: "n", command: "node a.ts", expect: { stdout: "1" } }] }],
    ["more of the sandbox", { resources: { cpu: "4", memory: "8Gi" } }],
    ["other requirements", { requirements: { features: ["a"] } }],
    ["more iterations", { maxIterations: 10 }],
    ["another priority", { priority: "urgent" }],
    ["another language", { language: "python" }],
  ])("with %s is somebody else's [planted]", (_what, change) => {
    expect(isAsAsked(objectOf(undefined, plain({ ...spec, ...change })), row)).toBe(false);
  });
});

function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

test("nothing and nothing agree", () => {
  expect(nextStep(undefined, undefined)).toBeUndefined();
});
