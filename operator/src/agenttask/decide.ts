import { type Decision, type Intervention, KINDS, type KubeObject, type MergePatch } from "@leanvibe/runtime";
import type { AgentTask } from "@leanvibe/schema";
import { isFinal } from "./admission.ts";
import { jobManifest } from "./job.ts";
import { patienceOf } from "./patience.ts";
import { endedWell, hasEnded } from "./pods.ts";
import { placeEnds, type Situation, situationOf, takesPlace } from "./situation.ts";
import { eventsOf, statusOf } from "./status.ts";
import { toGoOn, toItsTime, toRest } from "./time-left.ts";
import type { Job, World } from "./world.ts";

/** A timer may fire a little before its time. */
const SLACK_SECONDS = 0.05;
/** While it waits for something that comes as an event, in case it does not. */
const WAITING_SECONDS = 30;
const STOPPING_SECONDS = 1;
/** What is not fetched by the API in this time is not waited for any longer. */
const COLLECT_MILLISECONDS = 3_600_000;

/** From an AgentTask and what is there, to what should be there and what its status says. Pure. */
export function decide(
  task: AgentTask,
  { world, job }: { world: World; job: Job | undefined },
  children: readonly KubeObject[],
  now: Date,
): Decision {
  const rest = { manifests: [], kept: children, finished: false };
  // What it ended as is said once and for all.
  if (isFinal(task.status?.phase)) return { ...rest, ...afterwards(task, world, job, now), settled: true };
  const situation = situationOf({ task, world, job, now });
  const { order } = situation;
  const acts = {
    // It goes with its owner, and is never deleted by us: what the agent saved would go with it.
    creates: order === "make" ? [jobManifest(task, world.settings, world.home?.runtimeClassName)] : [],
    interventions: job === undefined ? [] : changeOf(job, order, now),
  };
  if (situation.at === "quiet") return { ...rest, ...acts, status: {}, settled: true, events: [] };
  const status = statusOf(task, situation, job, now);
  const events = eventsOf(task, status.conditions ?? []);
  const settled = situation.at === "end";
  if (settled)
    return { ...rest, ...acts, status, settled, events, ...untilNext({ ...task, status }, { world, job }, now) };
  const said = { before: task.status ?? {}, after: status, pods: world.pods };
  const patienceMilliseconds = patienceOf(said, world.jobsComeFirst);
  const isStopping = situation.work.status === "Unknown";
  const requeueAfterSeconds = isStopping ? STOPPING_SECONDS : waitingSeconds(situation.at);
  const again = requeueAfterSeconds && { requeueAfterSeconds };
  return { ...rest, ...acts, status, settled, patienceMilliseconds, events, ...again };
}

function waitingSeconds(phase: string): number | undefined {
  return phase === "Queued" || phase === "Running" ? WAITING_SECONDS : undefined;
}

function patched(job: Job, patch: MergePatch): Intervention {
  return { kind: KINDS.Job, object: job.object, cache: job.cache, change: { patch } };
}

/** What is to be changed of a Job that is there. */
function changeOf(job: Job, order: Situation["order"], now: Date): Intervention[] {
  if (order === "rest") return [patched(job, toRest(job, now))];
  if (order === "run") return [patched(job, toGoOn(job, now))];
  const patch = toItsTime(job);
  return patch === undefined ? [] : [patched(job, patch)];
}

type After = Pick<Decision, "status" | "events" | "interventions" | "requeueAfterSeconds" | "expired">;

/** Nothing is left to run, and when its time is over it goes. */
function afterwards(task: AgentTask, world: World, job: Job | undefined, now: Date): After {
  const runs = job !== undefined && job.finished === undefined && !job.suspended && !isCounted(world);
  const { requeueAfterSeconds } = untilNext(task, { world, job }, now);
  const said = { status: {}, events: [], interventions: runs ? [patched(job, toRest(job, now))] : [] };
  if (requeueAfterSeconds === undefined) return said;
  return requeueAfterSeconds > SLACK_SECONDS ? { ...said, requeueAfterSeconds } : { ...said, expired: true };
}

type Requeue = { requeueAfterSeconds?: number };

/** Of a task that has come to its end: until it is due to go, or gives back its place whether or not its pod is gone. */
function untilNext(task: AgentTask, { world, job }: { world: World; job: Job | undefined }, now: Date): Requeue {
  const due = secondsToLive(task, world, now);
  if (!takesPlace({ task, world, job }, now.getTime())) return due === undefined ? {} : { requeueAfterSeconds: due };
  const kept = (placeEnds(task.status ?? {}) - now.getTime()) / 1000 + SLACK_SECONDS;
  return { requeueAfterSeconds: Math.min(due ?? kept, kept) };
}

/** Has it the pod that did the work, and no other that lives? Its Job is complete as soon as Kubernetes has counted it. */
function isCounted({ pods }: World): boolean {
  return pods.some(endedWell) && pods.every((pod) => endedWell(pod) || hasEnded(pod));
}

/** Until it is due to go. Where the platform's API keeps what becomes of tasks, not before that has taken this one over. */
function secondsToLive({ spec, status }: AgentTask, { home }: World, now: Date): number | undefined {
  const { ttlSecondsAfterFinished } = spec;
  if (ttlSecondsAfterFinished === undefined) return undefined;
  const ended = Date.parse(status?.completionTime ?? "");
  const isAwaited = home?.isMirrored === true && status?.artifact?.collectedAt === undefined;
  const kept = Math.max(ttlSecondsAfterFinished * 1000, isAwaited ? COLLECT_MILLISECONDS : 0);
  const left = (Number.isNaN(ended) ? now.getTime() : ended) + kept - now.getTime();
  return Math.max(0, left / 1000) + SLACK_SECONDS;
}
