import { TASK_PRIORITIES } from "@leanvibe/schema";
import { z } from "zod";
import type { Agent, TaskStep } from "../db/generated/client.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { PlacedTask } from "./rows.ts";
import { type agent, type TaskBody, type taskExecution, verification } from "./schema.ts";
import { PHASES, phase, stage } from "./words.ts";

const priority = z.enum(TASK_PRIORITIES);
const requirements = z.record(z.string(), z.unknown()).catch({});
const managedBy = z.enum(["api", "kubectl"]);

export function bodyOf(row: PlacedTask): TaskBody {
  const of = phase.parse(row.phase);
  return {
    id: row.id,
    tenant_id: row.tenantId,
    name: row.name,
    namespace: row.namespace,
    managed_by: managedBy.parse(row.managedBy),
    project_id: row.projectId,
    created_by: row.createdBy,
    retry_of: row.retryOf,
    title: row.title,
    description: row.description,
    priority: priority.parse(row.priority),
    language: row.language,
    model: row.model,
    requirements: requirements.parse(row.requirements),
    status: PHASES[of].status,
    phase: of,
    stage: stage.nullable().catch(null).parse(row.stage),
    progress: row.progress,
    activity: row.activity,
    queue_position: row.queuePosition,
    attempt: row.attempt,
    iterations: row.iterations,
    usage: {
      input_tokens: Number(row.inputTokens),
      output_tokens: Number(row.outputTokens),
      llm_calls: row.llmCalls,
      estimated: row.usageEstimated,
    },
    verification: verification.nullable().catch(null).parse(row.verification),
    verified: row.verified,
    issues: row.issues,
    reason: row.reason,
    message: row.message,
    code_ready: row.collectedAt !== null && row.artifactError === null,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    completed_at: row.endedAt?.toISOString() ?? null,
    updated_at: row.updatedAt.toISOString(),
  };
}

export function stepBody(row: TaskStep): z.output<typeof taskExecution> {
  return {
    id: row.id,
    agent_id: row.agentId,
    step: row.step,
    status: row.status === "failed" ? "failed" : "completed",
    prompt: row.prompt,
    output: row.output,
    ms: row.milliseconds,
    tokens: row.tokens,
    started_at: row.startedAt.toISOString(),
  };
}

export function agentBody(row: Agent): z.output<typeof agent> {
  return {
    id: row.id,
    agent_id: row.name,
    capabilities: CAPABILITIES.filter((each) => row.capabilities.includes(each)),
    languages: row.languages,
    tasks: row.tasks,
    first_seen_at: row.firstSeenAt.toISOString(),
    last_seen_at: row.lastSeenAt.toISOString(),
  };
}
