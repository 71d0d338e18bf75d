import { PLANS, TASK_PHASES } from "@leanvibe/schema";
import { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf, pageQuery } from "../http/pages.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { bodyOf } from "./answers.ts";
import { type Concurrency, findTask, listTasks } from "./rows.ts";
import { task, taskCreation } from "./schema.ts";
import { cancelTask, createTask, retryTask } from "./tasks.ts";
import { PHASES, TASK_STATUSES } from "./words.ts";

export const READ = { access: "tenant", permission: "tasks:read" } as const;
const WRITE = { access: "tenant", permission: "tasks:write" } as const;
export const params = z.object({ id: z.uuid({ error: "must be the task's id" }) });
export const tags = ["tasks"];

const listQuery = pageQuery.extend({
  status: z.enum(TASK_STATUSES).optional().describe("Only those in this state."),
  project_id: z.uuid({ error: "must be a project's id" }).optional().describe("Only those of this project."),
});

/** /api/v1/tasks */
export function tasks(app: App, parts: Parts): void {
  reading(app, parts);
  making(app, parts);
  ending(app, parts);
}

export function concurrencyOf({ tenantId, plan }: Caller): Concurrency {
  return { tenantId, concurrent: PLANS[plan].concurrentAgentTasks };
}

function reading(app: App, { database }: Parts): void {
  app.get(
    "/api/v1/tasks",
    {
      config: READ,
      schema: {
        operationId: "listTasks",
        summary: "List the tasks",
        tags,
        querystring: listQuery,
        response: { 200: z.array(task), default: problem },
      },
    },
    async (request, reply) => {
      const { status, project_id: projectId } = request.query;
      const phases = status && TASK_PHASES.filter((phase) => PHASES[phase].status === status);
      const like = { phases, projectId };
      const rows = await listTasks(database, concurrencyOf(callerOf(request)), request.query, like);
      return pageOf(rows, request.query.limit, request, reply).map(bodyOf);
    },
  );
  app.get(
    "/api/v1/tasks/:id",
    {
      config: READ,
      schema: {
        operationId: "getTask",
        summary: "Get a task and how far it is",
        tags,
        params,
        response: { 200: task, default: problem },
      },
    },
    async (request) => bodyOf(await findTask(database, concurrencyOf(callerOf(request)), request.params.id)),
  );
}

function making(app: App, parts: Parts): void {
  app.post(
    "/api/v1/tasks",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "createTask",
        summary: "Give an agent a task",
        description:
          "It runs as an AgentTask in a namespace of your organization. More than the plan's at a time wait: queue_position says for how many.",
        tags,
        body: taskCreation,
        response: { 202: task, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, sender: caller, schema: task };
      const answer = await once(parts, request, asked, async (tx) => {
        const made = await createTask(tx, parts, caller, request.body);
        return { body: bodyOf(made), location: `/api/v1/tasks/${made.id}` };
      });
      return reply.code(202).headers(headersOf(answer)).send(answer.body);
    },
  );
  app.post(
    "/api/v1/tasks/:id/retry",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "retryTask",
        summary: "Run a task that has ended once more, as a new one",
        tags,
        params,
        response: { 202: task, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const asked = { tenantId: caller.tenantId, sender: caller, schema: task };
      const answer = await once(parts, request, asked, async (tx) => {
        const made = await retryTask(tx, parts, caller, id);
        return { body: bodyOf(made), location: `/api/v1/tasks/${made.id}` };
      });
      return reply.code(202).headers(headersOf(answer)).send(answer.body);
    },
  );
}

function ending(app: App, parts: Parts): void {
  app.post(
    "/api/v1/tasks/:id/cancel",
    {
      config: WRITE,
      schema: {
        operationId: "cancelTask",
        summary: "End a task; what is done by then is kept",
        tags,
        params,
        response: { 202: task, default: problem },
      },
    },
    async (request, reply) => {
      const cancelled = await cancelTask(parts, callerOf(request), request.params.id);
      return reply.code(202).send(bodyOf(cancelled));
    },
  );
}
