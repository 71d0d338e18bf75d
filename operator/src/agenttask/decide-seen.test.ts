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

/** What the status says once the pod was seen, and its Job not yet. */
const after = (about = world({ pods: [pod(exited(0))], said: says({}) })): Partial<AgentTaskStatus> =>
  decided(task({}, { phase: "Running", podUID: "pod-1", attempt: 1 }), about, job()).status;
const GONE = world({ said: says({}) });

describe("a pod that was seen to end well", () => {
  it("is remembered in the status while its Job is not complete, and as long as that lasts", () => {
    const first = decided(task({}, { phase: "Running" }), world({ pods: [pod(exited(0))], said: says({}) }), job());
    expect([first.phase, first.by("Progressing")]).toEqual(["Running", "False PodSucceeded"]);
    const still = decided(task({}, after()), GONE, job());
    expect([still.phase, still.by("Progressing")]).toEqual(["Running", "False PodSucceeded"]);
    expect(still.status).toMatchObject({ podUID: "pod-1", attempt: 1 });
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
    expect(decided(task({}, before), GONE, job(complete(61))).by("Succeeded")).toBe("False PodLost");
  });
});
