import type { Manifest } from "@leanvibe/runtime";
import { AGENT_LIMITS, AGENT_TASK, ANNOTATIONS, API_VERSION, parseAgentTask } from "@leanvibe/schema";
import { z } from "zod";
import type { Prisma, Task } from "../db/generated/client.ts";
import { type FieldFault, Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import type { TaskCreation } from "./schema.ts";

/** What of a task its object is made of. */
export type Specified = Pick<
  Task,
  "id" | "name" | "title" | "description" | "priority" | "language" | "model" | "desired"
> & {
  requirements: unknown;
  spec: unknown;
};

const record = z.record(z.string(), z.json());

/** What is asked for beyond what has a column of its own, in the words of the object's spec. */
export function moreOf({ source, acceptance, max_iterations, limits }: TaskCreation): Prisma.InputJsonObject {
  return JSON.parse(
    // What is undefined is left out.
    JSON.stringify({
      source,
      acceptance: acceptance?.map(({ expect: { exit_code, ...expected }, ...rest }) => ({
        ...rest,
        expect: { ...expected, exitCode: exit_code },
      })),
      maxIterations: max_iterations,
      limits: limits && {
        maxTokens: limits.max_tokens,
        activeDeadlineSeconds: limits.active_deadline_seconds,
      },
    }),
  );
}

/**
 * How long an AgentTask stays when it has ended: what it came to is here, and each takes a place of those that its plan
 * lets be in the cluster.
 */
const TTL_SECONDS = 3_600;

/** The AgentTask of a row. */
export function manifestOf(row: Specified, namespace: string): Manifest {
  const { title, description, priority, language, model, requirements, spec, desired } = row;
  const annotations = { [ANNOTATIONS.managedBy]: "api", [ANNOTATIONS.taskId]: row.id };
  return {
    apiVersion: API_VERSION,
    kind: AGENT_TASK.kind,
    metadata: { name: row.name, namespace, annotations },
    spec: {
      ...record.parse(spec),
      title,
      description,
      priority,
      language,
      ...(model === null ? {} : { model }),
      requirements,
      desiredState: desired,
      ttlSecondsAfterFinished: TTL_SECONDS,
    },
  };
}

/**
 * What the cluster would refuse is refused before anything is written.
 * @throws Refusal VALIDATION_FAILED, TASK_TOO_LARGE
 */
export function requireSound(row: Specified): void {
  const manifest = manifestOf(row, "default");
  const bytes = Buffer.byteLength(JSON.stringify(manifest));
  if (bytes > AGENT_LIMITS.taskBytes) {
    const detail = `The task has ${bytes} bytes; an agent is given ${AGENT_LIMITS.taskBytes} at most.`;
    throw new Refusal("TASK_TOO_LARGE", { detail });
  }
  const parsed = parseAgentTask(manifest);
  if (!parsed.ok) throw invalid(parsed.error.problems.map(faultOf));
}

function faultOf({ path, message }: { path: string; message: string }): FieldFault {
  return { path: snakeCase(path.replace(/^spec/, "body")), message };
}

function snakeCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const NAME_HEAD = 40;
const ID_TAIL = 8;

/** A name for its object: of its title what a name can hold, and the end of its id, so that no other has it. */
export function nameOf(title: string, id: string): string {
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, NAME_HEAD)
    .replaceAll(/^-+|-+$/g, "");
  return `${slug === "" ? "task" : slug}-${id.replaceAll("-", "").slice(-ID_TAIL)}`;
}
