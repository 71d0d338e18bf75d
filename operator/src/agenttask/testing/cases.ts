import { Cache, type Condition, type KubeObject } from "@leanvibe/runtime";
import { type AgentReport, type AgentTask, agentJobName, parseAgentTask } from "@leanvibe/schema";
import { parseConfig } from "../../config.ts";
import { decide } from "../decide.ts";
import type { Container, Job, Pod, World } from "../world.ts";

/** What a task is decided from, as values: a test names what differs from a task whose pod works. */

export const NOW = new Date("2026-11-23T12:00:00Z");
export const UID = "11111111-1111-4111-8111-111111111111";
export const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString().replace(".000Z", "Z");

export function task(spec: object = {}, status: object = {}): AgentTask {
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

export const HOME = {
  tenant: "acme",
  isSuspended: false,
  isGoing: false,
  runtimeClassName: undefined,
  isMirrored: false,
};

export function world(rest: Partial<World> = {}): World {
  return {
    home: HOME,
    fence: { missing: [], network: "Enforced" },
    turn: "granted",
    pods: [],
    said: undefined,
    settings: parseConfig({}).agents,
    jobsComeFirst: false,
    ...rest,
  };
}

export const JOB_NAME = agentJobName("adds", UID);
export const object: KubeObject = { apiVersion: "batch/v1", kind: "Job", metadata: { name: JOB_NAME, uid: "job" } };
export function job(rest: Partial<Job> = {}): Job {
  const base = { object, cache: new Cache(), name: JOB_NAME, uid: "job", createdAt: ago(50), deadlineSeconds: 3_600 };
  return {
    ...base,
    timeLeft: undefined,
    startedAt: Date.parse(ago(45)),
    suspended: false,
    resting: false,
    finished: undefined,
    ...rest,
  };
}
export const complete = (seconds = 1): Partial<Job> => ({
  finished: { how: "Complete", reason: "", message: "", at: NOW.getTime() - seconds * 1000 },
});
export const failed = (reason: string): Partial<Job> => ({
  finished: { how: "Failed", reason, message: "", at: NOW.getTime() - 1000 },
});
export const RESTING = { suspended: true, resting: true };

export const container = (rest: Partial<Container> = {}): Container => ({
  name: "agent",
  id: "containerd://1",
  waiting: undefined,
  isRunning: true,
  ended: undefined,
  fell: undefined,
  ...rest,
});
export function pod(rest: Partial<Pod> = {}): Pod {
  const base = { name: `${JOB_NAME}-aaaaa`, uid: "pod-1", createdAt: ago(40), isGoing: false, phase: "Running" };
  return { ...base, reason: "", disruption: undefined, unschedulable: undefined, containers: [container()], ...rest };
}
export const exited = (exitCode: number, reason = "Error"): Partial<Pod> => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containers: [container({ isRunning: false, ended: { exitCode, reason } })],
});

export function report(rest: Partial<AgentReport> = {}): AgentReport {
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
export const said = (rest: Partial<AgentReport> = {}) => ({ podUID: rest.podUID ?? "pod-1", report: report(rest) });
type Outcome = NonNullable<AgentReport["outcome"]>;
export const says = (outcome: Partial<Outcome>, rest: Partial<AgentReport> = {}) =>
  said({ outcome: { result: "Succeeded", reason: "Completed", message: "Done.", issues: [], ...outcome }, ...rest });

export function decided(of: AgentTask, about: World = world(), at: Job | undefined = undefined) {
  const decision = decide(of, { world: about, job: at }, at === undefined ? [] : [object], NOW);
  const conditions = (decision.status["conditions"] ?? []) as Condition[];
  const by = (type: string) => {
    const found = conditions.find((condition) => condition.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  };
  const message = (type: string) => conditions.find((condition) => condition.type === type)?.message;
  const patches = (decision.interventions ?? []).map(({ change }) => change);
  return { ...decision, by, message, patches, phase: decision.status["phase"] };
}

export const CASE = { name: "adds", command: "node add.ts", expect: { stdout: "3" } };
export const tested = (passed: number, total: number, names: string[] = []) => ({
  verification: { testsTotal: 2, testsPassed: 2, testsFailed: 0, acceptance: { total, passed, failed: names } },
});
