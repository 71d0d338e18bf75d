import { AGENT_STAGE_NAMES, AGENT_STAGES, FINAL_TASK_PHASES } from "@leanvibe/schema";

/** A step of a task on its way, as a person is told. */
export type Told = { progress: number; message: string; phase: string; stage: string | null };

/** Who is told while a task goes on. */
export type Watching = {
  tell: (told: Told) => void;
  /** What the agent does at the moment. */
  doing: (activity: string, progress: number) => void;
  /** What is to be known of the watch itself. */
  note: (line: string) => void;
  signal: AbortSignal;
};

const ICONS: Readonly<Record<string, string>> = {
  analysis: "🧠",
  architecture: "🏗️",
  code: "💻",
  tests: "🧪",
  validated: "✅",
  documentation: "📚",
};

export function isFinal(phase: string): boolean {
  return FINAL_TASK_PHASES.some((each) => each === phase);
}

/** `🧠 [15%] Task analysis complete` */
export function lineOf(told: Told): string {
  return `${iconOf(told)} [${told.progress}%] ${told.message}`;
}

function iconOf({ phase, stage, message }: Told): string {
  if (phase === "Succeeded") return "🎉";
  if (isFinal(phase)) return "❌";
  const reached = AGENT_STAGE_NAMES.find((name) => name === stage && AGENT_STAGES[name].text === message);
  return ICONS[reached ?? ""] ?? "⏳";
}

/** How far an AgentTask's status says that it is. */
export type Seen = {
  phase: string;
  stage: string | null;
  progress: number;
  attempt: number;
  /** Why it ended otherwise than well. */
  why: string;
  /** Why it does not go on, unless that was told before. */
  waits: string;
};

/**
 * What is new between two looks at an AgentTask, for who has no API to be told by. Whoever reached a stage has reached all
 * before it, also those that nobody saw. Pure.
 */
export function newsBetween(before: Seen | undefined, after: Seen): Told[] {
  const anew = before !== undefined && after.attempt > before.attempt && before.attempt > 0;
  const from = before === undefined || anew ? -1 : placeOf(before.stage);
  const entered = before?.phase !== after.phase;
  const isNew = anew || ((entered || after.waits !== "") && !isFinal(after.phase));
  const begun: Told[] = isNew ? [{ ...after, message: beginningOf(after, anew) }] : [];
  const stages = AGENT_STAGE_NAMES.slice(from + 1, placeOf(after.stage) + 1).flatMap((name): Told[] =>
    name === "done"
      ? []
      : [{ phase: "Running", stage: name, progress: AGENT_STAGES[name].progress, message: AGENT_STAGES[name].text }],
  );
  return [...begun, ...stages, ...(entered && isFinal(after.phase) ? [{ ...after, message: endOf(after) }] : [])];
}

function beginningOf({ phase, attempt, waits }: Seen, anew: boolean): string {
  const words = anew ? `Attempt ${attempt}` : phase;
  return waits === "" ? words : `${words}: ${waits}`;
}

function endOf({ phase, why }: Seen): string {
  if (phase === "Succeeded") return AGENT_STAGES.done.text;
  return why === "" ? phase : `${phase}: ${why}`;
}

const NAMES: readonly string[] = AGENT_STAGE_NAMES;

function placeOf(stage: string | null): number {
  return NAMES.indexOf(stage ?? "");
}
