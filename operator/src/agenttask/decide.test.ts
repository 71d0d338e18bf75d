import { Cache, type Condition, type KubeObject } from "@leanvibe/runtime";
import { type AgentReport, type AgentTask, agentJobName, parseAgentTask } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config.ts";
import { decide } from "./decide.ts";
import type { Container, Job, Pod, World } from "./world.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const UID = "11111111-1111-4111-8111-111111111111";
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString().replace(".000Z", "Z");

function task(spec: object = {}, status: object = {}): AgentTask {
  const parsed = parseAgentTask({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { name: "adds", namespace: "tenant-acme", uid: UID, generation: 1, creationTimestamp: ago(60) },
    spec: { title: "Adds", description: "Adds two numbers.", ...spec },
    status,
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

const HOME = { tenant: "acme", isSuspended: false, isGoing: false, runtimeClassName: undefined, isMirrored: false };

function world(rest: Partial<World> = {}): World {
  return {
    home: HOME,
    fence: { missing: [], network: "Enforced" },
    turn: "granted",
    pods: [],
    said: undefined,
    settings: parseConfig({}).agents,
    ...rest,
  };
}

const JOB_NAME = agentJobName("adds", UID);
const object: KubeObject = { apiVersion: "batch/v1", kind: "Job", metadata: { name: JOB_NAME, uid: "job" } };
function job(rest: Partial<Job> = {}): Job {
  const base = { object, cache: new Cache(), name: JOB_NAME, uid: "job", createdAt: ago(50) };
  return { ...base, suspended: false, resting: false, finished: undefined, ...rest };
}
const complete = (seconds = 1): Partial<Job> => ({
  finished: { how: "Complete", reason: "", message: "", at: NOW.getTime() - seconds * 1000 },
});
const failed = (reason: string): Partial<Job> => ({
  finished: { how: "Failed", reason, message: "", at: NOW.getTime() - 1000 },
});
const RESTING = { suspended: true, resting: true };

const container = (rest: Partial<Container> = {}): Container => ({
  name: "agent",
  id: "containerd://1",
  waiting: undefined,
  isRunning: true,
  ended: undefined,
  ...rest,
});
function pod(rest: Partial<Pod> = {}): Pod {
  const base = { name: `${JOB_NAME}-aaaaa`, uid: "pod-1", createdAt: ago(40), isGoing: false, phase: "Running" };
  return { ...base, reason: "", disruption: undefined, unschedulable: undefined, containers: [container()], ...rest };
}
const exited = (exitCode: number, reason = "Error"): Partial<Pod> => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containers: [container({ isRunning: false, ended: { exitCode, reason } })],
});

function report(rest: Partial<AgentReport> = {}): AgentReport {
  const usage = { inputTokens: 10, outputTokens: 5, llmCalls: 1, estimated: false };
  return {
    version: 1,
    podUID: "pod-1",
    progress: 50,
    stage: "code",
    activity: "Writing",
    iterations: 1,
    usage,
    ...rest,
  };
}
const said = (rest: Partial<AgentReport> = {}) => ({ podUID: rest.podUID ?? "pod-1", report: report(rest) });
type Outcome = NonNullable<AgentReport["outcome"]>;
const says = (outcome: Partial<Outcome>, rest: Partial<AgentReport> = {}) =>
  said({ outcome: { result: "Succeeded", reason: "Completed", message: "Done.", issues: [], ...outcome }, ...rest });

function decided(of: AgentTask, about: World = world(), at: Job | undefined = undefined) {
  const decision = decide(of, { world: about, job: at }, at === undefined ? [] : [object], NOW);
  const conditions = (decision.status["conditions"] ?? []) as Condition[];
  const by = (type: string) => {
    const found = conditions.find((condition) => condition.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  };
  const patches = (decision.interventions ?? []).map(({ change }) => change);
  return { ...decision, by, patches, phase: decision.status["phase"] };
}

const CASE = { name: "adds", command: "node add.ts", expect: { stdout: "3" } };
const tested = (passed: number, total: number, names: string[] = []) => ({
  verification: { testsTotal: 2, testsPassed: 2, testsFailed: 0, acceptance: { total, passed, failed: names } },
});

describe("a task without a Job", () => {
  it.each<[string, object, Partial<World>, string, string]>([
    ["whose namespace is no Tenant's waits", {}, { home: undefined }, "Pending", "Accepted False NoTenant"],
    [
      "of a suspended Tenant waits",
      {},
      { home: { ...HOME, isSuspended: true } },
      "Pending",
      "Accepted False TenantSuspended",
    ],
    [
      "waits until the fence stands",
      {},
      { fence: { missing: ["NetworkPolicy leanvibe-agent"], network: undefined } },
      "Pending",
      "Isolated False WaitingForFence",
    ],
    [
      "waits where the platform wants the network proven",
      {},
      {
        fence: { missing: [], network: "NotEnforced" },
        settings: { ...parseConfig({}).agents, requireEnforcedNetwork: true },
      },
      "Pending",
      "Isolated False NetworkUnproven",
    ],
    ["is queued where it is not its turn", {}, { turn: { position: 3 } }, "Queued", "Progressing False Queued"],
    ["may be suspended before it began", { desiredState: "Suspend" }, {}, "Suspended", "Progressing False Suspended"],
    ["is cancelled at once", { desiredState: "Cancel" }, {}, "Cancelled", "Succeeded False Cancelled"],
    [
      "too large to be handed over failed, since its spec is fixed",
      { requirements: { text: "x".repeat(17_000) } },
      {},
      "Failed",
      "Accepted False TooLarge",
    ],
  ])("%s", (_what, spec, about, phase, condition) => {
    const [type = "", ...rest] = condition.split(" ");
    const { creates, ...decision } = decided(task(spec), world(about));
    expect([decision.phase, decision.by(type), creates]).toEqual([phase, rest.join(" "), []]);
  });

  it("gets one when it is its turn, and nothing is said before it is there", () => {
    const { creates, status } = decided(task());
    expect(creates?.map(({ metadata }) => metadata.name)).toEqual([JOB_NAME]);
    expect(status).toEqual({});
  });

  it("says nothing while only the operator's own pace is in between", () => {
    expect(decided(task(), world({ turn: "soon" }))).toMatchObject({ creates: [], status: {} });
  });

  it("is told its position among the first ten only", () => {
    expect(decided(task(), world({ turn: { position: 10 } })).status["queuePosition"]).toBe(10);
    expect(decided(task(), world({ turn: { position: 11 } })).status["queuePosition"]).toBeUndefined();
  });

  it("that has waited too long for its turn ends TimedOut", () => {
    const status = { phase: "Queued", queuedTime: ago(86_400) };
    const { phase, by } = decided(task({}, status), world({ turn: { position: 1 } }));
    expect([phase, by("Succeeded")]).toEqual(["TimedOut", "False QueueTimeout"]);
  });

  it("whose Job was deleted failed: a second one would begin from nothing", () => {
    const { phase, by, creates } = decided(task({}, { phase: "Running", jobUID: "job", jobName: JOB_NAME }));
    expect([phase, by("Succeeded"), creates]).toEqual(["Failed", "False JobDeleted", []]);
  });
});

describe("a task that works", () => {
  it.each<[string, Partial<World>, string]>([
    ["has a pod that works", { pods: [pod()] }, "True AgentWorking"],
    ["has no pod yet", {}, "False Starting"],
    ["whose pod fits on no node", { pods: [pod({ phase: "Pending", unschedulable: "0/1" })] }, "False Unschedulable"],
    [
      "whose image cannot be had",
      {
        pods: [
          pod({
            phase: "Pending",
            containers: [container({ isRunning: false, waiting: { reason: "ImagePullBackOff", message: "no" } })],
          }),
        ],
      },
      "False ImagePull",
    ],
    ["whose agent writes nonsense", { pods: [pod()], said: { refused: "no JSON" } }, "True ReportRefused"],
  ])("%s", (_what, about, progressing) => {
    const { phase, by, patches } = decided(task(), world(about), job());
    expect([phase, by("Progressing"), patches]).toEqual(["Running", progressing, []]);
  });

  it("says how far it is, by its own pod and no other", () => {
    const own = decided(task(), world({ pods: [pod()], said: said() }), job());
    expect(own.status).toMatchObject({ attempt: 1, podUID: "pod-1", stage: "code", progress: 50, activity: "Writing" });
    const others = decided(task(), world({ pods: [pod()], said: said({ podUID: "pod-0" }) }), job());
    expect(others.status).toMatchObject({ attempt: 1, stage: undefined, progress: 0 });
  });

  it("never goes back inside an attempt", () => {
    const before = { phase: "Running", attempt: 1, podUID: "pod-1", stage: "tests", progress: 65, iterations: 2 };
    const { status } = decided(task({}, before), world({ pods: [pod()], said: said() }), job());
    expect(status).toMatchObject({ stage: "tests", progress: 65, iterations: 2 });
  });

  it("begins anew with another pod, whose report alone counts then", () => {
    const before = { phase: "Running", attempt: 1, podUID: "pod-1", stage: "tests", progress: 65 };
    const pods = [pod(exited(1)), pod({ uid: "pod-2", createdAt: ago(5) })];
    const first = decided(task({}, before), world({ pods, said: said() }), job());
    expect(first.status).toMatchObject({ attempt: 2, podUID: "pod-2", stage: undefined, progress: 0 });
    const then = decided(task({}, before), world({ pods, said: said({ podUID: "pod-2", progress: 15 }) }), job());
    expect(then.status).toMatchObject({ attempt: 2, progress: 15 });
  });

  it("is not thrown back by a failed pod that outlives a later one in the cluster", () => {
    const before = { phase: "Running", attempt: 2, podUID: "pod-2", progress: 50 };
    const { status } = decided(task({}, before), world({ pods: [pod(exited(1))] }), job());
    expect(status).toMatchObject({ attempt: 2, podUID: "pod-2", progress: 50 });
  });

  it.each<[string, object, Partial<World>, string]>([
    ["cancelled", { desiredState: "Cancel" }, {}, "Cancelling"],
    ["suspended", { desiredState: "Suspend" }, {}, "Suspended"],
    ["of a Tenant that is suspended", {}, { home: { ...HOME, isSuspended: true } }, "TenantSuspended"],
    ["whose namespace left its Tenant", {}, { home: undefined }, "NoTenant"],
  ])("and is %s is asked to stop, and given time", (_what, spec, about, reason) => {
    const { patches, phase, by } = decided(task(spec, { phase: "Running" }), world({ pods: [pod()], ...about }), job());
    expect(patches).toEqual([{ patch: { spec: { suspend: true } } }]);
    expect([phase, by("Progressing")]).toEqual(["Running", `Unknown ${reason}`]);
  });

  it("goes on after the fence was torn for a moment: it is put back, and what runs is behind what is left", () => {
    const fence = { missing: ["RoleBinding leanvibe-agent"], network: undefined };
    const { patches, phase } = decided(task(), world({ pods: [pod()], fence }), job());
    expect([phase, patches]).toEqual(["Running", []]);
  });
});

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

  it("and was done already ends as it was done", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}) });
    expect(decided(task({ desiredState: "Cancel" }), about, job(complete())).phase).toBe("Succeeded");
  });
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
      { pods: [pod({ createdAt: ago(61), containers: [container({ id: "" })] })] },
      {},
      "Failed",
      "NoRealNodes",
    ],
    ["waits for the pod's watch, which may be behind the Job's", {}, {}, complete(), "Running", "NotFinished"],
    ["does not wait for it for ever", {}, {}, complete(11), "Failed", "PodLost"],
  ])("%s", (_what, spec, about, of, phase, reason) => {
    const decision = decided(task(spec), world(about), job(of));
    expect([decision.phase, decision.by("Succeeded")?.split(" ")[1]]).toEqual([phase, reason]);
    expect(decision.by("Succeeded")?.startsWith("True") ?? false).toBe(phase === "Succeeded");
  });

  it("is verified by its acceptance cases, and by nothing else", () => {
    const ended = (spec: object, rest: Partial<AgentReport>) =>
      decided(task(spec), world({ pods: [pod(exited(0))], said: says({}, rest) }), job(complete())).by("Verified");
    expect(ended({}, tested(1, 1))).toBe("False SelfTested");
    expect(ended({ acceptance: [CASE] }, tested(1, 1))).toBe("True AcceptancePassed");
    expect(ended({ acceptance: [CASE] }, tested(0, 1))).toBe("False AcceptanceFailed");
    expect(ended({ acceptance: [CASE] }, {})).toBe("False NotVerified");
  });

  it("is 100 percent only where it is a success", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}, { progress: 100, stage: "done" }) });
    expect(decided(task(), about, job(complete())).status["progress"]).toBe(100);
    for (const [of, at] of [
      [task({ acceptance: [CASE] }), job(complete())],
      // What was shown could not be taken back.
      [task(), job()],
    ] as const)
      expect(decided(of, about, at).status).toMatchObject({ progress: 99, stage: "documentation" });
  });

  it("is told in one Event", () => {
    const about = world({ pods: [pod(exited(0))], said: says({}) });
    expect(decided(task(), about, job(complete())).events).toMatchObject([{ type: "Normal", reason: "Completed" }]);
    expect(decided(task(), world({ pods: [pod()] }), job()).events).toEqual([]);
  });
});

