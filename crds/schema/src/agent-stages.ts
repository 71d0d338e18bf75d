/** How far a task is, by what is complete: the one table of stages, their progress in percent and their sentences. */
export const AGENT_STAGES = {
  analysis: { progress: 15, text: "Task analysis complete" },
  architecture: { progress: 25, text: "Architecture designed" },
  code: { progress: 50, text: "Code generated" },
  tests: { progress: 65, text: "Tests created" },
  validated: { progress: 80, text: "Code validated" },
  documentation: { progress: 90, text: "Documentation generated" },
  done: { progress: 100, text: "Task completed successfully" },
} as const;

export type AgentStage = keyof typeof AGENT_STAGES;

/** In the order in which they are reached. */
export const AGENT_STAGE_NAMES = [
  "analysis",
  "architecture",
  "code",
  "tests",
  "validated",
  "documentation",
  "done",
] as const satisfies readonly AgentStage[];

/** Where a task is in its life. */
export const TASK_PHASES = [
  "Pending",
  "Queued",
  "Running",
  "Suspended",
  "Succeeded",
  "Failed",
  "Cancelled",
  "TimedOut",
  "BudgetExceeded",
] as const;

export type TaskPhase = (typeof TASK_PHASES)[number];

/** Those that a task never leaves. */
export const FINAL_TASK_PHASES = [
  "Succeeded",
  "Failed",
  "Cancelled",
  "TimedOut",
  "BudgetExceeded",
] as const satisfies readonly TaskPhase[];

export type FinalTaskPhase = (typeof FINAL_TASK_PHASES)[number];

/** From the most to the least urgent. */
export const TASK_PRIORITIES = ["urgent", "high", "medium", "low"] as const;

export type TaskPriority = (typeof TASK_PRIORITIES)[number];

export const TASK_LANGUAGES = ["typescript", "python"] as const;

export type TaskLanguage = (typeof TASK_LANGUAGES)[number];

/** What an agent reports when it is through. What only Kubernetes can see, such as Evicted, is not among them. */
export const AGENT_REASONS = [
  "Completed",
  "AcceptanceFailed",
  "ValidationFailed",
  "QualityTooLow",
  "Stalled",
  "IterationsExhausted",
  "BudgetExceeded",
  "ContextLengthExceeded",
  "ModelUnavailable",
  "ModelRefused",
  "RateLimited",
  "PackageUnavailable",
  "LanguageUnavailable",
  "SandboxFailed",
  "SandboxOOMKilled",
  "InvalidTask",
] as const;

export type AgentReason = (typeof AGENT_REASONS)[number];
