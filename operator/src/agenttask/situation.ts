import type { AgentReport, AgentTask, AgentTaskStatus } from "@leanvibe/schema";
import { type Answer, admission, isFinal, isolation, tooLarge } from "./admission.ts";
import { type End, endOf, failed, NO_REAL_NODES } from "./finish.ts";
import { currentPod, endedWell, hasBegun, hasEnded, hindranceOf, isSimulated, isWorking, podBefore } from "./pods.ts";
import { type Progress, progressBefore, withPod, withReport } from "./progress.ts";
import { type Finding, trouble } from "./reasons.ts";
import type { Case, Job, Pod } from "./world.ts";

/** Who is asked to stop gets this long: its pod's own grace, and the way there and back. */
const STOP_MILLISECONDS = 9_000;
/** A simulated pod that does not end by itself is not waited for; of thousands at once one takes minutes. */
const SIMULATED_MILLISECONDS = 180_000;

/** What is to become of the Job. */
type Order = "make" | "run" | "rest" | "leave";

/** Where a task is, and what is to be done. */
export type Situation = {
  accepted: Answer;
  isolated: Answer;
  order: Order;
  progress: Progress;
} & (
  | { at: "end"; end: End }
  /** Nothing is to be said before what was ordered is seen. */
  | { at: "quiet" }
  | { at: "Pending" | "Queued" | "Running" | "Suspended"; work: Work; position?: number }
);

/** The condition Progressing. */
export type Work = Finding & { status: "True" | "False" | "Unknown" };

/** Could it start, or go on, if it were its turn? Asked before the turn is known, and so without it. */
export function wantsTurn({ task, world, job }: Omit<Case, "now">): boolean {
  const { desiredState } = task.spec;
  if (desiredState !== "Run" || job?.finished !== undefined) return false;
  if (job === undefined && task.status?.jobUID !== undefined) return false;
  // Who was told to rest and has not come to it has its place still.
  if (job !== undefined && !(job.suspended && job.resting)) return false;
  return admission(world.home, world.settings).holds && isolation(world.fence, world.settings).holds;
}

/** What has come to its end is waited for no longer: a node that went away never says that its pod is gone. */
const PLACE_KEPT_MILLISECONDS = 30_000;

/** Does it take a place of its Tenant's plan? Until its last pod is gone, it does. */
export function takesPlace({ task, world, job }: Omit<Case, "now">, now: number): boolean {
  if (job === undefined || job.finished !== undefined) return false;
  if (now >= placeEnds(task.status ?? {})) return false;
  return !job.suspended || !hasStopped(job, world.pods);
}

/** When it gives its place back at the latest, in milliseconds; never while it is not over. */
export function placeEnds({ phase, completionTime }: AgentTaskStatus): number {
  if (!isFinal(phase)) return Number.POSITIVE_INFINITY;
  const end = Date.parse(completionTime ?? "");
  return Number.isNaN(end) ? 0 : end + PLACE_KEPT_MILLISECONDS;
}

export function situationOf(about: Case): Situation {
  const { task, world, job } = about;
  const accepted = (job === undefined ? refusedAs(tooLarge(task)) : undefined) ?? admission(world.home, world.settings);
  const isolated = isolation(world.fence, world.settings);
  const base = { accepted, isolated, order: "leave" as const, progress: progressBefore(task.status ?? {}) };
  if (job !== undefined) return { ...base, ...withJob(about, job, { accepted, isolated }) };
  return { ...base, ...withoutJob(about, accepted, isolated) };
}

function refusedAs(finding: Finding | undefined): Answer | undefined {
  return finding && { holds: false, ...finding };
}

type Part = Partial<Pick<Situation, "order" | "progress">> &
  (
    | { at: "end"; end: End }
    | { at: "quiet" }
    | { at: "Pending" | "Queued" | "Running" | "Suspended"; work: Work; position?: number }
  );