describe("a task that has ended", () => {
  const ended = (spec: object, seconds: number, more: object = {}) =>
    task(spec, { phase: "Succeeded", completionTime: ago(seconds), ...more });
  const mirrored = world({ home: { ...HOME, isMirrored: true } });

  it("is never spoken of again, whatever is asked", () => {
    for (const spec of [{}, { desiredState: "Cancel" }]) {
      const decision = decided(ended(spec, 5), world(), job(complete()));
      expect([decision.status, decision.creates ?? [], decision.patches]).toEqual([{}, [], []]);
    }
  });

  it("stops what still runs", () => {
    expect(decided(ended({}, 5), world(), job()).patches).toEqual([{ patch: { spec: { suspend: true } } }]);
  });

  it("stays until somebody deletes it, or its time is over", () => {
    expect(decided(ended({}, 1e6)).expired).toBeUndefined();
    const early = decided(ended({ ttlSecondsAfterFinished: 60 }, 50));
    expect([early.expired, early.requeueAfterSeconds]).toEqual([undefined, 10.05]);
    expect(decided(ended({ ttlSecondsAfterFinished: 60 }, 61)).expired).toBe(true);
  });

  it("waits for the API to take it over where that keeps its Tenant's tasks, for an hour at most", () => {
    const spec = { ttlSecondsAfterFinished: 60 };
    expect(decided(ended(spec, 3_000), mirrored).expired).toBeUndefined();
    expect(decided(ended(spec, 3_601), mirrored).expired).toBe(true);
    expect(decided(ended(spec, 61, { artifact: { collectedAt: ago(5) } }), mirrored).expired).toBe(true);
  });
});
