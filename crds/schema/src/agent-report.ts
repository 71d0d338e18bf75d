import { z } from "zod";
import { AGENT_REASONS, AGENT_STAGE_NAMES, TASK_LANGUAGES } from "./agent-stages.ts";
import { acceptanceCase, sourceFile } from "./agent-task-parts.ts";

/**
 * What an agent is given and what it says: the JSON between the operator, the program in the Job, and the API server. The
 * agent runs beside generated code, so what it says is parsed with these bounds by everybody who reads it.
 */

/** The most an agent may write, in bytes: JOB-report, and JOB-artifact compressed and with everything unpacked. */
export const AGENT_LIMITS = {
  reportBytes: 8_192,
  artifactBytes: 512 * 1024,
  /** Nobody reads further than this of what a small file unpacks to. */
  unpackedBytes: 16 * 1024 * 1024,
  /** Of what a task gives an agent: it stands in an annotation, of which Kubernetes takes 256 KiB together. */
  taskBytes: 192 * 1024,
} as const;

/** Keys in the agent's two ConfigMaps. */
export const AGENT_KEYS = { report: "report.json", artifact: "artifact.json.gz" } as const;

/** A task as the operator hands it to the agent, which has defaults applied already. */
export const taskInput = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  language: z.enum(TASK_LANGUAGES),
  requirements: z.record(z.string(), z.unknown()),
  acceptance: z.array(acceptanceCase),
  source: z.array(sourceFile),
  maxIterations: z.int().min(1),
  limits: z.object({ maxTokens: z.int().min(1).optional(), activeDeadlineSeconds: z.int().min(1).optional() }),
});

export type TaskInput = z.output<typeof taskInput>;

const atMost = (max: number) => z.string().max(max);
const line = (max: number) => atMost(max).regex(/^[^\p{Cc}]*$/u, "must be one line");
const figure = z.int().min(0).max(2_147_483_647);
const percent = z.number().min(0).max(100);

const usage = z.object({
  inputTokens: figure,
  outputTokens: figure,
  llmCalls: figure,
  /** Some answer came without its figures, and was counted conservatively. */
  estimated: z.boolean(),
});

const verification = z.object({
  testsTotal: figure,
  testsPassed: figure,
  testsFailed: figure,
  coverage: percent.optional(),
  qualityScore: percent.optional(),
  acceptance: z.object({ total: figure, passed: figure, failed: z.array(line(100)).max(10) }).optional(),
});

export type AgentVerification = z.output<typeof verification>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** JOB-report. A stage that is named is complete. */
export const agentReport = z.object({
  version: z.literal(1),
  podUID: atMost(64),
  stage: z.enum(AGENT_STAGE_NAMES).optional(),
  progress: z.int().min(0).max(100),
  activity: line(256),
  iterations: figure,
  usage,
  verification: verification.optional(),
  artifact: z.object({ sha256, sizeBytes: z.int().min(0).max(AGENT_LIMITS.artifactBytes) }).optional(),
  /** There when the agent is through. */
  outcome: z
    .object({
      result: z.enum(["Succeeded", "Failed", "BudgetExceeded"]),
      reason: z.enum(AGENT_REASONS),
      message: atMost(1_024),
      issues: z.array(atMost(200)).max(20),
    })
    .optional(),
});

export type AgentReport = z.output<typeof agentReport>;

/** One thing that the agent did. */
const taskExecution = z.object({
  agent_id: atMost(100),
  step: atMost(100),
  status: z.enum(["completed", "failed"]),
  prompt: z.string(),
  output: z.string(),
  ms: z.int().min(0),
  tokens: figure,
  started_at: z.iso.datetime(),
});

export type TaskExecution = z.output<typeof taskExecution>;

/** JOB-artifact, unpacked. */
export const agentArtifact = z.object({
  version: z.literal(1),
  files: z.array(sourceFile).max(200),
  tests: z.array(sourceFile).max(200),
  documentation: z.array(sourceFile).max(50),
  steps: z.array(taskExecution).max(1_000),
  /** Where a next pod goes on. */
  checkpoint: z.object({ stage: z.enum(AGENT_STAGE_NAMES).optional(), iterations: figure, data: z.unknown() }),
  verification: verification.optional(),
  linesOfCode: figure,
  complexity: figure,
  /** What was cut so that all of it fits, by name. */
  truncated: z.array(line(200)).max(200),
});

export type AgentArtifact = z.output<typeof agentArtifact>;
