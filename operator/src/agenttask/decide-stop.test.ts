import { describe, expect, it } from "vitest";
import { takesPlace, wantsTurn } from "./situation.ts";
import { ago, complete, decided, exited, job, NOW, pod, RESTING, said, says, task, world } from "./testing/cases.ts";

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
    const again = decided(task({}, { phase: "Suspended" }), world(), job({ ...RESTING, startedAt: undefined }));
    expect(again.patches).toEqual([{ patch: { spec: { suspend: false } } }]);
  });

  it("and told to go on at once does so when the Job controller has seen it rest, and keeps its place until then", () => {
    const seen = { task: task({}, stopping(1)), world: world({ pods: [pod()] }) };
    const asked = job({ suspended: true, resting: false });
    const still = decided(seen.task, seen.world, asked);
    expect([still.patches, still.phase, still.by("Progressing")]).toEqual([[], "Running", "Unknown Suspended"]);
    expect(still.requeueAfterSeconds).toBe(1);
    expect(still.message("Progressing")).toMatch(/then to go on/);
    expect([wantsTurn({ ...seen, job: asked }), takesPlace({ ...seen, job: asked }, NOW.getTime())]).toEqual([
      false,
      true,
    ]);
    expect(wantsTurn({ ...seen, job: job(RESTING) })).toBe(true);
    expect(decided(seen.task, seen.world, job(RESTING)).patches).toHaveLength(1);
  });

  it("and may go on does not where its fence does not stand, and says so", () => {
    const fence = { missing: ["NetworkPolicy leanvibe-agent"], network: undefined };
    const { patches, phase, by } = decided(task({}, { phase: "Suspended" }), world({ fence }), job(RESTING));
    expect([patches, phase, by("Progressing")]).toEqual([[], "Suspended", "False WaitingForFence"]);
  });

  it("and goes on has room for its old start, and its own time when the new one is seen", () => {
    const startedAt = Date.parse(ago(900));
    const noted = { timeLeft: { seconds: 70, since: startedAt }, deadlineSeconds: 3_600 };
    const again = decided(task({}, { phase: "Suspended" }), world(), job({ ...RESTING, ...noted, startedAt }));
    expect(again.patches).toEqual([{ patch: { spec: { suspend: false, activeDeadlineSeconds: 1_030 } } }]);
    const about = world({ pods: [pod()] });
    const begun = decided(task({}, { phase: "Running" }), about, job({ ...noted, deadlineSeconds: 1_030 }));
    expect(begun.patches).toEqual([{ patch: { spec: { activeDeadlineSeconds: 70 } } }]);
    expect(decided(task({}, { phase: "Running" }), about, job({ ...noted, deadlineSeconds: 70 })).patches).toEqual([]);
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