const ended = (end: End): Part => ({ at: "end", end });
const waits = (at: "Pending" | "Suspended", finding: Finding): Part => ({ at, work: { status: "False", ...finding } });

function withoutJob({ task, world, now }: Case, accepted: Answer, isolated: Answer): Part {
  const { status = {}, spec } = task;
  if (status.jobUID !== undefined) {
    const message = `Its Job ${status.jobName ?? ""} was deleted, and with it what it had done.`;
    return ended(failed(trouble("JobDeleted", message)));
  }
  if (spec.desiredState === "Cancel") return ended(CANCELLED);
  const large = tooLarge(task);
  if (large !== undefined) return ended(failed(large));
  if (!accepted.holds) return waits("Pending", accepted);
  if (spec.desiredState === "Suspend") return waits("Suspended", SUSPENDED);
  if (!isolated.holds) return waits("Pending", isolated);
  return inTurn({ task, world, now }, "make");
}

const CANCELLED: End = {
  phase: "Cancelled",
  reason: "Cancelled",
  message: "It was cancelled by spec.desiredState; what was done until then is kept.",
  issues: [],
};
const SUSPENDED: Finding = {
  reason: "Suspended",
  message: "spec.desiredState is Suspend; set it to Run, and it goes on from what it saved.",
};

function inTurn({ task, world, now }: Omit<Case, "job">, order: "make" | "run"): Part {
  const { turn = "soon" } = world;
  if (turn === "granted") return { at: "quiet", order };
  if (turn === "soon") return { at: "quiet" };
  const { phase, queuedTime } = task.status ?? {};
  const since = phase === "Queued" && queuedTime !== undefined ? Date.parse(queuedTime) : now.getTime();
  const { queueTimeoutSeconds } = world.settings;
  if (now.getTime() - since >= queueTimeoutSeconds * 1000) {
    const message = `It waited ${queueTimeoutSeconds} s for its turn, which is as long as the platform lets a task wait.`;
    return ended({ phase: "TimedOut", ...trouble("QueueTimeout", message), issues: [] });
  }
  const message = "It waits for its turn: as many tasks run as the Tenant's plan, or the platform, lets run at a time.";
  return { at: "Queued", work: { status: "False", reason: "Queued", message }, position: turn.position };
}

const GOES_ON: Finding = {
  reason: "Suspended",
  message: "It was told to rest, and then to go on: it does so as soon as what it did is saved.",
};

/** With a Job: who works, what it says, whether that is the end, and whether it is to stop. */
function withJob(about: Case, job: Job, { accepted, isolated }: { accepted: Answer; isolated: Answer }): Part {
  const { task, world, now } = about;
  const status: AgentTaskStatus = task.status ?? {};
  const pod = currentPod(status, world.pods) ?? podBefore(status);
  const before = withPod(progressBefore(status), pod !== undefined && hasBegun(pod) ? pod : undefined);
  const report = reportOf(world.said, pod);
  const progress = report === undefined ? before : withReport(before, report, { jobName: job.name, spec: task.spec });
  const end = endOf(task, { job, pod, report, now });
  if (end !== undefined) return { progress, ...ended(end) };
  if (job.finished !== undefined) return { progress, ...ending(task.spec.desiredState, job.finished.at, now) };
  const stop = stopOf(task.spec.desiredState, accepted);
  if (stop !== undefined) return { progress, ...stopping(about, job, stop) };
  if (job.suspended) return { progress, ...goingOn(about, job, isolated) };
  // Its Job is told to rest once this is said: what ended is not decided by a pod that we took away.
  if (pod !== undefined && isSimulated(pod) && now.getTime() - Date.parse(pod.createdAt) > SIMULATED_MILLISECONDS) {
    return { progress, ...ended(failed(NO_REAL_NODES)) };
  }
  return { progress, at: "Running", work: workOf(pod, world.said) };
}

