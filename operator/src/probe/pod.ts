import type { KubeObject } from "@leanvibe/runtime";
import { z } from "zod";
import type { Port } from "./manifests.ts";
import { type Attempt, connectionOf } from "./verdict.ts";

const containerStatus = z.object({
  name: z.string(),
  containerID: z.string().optional(),
  restartCount: z.int().default(0),
  state: z
    .object({
      waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
      running: z.object({}).optional(),
      terminated: z.object({ exitCode: z.int(), reason: z.string().default("") }).optional(),
    })
    .default({}),
});

const podSchema = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z
    .object({
      phase: z.string().default("Pending"),
      reason: z.string().default(""),
      podIP: z.string().optional(),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
        .default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});

/** A pod of the probe as far as the probe reads it. */
export type ProbePod = z.output<typeof podSchema>;

/** @throws ZodError for what is no pod. */
export function readPod(object: KubeObject): ProbePod {
  return podSchema.parse(object);
}

/**
 * kwok and its like say of a pod that it runs, without a container: there is no runtime that gave it an id. Whatever
 * such a pod seems to prove is made up.
 */
export function isSimulated({ status }: ProbePod): boolean {
  return status.containerStatuses.some(
    ({ state, containerID = "" }) => state.running !== undefined && containerID === "",
  );
}

/** The server's address once it listens on both ports, by the kubelet's word. */
export function servingAddress({ status }: ProbePod): string | undefined {
  const ready = status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True");
  return ready && status.phase === "Running" ? status.podIP : undefined;
}

/** What the client saw, once both of its containers have ended. */
export function attemptOf({ status }: ProbePod): Attempt | undefined {
  const seenBy = (port: Port) => {
    const { state, containerID = "" } = status.containerStatuses.find(({ name }) => name === port) ?? {};
    if (state?.terminated === undefined) return undefined;
    // An exit code of a container that no runtime knows is made up.
    return containerID === "" ? "unknown" : connectionOf(state.terminated.exitCode);
  };
  const [open, shut] = [seenBy("open"), seenBy("shut")];
  return open === undefined || shut === undefined ? undefined : { open, shut };
}

/** It is over, whatever it was to do. */
export function hasEnded({ status }: ProbePod): boolean {
  return status.phase === "Failed" || status.phase === "Succeeded";
}

/** Where the pod stands, in the words of whoever holds it up: the scheduler, the runtime, or nobody. */
export function situationOf({ status }: ProbePod): string {
  const unscheduled = status.conditions.find(({ type, status: value }) => type === "PodScheduled" && value === "False");
  if (unscheduled !== undefined) return `it cannot be scheduled: ${unscheduled.message}`;
  for (const { name, state } of status.containerStatuses) {
    if (state.waiting !== undefined) return `container ${name} waits: ${state.waiting.reason} ${state.waiting.message}`;
    if (state.terminated !== undefined)
      return `container ${name} ended: ${state.terminated.reason} (exit code ${state.terminated.exitCode})`;
  }
  return `it is ${status.phase}${status.reason === "" ? "" : ` (${status.reason})`}`;
}
