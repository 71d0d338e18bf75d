import type { AgentReport } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { NEXT_STEPS } from "./reasons.ts";
import {
  ago,
  CASE,
  complete,
  container,
  decided,
  exited,
  failed,
  job,
  pod,
  says,
  task,
  tested,
  world,
} from "./testing/cases.ts";
import type { Job, World } from "./world.ts";

/** Its agent went on to its own end, beside a sandbox that memory had ended once. */
const SANDBOX_FELL = pod({
  phase: "Succeeded",
  containers: [
    container({ name: "sandbox", fell: { exitCode: 137, reason: "OOMKilled" } }),
    container({ isRunning: false, ended: { exitCode: 0, reason: "Completed" } }),
  ],
});

describe("the end of a task", () => {
  it.each<[string, object, Partial<World>, Partial<Job>, string, string]>([
    [
      "is a success by report and Job together",
      {},
      { pods: [pod(exited(0))], said: says({}) },
      complete(),
      "Succeeded",
      "Completed",
    ],
    ["is no success by the report alone", {}, { pods: [pod()], said: says({}) }, {}, "Running", "NotFinished"],
    ["is no success by the Job alone", {}, { pods: [pod(exited(0))] }, complete(), "Failed", "NoReport"],
    [
      "is no success by another pod's report",
      {},
      { pods: [pod(exited(0))], said: says({}, { podUID: "pod-0" }) },
      complete(),
      "Failed",
      "NoReport",
    ],
    [
      "is no success without the cases that were asked for",
      { acceptance: [CASE] },
      { pods: [pod(exited(0))], said: says({}) },
      complete(),
      "Failed",
      "AcceptanceFailed",
    ],
    [
      "is no success by fewer cases",
      { acceptance: [CASE, { ...CASE, name: "more" }] },
      { pods: [pod(exited(0))], said: says({}, tested(1, 1)) },
      complete(),
      "Failed",
      "AcceptanceFailed",
    ],
    [
      "is no success by a count that its names deny",
      { acceptance: [CASE] },
      { pods: [pod(exited(0))], said: says({}, tested(1, 1, ["adds"])) },
      complete(),
      "Failed",
      "AcceptanceFailed",
    ],
    [
      "is a success when all cases passed",
      { acceptance: [CASE] },
      { pods: [pod(exited(0))], said: says({}, tested(1, 1)) },
      complete(),
      "Succeeded",
      "Completed",
    ],
    [
      "is what the agent says it is",
      {},
      { pods: [pod(exited(0))], said: says({ result: "Failed", reason: "Stalled" }) },
      complete(),
      "Failed",
      "Stalled",
    ],
    [
      "is the budget's",
      {},
      { pods: [pod(exited(0))], said: says({ result: "BudgetExceeded", reason: "BudgetExceeded" }) },
      complete(),
      "BudgetExceeded",
      "BudgetExceeded",
    ],
    ["is its time's", {}, { pods: [pod(exited(143))] }, failed("DeadlineExceeded"), "TimedOut", "DeadlineExceeded"],
    ["is the model's", {}, { pods: [pod(exited(75))] }, failed("BackoffLimitExceeded"), "Failed", "ModelUnavailable"],
    [
      "is the memory's",
      {},
      { pods: [pod(exited(137, "OOMKilled"))] },
      failed("BackoffLimitExceeded"),
      "Failed",
      "OOMKilled",
    ],
    [
      "is room's that never came",
      {},
      { pods: [pod(exited(76))] },
      failed("BackoffLimitExceeded"),
      "Failed",
      "RateLimited",
    ],
    [
      "is the sandbox's memory's, where the agent only saw it go",
      {},
      {
        pods: [SANDBOX_FELL],
        said: says({ result: "Failed", reason: "SandboxFailed" }),
      },
      complete(),
      "Failed",
      "SandboxOOMKilled",
    ],
    [
      "is what the agent says where the sandbox's memory was enough at last",
      {},
      {
        pods: [SANDBOX_FELL],
        said: says({ result: "Failed", reason: "IterationsExhausted" }),
      },
      complete(),
      "Failed",
      "IterationsExhausted",
    ],
    ["is a crash", {}, { pods: [pod(exited(1))] }, failed("BackoffLimitExceeded"), "Failed", "AgentCrashed"],
    [
      "is the cluster's",
      {},
      { pods: [pod({ ...exited(143), disruption: "node drained" })] },
      failed("BackoffLimitExceeded"),
      "Failed",
      "Evicted",
    ],
    [
      "is what the agent could still say before it crashed",
      {},
      { pods: [pod(exited(1))], said: says({ result: "Failed", reason: "SandboxFailed" }) },
      failed("BackoffLimitExceeded"),
      "Failed",
      "SandboxFailed",
    ],
    [
      "is no success of an agent that crashed",
      {},
      { pods: [pod(exited(1))], said: says({}) },
      failed("BackoffLimitExceeded"),
      "Failed",
      "AgentCrashed",
    ],
    [
      "is said of nodes that only pretend",
      {},
      {
        pods: [
          pod({
            ...exited(0),
            containers: [container({ id: "", isRunning: false, ended: { exitCode: 0, reason: "" } })],
          }),
        ],
      },
      complete(),
      "Failed",
      "NoRealNodes",
    ],
    [
      "is said of nodes on which a pod runs on and on",
      {},
      { pods: [pod({ createdAt: ago(181), containers: [container({ id: "" })] })] },
      {},
      "Failed",
      "NoRealNodes",
    ],
    ["waits for the pod's watch, which may be behind the Job's", {}, {}, complete(), "Running", "NotFinished"],
    ["does not wait for it for ever", {}, {}, complete(61), "Failed", "PodLost"],
    [
      "[is no success of a pod that is gone, whose end nobody saw: its report is all there is]",
      {},
      { said: says({}) },
      complete(61),
      "Failed",
      "PodLost",
    ],
    [
      "waits for a pod that is still seen to run",
      {},
      { pods: [pod()], said: says({}) },
      complete(),
      "Running",
      "NotFinished",
    ],
    [
      "[is no success by a Job's status and a report, while the pod runs]",
      {},
      { pods: [pod()], said: says({}) },
      complete(61),
      "Failed",
      "EndNotSeen",
    ],
    [
      "waits while only a pod before the one that succeeded is seen",
      {},
      { pods: [pod(exited(1))], said: says({}, { podUID: "pod-2" }) },
      complete(),
      "Running",
      "NotFinished",
    ],
    [
      "[is no success of an agent that ended otherwise than with 0, whatever its Job and its report say]",
      {},
      { pods: [pod(exited(1))], said: says({}) },
      complete(61),
      "Failed",
      "AgentCrashed",
    ],
    [
      "[is no success of a pod whose agent's end is not told]",
      {},
      { pods: [pod({ phase: "Succeeded", containers: [container({ name: "sandbox", isRunning: false })] })] },
      complete(61),
      "Failed",
      "AgentCrashed",
    ],
  ])("%s", (_what, spec, about, of, phase, reason) => {
    const decision = decided(task(spec), world(about), job(of));
    expect([decision.phase, decision.by("Succeeded")?.split(" ")[1]]).toEqual([phase, reason]);
    expect(decision.by("Succeeded")?.startsWith("True") ?? false).toBe(phase === "Succeeded");
    // Whatever went wrong, its message ends with what a person does about it.
    const step = (NEXT_STEPS as Partial<Record<string, string>>)[reason];
    const message = decision.message("Succeeded");
    expect(step === undefined || message?.endsWith(` ${step}`), message).toBe(true);
  });

  it("is verified by its acceptance cases, and by nothing else", () => {
    const ended = (spec: object, rest: Partial<AgentReport>) =>
      decided(task(spec), world({ pods: [pod(exited(0))], said: says({}, rest) }), job(complete())).by("Verified");
    expect(ended({}, tested(1, 1))).toBe("False SelfTested");
    expect(ended({ acceptance: [CASE] }, tested(1, 1))).toBe("True AcceptancePassed");
    expect(ended({ acceptance: [CASE] }, tested(0, 1))).toBe("False AcceptanceFailed");
    expect(ended({ acceptance: [CASE] }, {})).toBe("False NotVerified");
    // Its own tests failed: no case did.
    const failed = { outcome: { result: "Failed" as const, reason: "Stalled" as const, message: "", issues: [] } };
    expect(ended({ acceptance: [CASE] }, { ...tested(1, 1), ...failed })).toBe("False NotVerified");
  });

  it("[counts cases that no spec has: what an agent makes up does not stand in the way of its end]", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}, tested(3, 5)) });
    const { status } = decided(task(), about, job(complete()));
    expect(status).toMatchObject({ phase: "Succeeded" });
    expect(status["verification"]).not.toHaveProperty("acceptance");
  });

  it("is 100 percent only where it is a success", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}, { progress: 100, stage: "done" }) });
    expect(decided(task(), about, job(complete())).status["progress"]).toBe(100);
    // What was shown could not be taken back.
    const works = world({ ...about, pods: [pod()] });
    for (const [of, from] of [
      [task({ acceptance: [CASE] }), about],
      [task(), works],
    ] as const)
      expect(decided(of, from, job()).status).toMatchObject({ progress: 99, stage: "documentation" });
  });

  it("is told in one Event", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}) });
    expect(decided(task(), about, job(complete())).events).toMatchObject([{ type: "Normal", reason: "Completed" }]);
    expect(decided(task(), world({ pods: [pod()] }), job()).events).toEqual([]);
  });
});
