import { describe, expect, it } from "vitest";
import { ago, complete, decided, exited, job, NOW, pod, RESTING, said, says, task, world } from "./testing/cases.ts";
import type { Job } from "./world.ts";

describe("a task that was asked to stop", () => {
  const stopping = (seconds: number) => ({
    phase: "Running",
    conditions: [
      { type: "Progressing", status: "Unknown", reason: "Cancelling", message: "", lastTransitionTime: ago(seconds) },
    ],
  });

  it("and cancelled is Cancelled when its pods are gone, or after nine seconds whatever becomes of them", () => {
    const cancel = { desiredState: "Cancel" };
    const gone = decided(task(cancel, stopping(1)), world({ pods: [pod(exited(143))] }), job(RESTING));
    expect(gone.phase).toBe("Cancelled");
    const still = decided(task(cancel, stopping(8)), world({ pods: [pod({ isGoing: true })] }), job(RESTING));
    expect([still.phase, still.requeueAfterSeconds]).toEqual(["Running", 1]);
    const late = decided(
      task(cancel, stopping(9)),
      world({ pods: [pod({ isGoing: true })] }),
      job({ suspended: true }),
    );
    expect(late.phase).toBe("Cancelled");
  });

  it("keeps what its agent saved last", () => {
    const about = world({ pods: [pod(exited(143))], said: said({ progress: 65, stage: "tests" }) });
    const before = { ...stopping(1), attempt: 1, podUID: "pod-1", progress: 50 };
    const { status } = decided(task({ desiredState: "Cancel" }, before), about, job(RESTING));
    expect(status).toMatchObject({ phase: "Cancelled", progress: 65, stage: "tests" });
  });

  it("and suspended is so when its pods are gone, and runs again when it is its turn", () => {
    const suspend = { desiredState: "Suspend" };
    expect(decided(task(suspend, stopping(1)), world({ pods: [pod()] }), job({ suspended: true })).phase).toBe(
      "Running",
    );
    expect(decided(task(suspend, stopping(1)), world(), job(RESTING)).phase).toBe("Suspended");
    const queued = decided(task({}, { phase: "Suspended" }), world({ turn: { position: 1 } }), job(RESTING));
    expect([queued.phase, queued.patches]).toEqual(["Queued", []]);
    const again = decided(task({}, { phase: "Suspended" }), world(), job(RESTING));
    expect(again.patches).toEqual([{ patch: { spec: { suspend: false } } }]);
  });

  it.each<[string, Partial<Job>, number | undefined]>([
    ["is what the work before took less", { deadlineSeconds: 100, startedAt: Date.parse(ago(30)) }, 70],
    [
      "counts each begun second, however often it is told to rest",
      { deadlineSeconds: 70, startedAt: NOW.getTime() - 1 },
      69,
    ],
    ["is never nothing, which would be no bound", { deadlineSeconds: 10, startedAt: Date.parse(ago(30)) }, 1],
    ["is all of it where nobody began", { deadlineSeconds: 100, startedAt: undefined }, undefined],
    [
      "is not counted from the time before it rested",
      { deadlineSeconds: 70, startedAt: Date.parse(ago(999)), resting: true },
      undefined,
    ],
  ])("and suspended takes along what is left of its time, which %s", (_what, of, seconds) => {
    const { patches } = decided(task({ desiredState: "Suspend" }), world({ pods: [pod()] }), job(of));
    const left = seconds === undefined ? {} : { activeDeadlineSeconds: seconds };
    expect(patches).toEqual([{ patch: { spec: { suspend: true, ...left } } }]);
  });

  it("and cancelled does not wait longer for a pod whose end is not seen, although its Job is complete", () => {
    const of = (seconds: number) => decided(task({ desiredState: "Cancel" }), world(), job(complete(seconds)));
    expect([of(1).phase, of(1).requeueAfterSeconds]).toEqual(["Running", 1]);
    expect(of(9).phase).toBe("Cancelled");
  });

  it("and was done already ends as it was done", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}) });
    expect(decided(task({ desiredState: "Cancel" }), about, job(complete())).phase).toBe("Succeeded");
  });
});
