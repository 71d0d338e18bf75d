import { parseAgentTask } from "@leanvibe/schema";
import { expect, test } from "vitest";
import { trimTask } from "./work.ts";

const KEPT = {
  name: "report",
  namespace: "tenant-acme",
  uid: "uid-1",
  resourceVersion: "7",
  generation: 2,
  creationTimestamp: "2026-11-26T05:00:00Z",
  deletionTimestamp: "2026-11-26T06:00:00Z",
};

test("of a task that is watched nothing is held that we do not read, however much stands in it [memory]", () => {
  const long = "x".repeat(250_000);
  const trimmed = trimTask({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: {
      ...KEPT,
      labels: { app: long },
      annotations: { note: long, "leanvibe.io/task-id": "task-1" },
      managedFields: [{ manager: long }],
    },
    spec: { title: long, description: long, desiredState: "Suspend", source: [long] },
    status: { phase: "Running" },
  });
  expect(trimmed).toEqual({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { ...KEPT, annotations: { "leanvibe.io/task-id": "task-1" } },
    spec: { title: "-", description: "-", desiredState: "Suspend" },
    status: { phase: "Running" },
  });
  expect(parseAgentTask(trimmed).ok).toBe(true);
});

test("of a task without annotations none are held", () => {
  const metadata = { name: "report" };
  const trimmed = trimTask({ apiVersion: "leanvibe.io/v1alpha1", kind: "AgentTask", metadata, spec: {} });
  expect(trimmed.metadata).toEqual(metadata);
});