/**
 * What was told to rest goes on when it has come to it: what the Job controller never saw resting would neither begin anew
 * nor lose its pod. It says of every suspended Job that it rests (the condition Suspended).
 */
function goingOn(about: Case, job: Job, isolated: Answer): Part {
  if (!job.resting) return stopping(about, job, { isFinal: false, finding: GOES_ON });
  return isolated.holds ? inTurn(about, "run") : waits("Suspended", isolated);
}

/** Its Job is through, and how its pod ended is still to be seen; who wants no more of it does not wait for that. */
function ending(desired: AgentTask["spec"]["desiredState"], finishedAt: number, now: Date): Part {
  if (desired !== "Cancel") return { at: "Running", work: WORKING };
  if (now.getTime() - finishedAt >= STOP_MILLISECONDS) return ended(CANCELLED);
  return { at: "Running", work: { status: "Unknown", reason: "Cancelling", message: CANCELLING } };
}

/** Of the pod whose turn it is, and of no other. */
function reportOf(said: Case["world"]["said"], pod: Pod | undefined): AgentReport | undefined {
  return said !== undefined && "report" in said && said.podUID === pod?.uid ? said.report : undefined;
}

const WORKING: Work = { status: "True", reason: "AgentWorking", message: "An agent is at work." };

function workOf(pod: Pod | undefined, said: Case["world"]["said"]): Work {
  if (pod !== undefined && endedWell(pod)) {
    // A step of its own only where it is what a success will be judged by.
    if (isSimulated(pod)) return WORKING;
    const message = `The agent in pod ${pod.name} ended well; its last word is yet to be seen.`;
    return { status: "False", reason: "PodSucceeded", message };
  }
  if (pod === undefined || hasEnded(pod)) {
    const after = pod === undefined ? "" : `, after one that ended (${pod.name})`;
    return { status: "False", reason: "Starting", message: `A pod is on its way${after}.` };
  }
  const hindrance = hindranceOf(pod);
  if (hindrance !== undefined) return { status: "False", ...hindrance };
  if (said !== undefined && "refused" in said) {
    const message = `What its agent writes is not believed, and nothing of it counts: ${said.refused}.`;
    return { status: "True", reason: "ReportRefused", message };
  }
  if (isWorking(pod)) return WORKING;
  const message = hasBegun(pod) ? `Pod ${pod.name} is starting.` : "A pod is on its way.";
  return { status: "False", reason: "Starting", message };
}

/** Why it is to stop now, and whether for good. */
type Stop = { finding: Finding; isFinal: boolean };

function stopOf(desired: "Run" | "Suspend" | "Cancel", accepted: Answer): Stop | undefined {
  if (desired === "Cancel") return { isFinal: true, finding: { reason: "Cancelling", message: CANCELLING } };
  if (!accepted.holds) return { isFinal: false, finding: accepted };
  return desired === "Suspend" ? { isFinal: false, finding: SUSPENDED } : undefined;
}

const CANCELLING = "Its agent has a few seconds to save what is done.";

function stopping({ task, world, now }: Case, job: Job, { finding, isFinal }: Stop): Part {
  const order = job.suspended ? "leave" : "rest";
  const before = task.status?.conditions?.find(({ type }) => type === "Progressing");
  // Unknown is what it was set to when it was first asked to stop: since then.
  const asked = before?.status === "Unknown" ? Date.parse(before.lastTransitionTime) : now.getTime();
  const isLate = now.getTime() - asked >= STOP_MILLISECONDS;
  if (order === "leave" && (hasStopped(job, world.pods) || (isFinal && isLate))) {
    return isFinal ? { order, ...ended(CANCELLED) } : { order, ...waits("Suspended", finding) };
  }
  const work: Work = { ...finding, status: "Unknown" };
  return { at: task.status?.phase === "Suspended" ? "Suspended" : "Running", order, work };
}

function hasStopped(job: Job, pods: readonly Pod[]): boolean {
  return job.resting && pods.every(hasEnded);
}
