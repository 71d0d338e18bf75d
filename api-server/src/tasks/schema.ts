import { AGENT_STAGE_NAMES, TASK_LANGUAGES, TASK_PHASES, TASK_PRIORITIES, workspacePath } from "@leanvibe/schema";
import { z } from "zod";
import { line, prose, text } from "../http/text.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { TASK_STATUSES } from "./words.ts";

const REQUIREMENTS_BYTES = 16_384;
const REQUIREMENTS_KEYS = 100;
/** Nobody means more, and some readers follow as deep as a document goes. */
const DEPTH_AT_MOST = 32;

const requirements = z
  .record(z.string(), z.unknown())
  .refine((value) => isKept(value, DEPTH_AT_MOST), {
    error: `must hold neither NUL nor half of a character, and nothing deeper than ${DEPTH_AT_MOST}`,
    abort: true,
  })
  .refine((value) => Object.keys(value).length <= REQUIREMENTS_KEYS, {
    error: `must have at most ${REQUIREMENTS_KEYS} names`,
  })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= REQUIREMENTS_BYTES, {
    error: `must be at most ${REQUIREMENTS_BYTES} bytes of JSON`,
  })
  .describe("What the result must have, by names of your own; each is looked at. At most 16 KiB of JSON.")
  .meta({ examples: [{ features: ["real_time_metrics", "export_reports"], performance: "sub_500ms_response" }] });

/** Whether PostgreSQL can keep it, to the last text in it. */
function isKept(value: unknown, depth: number): boolean {
  if (typeof value === "string") return !value.includes("\0") && value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(([name, inner]) => isKept(name, 1) && isKept(inner, depth - 1));
}

const path = workspacePath().meta({ examples: ["src/report.ts"] });

const sourceFile = z.strictObject({ path, content: text(65_536) });

const acceptanceCase = z.strictObject({
  name: line(100).meta({ examples: ["adds two numbers"] }),
  command: line(2_000)
    .optional()
    .describe("Program and arguments, run in the workspace without a shell.")
    .meta({ examples: ["node src/main.ts 1 2"] }),
  stdin: text(8_192).optional(),
  http: z
    .strictObject({
      method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
      path: z
        .string()
        .max(2_000)
        .regex(/^\/[!-~]*$/, { error: "must be a path such as /health?full=1" })
        .meta({ examples: ["/health"] }),
      body: text(8_192).optional(),
    })
    .optional(),
  expect: z.strictObject({
    exit_code: z.int().min(0).max(255).optional(),
    status: z.int().min(100).max(599).optional(),
    stdout: text(8_192).optional().describe("What comes out, apart from blanks and line ends at its end."),
    json: text(8_192).optional().describe("The same as JSON."),
  }),
});

export const taskCreation = z.strictObject({
  title: line(200).meta({ examples: ["Create user analytics dashboard API"] }),
  description: prose(8_192).meta({ examples: ["Build REST API endpoints for user activity analytics"] }),
  priority: z.enum(TASK_PRIORITIES).default("medium").describe("Urgent ones start first."),
  requirements: requirements.default({}),
  language: z.enum(TASK_LANGUAGES).default("typescript"),
  project_id: z.uuid({ error: "must be a project's id" }).optional(),
  model: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: "must be a model's name in the platform's table" })
    .optional()
    .describe("A model of the platform's table, by name; else its usual one.")
    .meta({ examples: ["coder-small"] }),
  source: z
    .array(sourceFile)
    .max(50)
    .optional()
    .describe("Files that are there already, to be corrected or continued.")
    .meta({ examples: [[{ path: "src/report.ts", content: "export {};\n" }]] }),
  acceptance: z
    .array(acceptanceCase)
    .max(50)
    .optional()
    .describe("Cases that decide whether the task is done. The model never sees them.")
    .meta({ examples: [[{ name: "adds", command: "node src/main.ts 1 2", expect: { stdout: "3" } }]] }),
  max_iterations: z.int().min(1).max(10).optional().describe("How often the agent may correct its own work; 3."),
  limits: z
    .strictObject({
      max_tokens: z.int().min(1_000).max(100_000_000).optional(),
      active_deadline_seconds: z.int().min(30).max(86_400).optional(),
    })
    .optional()
    .describe("What it may take at most."),
});

export type TaskCreation = z.output<typeof taskCreation>;

const count = z.int().min(0);
const percent = z.number().min(0).max(100);

export const verification = z
  .object({
    tests_total: count.optional(),
    tests_passed: count.optional(),
    tests_failed: count.optional(),
    coverage: percent.optional(),
    quality_score: percent.optional(),
    acceptance: z.object({ total: count, passed: count, failed: count }).optional(),
  })
  .describe("What was measured of the result; what was not is not there.");

export const task = z
  .object({
    id: z.uuid(),
    tenant_id: z.uuid(),
    name: z.string().describe("Of its AgentTask in the cluster."),
    namespace: z.string().nullable(),
    managed_by: z.enum(["api", "kubectl"]),
    project_id: z.uuid().nullable(),
    created_by: z.uuid().nullable().describe("Null of one that kubectl made."),
    retry_of: z.uuid().nullable(),
    title: z.string(),
    description: z.string(),
    priority: z.enum(TASK_PRIORITIES),
    language: z.string(),
    model: z.string().nullable(),
    requirements: z.record(z.string(), z.unknown()),
    status: z.enum(TASK_STATUSES),
    phase: z.enum(TASK_PHASES),
    stage: z.enum(AGENT_STAGE_NAMES).nullable().describe("The last stage that is complete."),
    progress: z.int().min(0).max(100),
    activity: z.string().nullable(),
    queue_position: z.int().min(1).nullable().describe("How many start before it, plus one; null where none does."),
    attempt: count,
    iterations: count,
    usage: z
      .object({
        input_tokens: count,
        output_tokens: count,
        llm_calls: count,
        estimated: z.boolean().describe("The model's server did not say all of it."),
      })
      .describe("As the agent says."),
    verification: verification.nullable(),
    verified: z.boolean().describe("Its acceptance cases passed, judged outside of the process that ran the code."),
    issues: z.array(z.string()),
    reason: z.string().nullable(),
    message: z.string().nullable(),
    code_ready: z.boolean(),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    completed_at: z.iso.datetime().nullable(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: "Task", description: "A task of an agent." });

export type TaskBody = z.output<typeof task>;

export const taskExecution = z
  .object({
    id: z.uuid(),
    agent_id: z.string(),
    step: z.string(),
    status: z.enum(["completed", "failed"]),
    prompt: z.string(),
    output: z.string(),
    ms: count,
    tokens: count,
    started_at: z.iso.datetime(),
  })
  .meta({ id: "TaskExecution", description: "One thing that an agent did." });

const file = z.object({ path: z.string(), content: z.string() });

export const taskCode = z
  .object({
    task_id: z.uuid(),
    lines_of_code: count,
    complexity: count,
    files: z.array(file),
    tests: z.array(file),
    documentation: z.array(file),
    truncated: z.array(z.string()).describe("What was cut so that all of it fits, by name."),
  })
  .meta({ id: "TaskCode", description: "What an agent made." });

export type TaskCodeBody = z.output<typeof taskCode>;

export const agent = z
  .object({
    id: z.uuid(),
    agent_id: z.string(),
    capabilities: z.array(z.enum(CAPABILITIES)).describe("What it was seen to do."),
    languages: z.array(z.string()),
    tasks: count,
    first_seen_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
  })
  .meta({ id: "Agent", description: "An agent that worked for your organization." });
