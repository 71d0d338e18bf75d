import type { AgentTaskStatus } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import {
  ago,
  complete,
  container,
  decided,
  exited,
  failed,
  job,
  pod,
  said,
  says,
  task,
  world,
} from "./testing/cases.ts";

/** What the status says once the pod was seen to end, and what it reported last was not. */
const after = (about = world({ pods: [pod(exited(0))], said: said() })): Partial<AgentTaskStatus> =>
  decided(task({}, { phase: "Running", podUID: "pod-1", attempt: 1 }), about, job()).status;
const GONE = world({ said: says({}) });

describe("a pod that was seen to end well", () => {
  it("is remembered in the status while its last word is not seen, and as long as that lasts", () => {
    const about = world({ pods: [pod(exited(0))], said: said() });
    const first = decided(task({}, { phase: "Running" }), about, job());
    expect([first.phase, first.by("Progressing")]).toEqual(["Running", "False PodSucceeded"]);
    const still = decided(task({}, after()), world({ said: said() }), job());
    expect([still.phase, still.by("Progressing")]).toEqual(["Running", "False PodSucceeded"]);
    expect(still.status).toMatchObject({ podUID: "pod-1", attempt: 1 });
  });

  it("ends the task as soon as its last word is seen, before Kubernetes has said anything of its Job", () => {
    for (const phase of ["Running", "Succeeded"]) {
      const about = world({ pods: [pod({ ...exited(0), phase })], said: says({}) });
      const { status, by } = decided(task({}, { phase: "Running" }), about, job());
      expect([status["phase"], by("Succeeded")]).toEqual(["Succeeded", "True Completed"]);
    }
    expect(decided(task({}, after()), GONE, job()).by("Succeeded")).toBe("True Completed");
  });

  it("leaves its Job to Kubernetes then, unless that goes on with another pod", () => {
    const over = task({}, decided(task(), world({ pods: [pod(exited(0))], said: says({}) }), job()).status);
    const ended = pod({ ...exited(0), phase: "Running" });
    const patchesWith = (pods: ReturnType<typeof pod>[]) =>
      decided(over, world({ pods, said: says({}) }), job()).patches;
    expect(patchesWith([ended])).toEqual([]);
    const toRest = [{ patch: expect.objectContaining({ spec: { suspend: true } }) }];
    expect(patchesWith([ended, pod({ uid: "pod-2" })])).toEqual(toRest);
    // It was taken away before it was counted, and another is about to be made.
    expect(patchesWith([])).toEqual(toRest);
  });

  it("counts when it is gone before its Job is seen to be complete", () => {
    const { phase, by } = decided(task({}, after()), GONE, job(complete()));
    expect([phase, by("Succeeded")]).toEqual(["Succeeded", "True Completed"]);
  });

  it("makes no success by itself, nor with a report that another pod wrote, nor against its Job", () => {
    const others = world({ said: says({}, { podUID: "pod-0" }) });
    for (const about of [world(), others, world({ said: said() })]) {
      const { phase, by } = decided(task({}, after()), about, job(complete()));
      expect([phase, by("Succeeded")]).toEqual(["Failed", "False NoReport"]);
    }
    expect(decided(task({}, after()), GONE, job(failed("BackoffLimitExceeded"))).phase).toBe("Failed");
  });

  it("is forgotten when another one works", () => {
    const next = world({ pods: [pod({ uid: "pod-2", createdAt: ago(5) })], said: says({}) });
    const { status, by } = decided(task({}, after()), next, job());
    expect([status["podUID"], by("Progressing")]).toEqual(["pod-2", "True AgentWorking"]);
    expect(decided(task({}, status), world({ said: says({}) }), job(complete(61))).by("Succeeded")).toBe(
      "False PodLost",
    );
  });

  it.each([
    ["that crashed", pod(exited(1))],
    ["that still runs", pod()],
    [
      "that was never run by anybody",
      pod({ ...exited(0), containers: [container({ id: "", isRunning: false, ended: { exitCode: 0, reason: "" } })] }),
    ],
  ])("[is none %s, whatever its report says]", (_what, seen) => {
    const before = after(world({ pods: [seen], said: says({}) }));
    expect(before.phase).toBe("Running");
    expect(decided(task({}, before), GONE, job(complete(61))).by("Succeeded")).toBe("False PodLost");
  });
});
