import {
  AGENT_STAGE_NAMES,
  AGENT_STAGES,
  type AgentStage,
  FINAL_TASK_PHASES,
  type FinalTaskPhase,
  TASK_PHASES,
  type TaskPhase,
} from "@leanvibe/schema";
import { z } from "zod";

/** What the API calls a task's state; the phase beside it says more. */
export const TASK_STATUSES = ["pending", "in_progress", "completed", "failed"] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Of each phase, its status and a sentence for who watches. */
export const PHASES: Readonly<Record<TaskPhase, { status: TaskStatus; text: string }>> = {
  Pending: { status: "pending", text: "Task accepted" },
  Queued: { status: "pending", text: "Waiting for a free place" },
  Running: { status: "in_progress", text: "An agent is at work" },
  Suspended: { status: "in_progress", text: "Suspended" },
  Succeeded: { status: "completed", text: AGENT_STAGES.done.text },
  Failed: { status: "failed", text: "Task failed" },
  Cancelled: { status: "failed", text: "Task cancelled" },
  TimedOut: { status: "failed", text: "Task took too long" },
  BudgetExceeded: { status: "failed", text: "Task used up its budget" },
};

export const phase = z.enum(TASK_PHASES);
export const stage = z.enum(AGENT_STAGE_NAMES);

export function isFinal(of: string): of is FinalTaskPhase {
  return FINAL_TASK_PHASES.some((each) => each === of);
}

/** How far a task is, as far as those who watch it see. */
export type Standing = {
  phase: TaskPhase;
  stage: AgentStage | null;
  progress: number;
  attempt: number;
  /** Why it ended as it did. */
  message: string | null;
};

export type Happening = Omit<Standing, "message"> & { message: string };

/**
 * What those who watch are told when a task has come from one standing to another. Stages that were reached between two
 * looks are told one by one: whoever reaches one has reached all before it. Pure.
 */
export function happenings(before: Standing | undefined, after: Standing): Happening[] {
  const anew = before !== undefined && after.attempt > before.attempt && before.attempt > 0;
  const told: Happening[] = [];
  const tell = (message: string, at: Partial<Standing> = {}) => told.push({ ...after, ...at, message });
  if (anew) tell(`Attempt ${after.attempt} begins: another pod goes on`, { phase: "Running" });
  const entered = before === undefined || before.phase !== after.phase;
  if (entered && !isFinal(after.phase)) tell(PHASES[after.phase].text, startOf(before, after));
  const reached = before === undefined || anew ? -1 : placeOf(before.stage);
  for (const name of AGENT_STAGE_NAMES.slice(reached + 1, placeOf(after.stage) + 1)) {
    const { progress, text } = AGENT_STAGES[name];
    // Its end is told by the phase: no agent alone says that a task is done.
    if (name !== "done") tell(text, { phase: isFinal(after.phase) ? "Running" : after.phase, stage: name, progress });
  }
  if (entered && isFinal(after.phase)) tell(endOf(after));
  return told;
}

function startOf(before: Standing | undefined, { attempt }: Standing): Partial<Standing> {
  return { stage: before?.stage ?? null, progress: before?.progress ?? 0, attempt };
}

function endOf({ phase: of, message }: Standing): string {
  const { text } = PHASES[of];
  return of === "Succeeded" || message === null || message === "" ? text : `${text}: ${message}`;
}

function placeOf(of: AgentStage | null): number {
  return of === null ? -1 : AGENT_STAGE_NAMES.indexOf(of);
}

/**
 * How many start before a task that waits, plus one; null where there is a place for it already.
 * @param place of it among all of its tenant that wait, from 1
 */
export function queuePosition(place: number, running: number, concurrent: number): number | null {
  const free = Math.max(0, concurrent - running);
  return place <= free ? null : place - free;
}
