import {
  type Condition,
  type ConditionDraft,
  conditionsFrom,
  type EventDraft,
  eventsOfTransitions,
  type KubeObject,
  secondsPrecision,
} from "@leanvibe/runtime";
import { AGENT_TASK, type AgentTask, type AgentTaskConditionType, type AgentTaskStatus } from "@leanvibe/schema";
import type { Answer } from "./admission.ts";
import type { End } from "./finish.ts";
import { TOLD_AT_MOST } from "./line.ts";
import type { Progress } from "./progress.ts";
import type { TaskReason } from "./reasons.ts";
import type { Situation, Work } from "./situation.ts";
import type { Job } from "./world.ts";

type Draft = ConditionDraft & { type: AgentTaskConditionType; reason: TaskReason };
type Spoken = Exclude<Situation, { at: "quiet" }>;

/** The whole status; every field in every answer, an absent one as undefined, so that none of an earlier state is left behind. */
export function statusOf(task: AgentTask, situation: Spoken, job: Job | undefined, now: Date): AgentTaskStatus {
  const before = task.status ?? {};
  const at = secondsPrecision(now);
  return {
    observedGeneration: task.metadata.generation ?? 0,
    queuedTime: before.queuedTime,
    ...(situation.at === "end" && situation.end.phase === "Succeeded"
      ? situation.progress
      : unfinished(situation.progress)),
    ...(situation.at === "end" ? endOf(situation.end, at) : waitOf(situation, before, at)),
    jobName: job?.name ?? before.jobName,
    jobUID: job?.uid ?? before.jobUID,
    startTime: job?.createdAt ?? before.startTime,
    conditions: conditionsOf(task, situation, now),
  };
}

function endOf({ phase, issues }: End, at: string): Partial<AgentTaskStatus> {
  return {
    phase,
    queuePosition: undefined,
    completionTime: at,
    issues: issues.length > 0 ? [...issues] : undefined,
  };
}

function waitOf(
  situation: Exclude<Spoken, { at: "end" }>,
  { phase, queuedTime }: AgentTaskStatus,
  at: string,
): Partial<AgentTaskStatus> {
  const { position = TOLD_AT_MOST + 1 } = situation;
  const begins = situation.at === "Queued" && phase !== "Queued";
  return {
    phase: situation.at,
    queuePosition: situation.at === "Queued" && position <= TOLD_AT_MOST ? position : undefined,
    queuedTime: begins ? at : queuedTime,
    completionTime: undefined,
    issues: undefined,
  };
}

/** All of it is done only when it is a success, which the agent's word alone does not make it. */
function unfinished(progress: Progress): Progress {
  const { stage, progress: percent } = progress;
  return {
    ...progress,
    stage: stage === "done" ? "documentation" : stage,
    progress: percent === undefined ? undefined : Math.min(99, percent),
  };
}

function conditionsOf(task: AgentTask, situation: Spoken, now: Date): Condition[] {
  const { accepted, isolated } = situation;
  const drafts: Draft[] = [
    answered("Accepted", accepted),
    answered("Isolated", isolated),
    { type: "Progressing", ...(situation.at === "end" ? OVER : workOf(situation.work)) },
    { type: "Verified", ...verified(task, situation) },
    { type: "Succeeded", ...(situation.at === "end" ? succeeded(situation.end) : NOT_YET) },
  ];
  const at = { generation: task.metadata.generation ?? 0, now };
  return conditionsFrom(task.status?.conditions ?? [], drafts, at);
}

function answered(type: AgentTaskConditionType, { holds, reason, message }: Answer): Draft {
  return { type, status: holds ? "True" : "False", reason, message };
}

type Body = Omit<Draft, "type">;

const OVER: Body = { status: "False", reason: "Ended", message: "It has come to its end; see Succeeded." };
const NOT_YET: Body = { status: "Unknown", reason: "NotFinished", message: "It has not come to its end." };

function workOf({ status, reason, message }: Work): Body {
  return { status, reason, message: oneLine(message) };
}

function succeeded({ phase, reason, message }: End): Body {
  return { status: phase === "Succeeded" ? "True" : "False", reason, message: oneLine(message) };
}

/** What no acceptance case showed is not verified, whatever its own tests say. */
function verified({ spec }: AgentTask, situation: Spoken): Body {
  if ((spec.acceptance ?? []).length === 0) {
    const message = "spec.acceptance is empty: what the agent made was tested by its own tests alone.";
    return { status: "False", reason: "SelfTested", message };
  }
  if (situation.at !== "end") {
    return { status: "Unknown", reason: "NotFinished", message: "Its acceptance cases are judged at the end." };
  }
  const { total = 0, passed = 0 } = situation.progress.verification?.acceptance ?? {};
  const wanted = spec.acceptance?.length ?? 0;
  const message = `${passed} of ${wanted} acceptance cases passed.`;
  if (situation.end.phase === "Succeeded") return { status: "True", reason: "AcceptancePassed", message };
  if (total > 0 && passed < wanted) return { status: "False", reason: "AcceptanceFailed", message };
  const rest = passed < wanted ? message : `${message} What it fails by is in Succeeded.`;
  return { status: "False", reason: "NotVerified", message: rest };
}

/** Nothing that an agent or a runtime wrote breaks a line, or fills a screen. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length <= 1_024 ? line : `${line.slice(0, 1_023)}…`;
}

/** What keeps an agent from working and does not go by itself. */
const TOLD = new Set(["ImagePull", "Unschedulable", "ContainerNotCreated", "ReportRefused"]);

/** Few: the end, why it could not begin, and what a person has to look at. */
export function eventsOf({ status }: AgentTask, conditions: readonly Condition[]): EventDraft[] {
  const news = conditions.filter(({ type, status: value, reason }) => {
    if (type === "Succeeded") return true;
    return type === "Accepted" ? value === "False" : type === "Progressing" && TOLD.has(reason);
  });
  const told = eventsOfTransitions(status?.conditions ?? [], news);
  return told.map((event) => (TOLD.has(event.reason) ? { ...event, type: "Warning" } : event));
}

/** Of an object that no decision can be made for, or whose Job the API server refuses: what stood before, and why not. */
export function refusedStatus(
  object: KubeObject,
  why: string,
  now: Date,
): { status: AgentTaskStatus; events: EventDraft[] } {
  const parsed = AGENT_TASK.status.safeParse(object["status"]);
  const { artifact, ...before }: AgentTaskStatus = parsed.success ? parsed.data : {};
  const previous = before.conditions ?? [];
  const generation = object.metadata.generation ?? 0;
  const draft: Draft = { type: "Accepted", status: "False", reason: "Refused", message: oneLine(why) };
  const accepted = conditionsFrom(previous, [draft], { generation, now });
  const conditions = [...accepted, ...previous.filter(({ type }) => type !== draft.type)];
  const { collectedAt: _, ...own } = artifact ?? {};
  return {
    status: {
      ...before,
      ...(Object.keys(own).length === 0 ? {} : { artifact: own }),
      phase: before.phase ?? "Pending",
      observedGeneration: generation,
      conditions,
    },
    events: eventsOfTransitions(previous, accepted),
  };
}
