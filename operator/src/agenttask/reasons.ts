import { AGENT_REASONS, type AgentReason, type AgentTaskConditionType } from "@leanvibe/schema";

/** What keeps a pod from beginning; a task may end with it. */
const HINDRANCES = ["Unschedulable", "ImagePull", "ContainerNotCreated"] as const;

/** What keeps a task from being let in. */
const REFUSALS = ["NoTenant", "NamespaceTerminating", "TenantSuspended", "TooLarge", "Refused"] as const;

/** Every reason that a condition of an AgentTask gives, beside those that its agent reports. docs/agents.md has them all. */
export const TASK_REASONS = {
  Accepted: ["Accepted", ...REFUSALS],
  Isolated: ["FenceStands", "WaitingForFence", "NetworkUnproven"],
  Progressing: [
    "AgentWorking",
    "Starting",
    "PodSucceeded",
    "Queued",
    "Cancelling",
    "Suspended",
    "ReportRefused",
    "Ended",
    ...HINDRANCES,
  ],
  Verified: ["SelfTested", "AcceptancePassed", "AcceptanceFailed", "NotVerified", "NotFinished"],
  Succeeded: [
    ...AGENT_REASONS,
    ...HINDRANCES,
    "AgentFailed",
    "NoReport",
    "AgentCrashed",
    "OOMKilled",
    "Evicted",
    "PodLost",
    "EndNotSeen",
    "JobDeleted",
    "DeadlineExceeded",
    "QueueTimeout",
    "NoRealNodes",
    "TooLarge",
    "Cancelled",
    "NotFinished",
  ],
} as const satisfies Record<AgentTaskConditionType, readonly string[]>;

export type TaskReason = (typeof TASK_REASONS)[AgentTaskConditionType][number];

/** Ends that somebody has to do something about. */
export type Trouble = Exclude<(typeof TASK_REASONS)["Succeeded"][number], "Completed" | "Cancelled" | "NotFinished">;

/** What is so, in a word for programs and a sentence for people. */
export type Finding<R extends TaskReason = TaskReason> = { reason: R; message: string };

/** What a person does about each: the end of its message. A spec is fixed, so the next try is a new AgentTask. */
export const NEXT_STEPS: Readonly<Record<Trouble, string>> = {
  AcceptanceFailed:
    "Read status.issues, say in spec.description what these cases want, or raise spec.maxIterations, in a new AgentTask.",
  ValidationFailed: "Read status.issues, and say more exactly in spec.description what is wanted, in a new AgentTask.",
  QualityTooLow:
    "What it made is kept and passes its tests: take it as it is, or raise spec.maxIterations in a new AgentTask.",
  Stalled: "Try a smaller task, or another spec.model, in a new AgentTask.",
  IterationsExhausted: "Read status.issues, and raise spec.maxIterations or divide the task, in a new AgentTask.",
  BudgetExceeded:
    "Raise spec.limits.maxTokens in a new AgentTask, or wait for the next month of the Tenant's budget, or take a larger plan.",
  ContextLengthExceeded:
    "Shorten spec.description and spec.source, or name a spec.model that holds more, in a new AgentTask.",
  ModelUnavailable: "Ask the platform whether the model's server runs; then create a new AgentTask.",
  ModelRefused:
    "Leave spec.model out for the usual one, or name one that the platform offers and prices, in a new AgentTask; else ask the platform.",
  RateLimited: "Create a new AgentTask later, or one with another spec.model.",
  PackageUnavailable: "Say in spec.description that it is to do without these packages, in a new AgentTask.",
  LanguageUnavailable: "Take another spec.language, or ask the platform for an agent's image that has this one.",
  SandboxFailed: "kubectl logs of the pod in status.podName with -c sandbox says more; then create a new AgentTask.",
  InvalidTask: "Ask the platform: operator and AGENT_IMAGE are of different releases, as a rule.",
  AgentFailed: "Read status.issues and kubectl logs of the pod in status.podName; then create a new AgentTask.",
  NoReport: "kubectl logs of that pod says what it did, and whether it reached the API server.",
  AgentCrashed: "kubectl logs of that pod says more; then create a new AgentTask.",
  OOMKilled:
    "Its memory is not the one of spec.resources: shorten spec.source in a new AgentTask, and tell the platform.",
  SandboxOOMKilled: "Raise spec.resources.memory in a new AgentTask.",
  Evicted: "kubectl get events says why, kubectl describe nodes who has room; then create a new AgentTask.",
  PodLost: "kubectl get events may say who deleted it; create a new AgentTask.",
  EndNotSeen: "See kubectl describe job, tell the platform, and create a new AgentTask.",
  JobDeleted: "Create a new AgentTask, and leave its Job alone: spec.desiredState Cancel ends it.",
  DeadlineExceeded: "Raise spec.limits.activeDeadlineSeconds or divide the task, in a new AgentTask.",
  QueueTimeout:
    "Cancel tasks that wait before it, raise spec.priority, or take a larger plan; then create a new AgentTask.",
  NoRealNodes: "Use a cluster with real nodes.",
  TooLarge: "Make a new AgentTask that is smaller.",
  Unschedulable: "Lower spec.resources in a new AgentTask, or add nodes.",
  ImagePull: "Ask the platform to look at its setting AGENT_IMAGE, and at the registry.",
  ContainerNotCreated: "kubectl describe pod says more; ask the platform.",
};

/** Longer, and a status would be cut at the end, where the next step stands. */
const SAID_CHARACTERS = 700;

/** What is so, and then what to do about it. */
export function trouble<R extends Trouble>(reason: R, what: string): Finding<R> {
  const text = what.trim();
  const said = text.length <= SAID_CHARACTERS ? text : `${text.slice(0, SAID_CHARACTERS)}…`;
  return { reason, message: `${/[.!?…]$/.test(said) ? said : `${said}.`} ${NEXT_STEPS[reason]}` };
}

/** An agent's own words are a report's; that it is to be believed was looked at before. */
export function isTrouble(reason: AgentReason): reason is Exclude<AgentReason, "Completed"> {
  return reason !== "Completed";
}
