import {
  AGENT_LIMITS,
  type AgentTask,
  FINAL_TASK_PHASES,
  type FinalTaskPhase,
  type TaskInput,
  type TaskPhase,
} from "@leanvibe/schema";
import type { AgentSettings } from "../config.ts";
import { type Finding, trouble } from "./reasons.ts";
import type { Fence, Home } from "./world.ts";

/** Whether something holds, and what to do where it does not. */
export type Answer = Finding & { holds: boolean };

const REQUIREMENTS_BYTES = 16 * 1024;

export function isFinal(phase: TaskPhase | undefined): phase is FinalTaskPhase {
  return FINAL_TASK_PHASES.some((final) => final === phase);
}

/** What the agent is given. Its acceptance cases are for the agent's own eyes: no model and no sandbox is shown them. */
export function inputOf({ metadata, spec }: AgentTask): TaskInput {
  const { title, description, language, requirements, acceptance = [], source = [], maxIterations, limits } = spec;
  const { maxTokens, activeDeadlineSeconds } = limits;
  return {
    name: metadata.name,
    title,
    description,
    language,
    requirements,
    acceptance,
    source,
    maxIterations,
    limits: { activeDeadlineSeconds, ...(maxTokens === undefined ? {} : { maxTokens }) },
  };
}

/** Why the task can never be run, however long one waits: its spec is fixed. Undefined where it can. */
export function tooLarge(task: AgentTask): Finding<"TooLarge"> | undefined {
  const requirements = bytesOf(task.spec.requirements);
  if (requirements > REQUIREMENTS_BYTES) {
    return trouble(
      "TooLarge",
      `spec.requirements are ${requirements} bytes of JSON, of at most ${REQUIREMENTS_BYTES}.`,
    );
  }
  const whole = bytesOf(inputOf(task));
  if (whole <= AGENT_LIMITS.taskBytes) return undefined;
  return trouble(
    "TooLarge",
    `The task is ${whole} bytes of JSON with its source and acceptance cases, of at most ${AGENT_LIMITS.taskBytes}.`,
  );
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** May the task run in its namespace now? */
export function admission(home: Home | undefined, settings: AgentSettings): Answer {
  if (home === undefined) {
    return {
      holds: false,
      reason: "NoTenant",
      message: "The namespace is no Tenant's; create the AgentTask in a namespace of a Tenant.",
    };
  }
  if (home.isGoing) {
    return {
      holds: false,
      reason: "NamespaceTerminating",
      message: "The namespace is being deleted, and the task goes with it.",
    };
  }
  if (home.isSuspended) {
    return {
      holds: false,
      reason: "TenantSuspended",
      message: `Tenant ${home.tenant} is suspended; the task goes on when it is resumed.`,
    };
  }
  const direct =
    settings.direct === undefined
      ? ""
      : " Its model is asked without the platform's gateway: usage is as the agent says, and no budget stops it.";
  return { holds: true, reason: "Accepted", message: `Tenant ${home.tenant} may run it.${direct}` };
}

/** Does everything stand that keeps an agent in? */
export function isolation({ missing, network }: Fence, settings: AgentSettings): Answer {
  if (missing.length > 0) {
    return {
      holds: false,
      reason: "WaitingForFence",
      message: `Being made by the operator: ${missing.join(", ")}. If this stays, see the condition Ready of the Tenant.`,
    };
  }
  if (network === "Enforced") {
    return {
      holds: true,
      reason: "FenceStands",
      message: "The fence stands, and this cluster was seen to enforce it.",
    };
  }
  const unproven = "this cluster was not seen to enforce network policies (condition NetworkIsolated of the Tenant)";
  if (settings.requireEnforcedNetwork) {
    return {
      holds: false,
      reason: "NetworkUnproven",
      message: `The platform runs agents only where policies are enforced, and ${unproven}.`,
    };
  }
  return {
    holds: true,
    reason: "FenceStands",
    message: `The fence stands; ${unproven}. What the agent's code may do is bounded by its sandbox all the same.`,
  };
}
