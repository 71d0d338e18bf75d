import { Cache, type KubeObject } from "@leanvibe/runtime";
import { API_VERSION, LABELS } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { BY_TASK, taskOf } from "./gather.ts";
import { Slots } from "./slots.ts";
import { ago, complete, decided, exited, job, NOW, object, pod, RESTING, says, task, world } from "./testing/cases.ts";
import { seedSlots, turnOf } from "./turns.ts";

/** For one at a time. */
const slotsForOne = () =>
  new Slots({
    limitOf: () => 1,
    slots: 10,
    starting: 10,
    grant: () => undefined,
    moved: () => undefined,
    begun: () => undefined,
    rested: () => undefined,
  });
const ENDED = world({ pods: [pod({ ...exited(0), phase: "Running" })], said: says({}) });
const over = (secondsAgo = 1, phase = "Succeeded") => task({}, { phase, completionTime: ago(secondsAgo) });
const KEY = "tenant-acme/over";

/** What another task hears once that of `KEY` was looked at. */
function nextAfter(slots: Slots, about: Parameters<typeof turnOf>[1]) {
  turnOf(KEY, about, slots, NOW.getTime());
  return turnOf("tenant-acme/next", { task: task(), world: world(), job: undefined }, slots, NOW.getTime());
}

describe("a task that has come to its end", () => {
  it("keeps its place until Kubernetes is through with its Job", () => {
    const slots = slotsForOne();
    expect(nextAfter(slots, { task: over(), world: ENDED, job: job() })).toEqual({ position: 1 });
    expect(nextAfter(slots, { task: over(), world: ENDED, job: job(complete()) })).toBe("granted");
  });

  it("keeps it no longer than half a minute: a node that is gone never says that a pod is", () => {
    const cancelled = { task: over(29, "Cancelled"), world: world({ pods: [pod()] }), job: job(RESTING) };
    expect(nextAfter(slotsForOne(), cancelled)).toEqual({ position: 1 });
    expect(nextAfter(slotsForOne(), { ...cancelled, task: over(30, "Cancelled") })).toBe("granted");
  });

  it("is looked at again then, if nothing is heard of it before", () => {
    expect(decided(over(10), ENDED, job()).requeueAfterSeconds).toBeCloseTo(20, 0);
    expect(decided(task(), ENDED, job()).requeueAfterSeconds).toBeCloseTo(30, 0);
    expect(decided(over(31), ENDED, job()).requeueAfterSeconds).toBeUndefined();
    expect(decided(over(), ENDED, job(complete())).requeueAfterSeconds).toBeUndefined();
    const due = task({ ttlSecondsAfterFinished: 15 }, { phase: "Succeeded", completionTime: ago(10) });
    expect(decided(due, ENDED, job()).requeueAfterSeconds).toBeCloseTo(5, 0);
  });

  it("has its place also after a restart of the operator", () => {
    const cacheOf = (...objects: KubeObject[]) => {
      const cache = new Cache({ [BY_TASK]: taskOf });
      for (const each of objects) cache.put(each);
      return { cache };
    };
    const namespace = "tenant-acme";
    const labels = { [LABELS.agentTask]: "over" };
    const slots = slotsForOne();
    seedSlots(
      {
        jobs: cacheOf({
          ...object,
          metadata: { ...object.metadata, namespace, labels, creationTimestamp: ago(9) },
          spec: {},
        }),
        tasks: cacheOf({ apiVersion: API_VERSION, kind: "AgentTask", metadata: { name: "over", namespace } }),
        namespaces: cacheOf({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: namespace, labels: { [LABELS.tenant]: "acme" } },
        }),
      },
      slots,
    );
    const next = { task: task(), world: world(), job: undefined };
    expect(turnOf("tenant-acme/next", next, slots, NOW.getTime())).toEqual({ position: 1 });
  });
});
