import type { AgentReason, AgentReport, AgentStage, TaskInput } from "@leanvibe/schema";
import { LANGUAGES } from "./languages/index.ts";
import { kindOf } from "./languages/kind.ts";
import { NO_USAGE, type Usage } from "./model/usage.ts";
import type { Profile, Work } from "./phases/work.ts";
import type { Measured } from "./quality.ts";
import type { Tried } from "./stuck.ts";

/** All that a task's work has come to; a value, replaced at each step. */
export type State = {
  work: Work;
  /** The last stage that is complete. */
  stage: AgentStage | undefined;
  /** Self-corrections so far. */
  iterations: number;
  tried: Tried;
  measured: Measured;
  usage: Usage;
};

export type Outcome = NonNullable<AgentReport["outcome"]>;

export function newState(task: TaskInput, profile: Profile): State {
  const language = LANGUAGES[task.language];
  const kind = profile.name === "function" ? "library" : kindOf(task);
  const work: Work = {
    task,
    profile,
    kind,
    language,
    analysis: undefined,
    architecture: undefined,
    code: task.source.filter(({ path }) => !language.isTest(path)),
    tests: task.source.filter(({ path }) => language.isTest(path)),
    documentation: [],
    cases: [],
    refuted: [],
  };
  return {
    work,
    stage: undefined,
    iterations: 0,
    tried: { states: [], errors: {} },
    measured: {},
    usage: NO_USAGE,
  };
}

/** An outcome within the report's bounds. */
export function outcomeOf(
  result: Outcome["result"],
  reason: AgentReason,
  message: string,
  issues: readonly string[] = [],
): Outcome {
  return {
    result,
    reason,
    message: cut(message, 1_024),
    issues: issues.slice(0, 20).map((issue) => cut(issue, 200)),
  };
}

/** In characters as JSON counts them, without half a surrogate pair at the end. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
