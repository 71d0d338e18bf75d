import { Readable } from "node:stream";
import { z } from "zod";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { bearerToken, callerOf } from "../http/identify.ts";
import { pageOf, pageQuery, rowsOf } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { agentBody, stepBody } from "./answers.ts";
import { readCode, zipOf } from "./code.ts";
import { eventsAfter, follow, lastEventId, streams, WHOLE_MILLISECONDS } from "./follow.ts";
import { concurrencyOf, params, READ, tags } from "./routes.ts";
import { findTask, hasEnded } from "./rows.ts";
import { agent, taskCode, taskExecution } from "./schema.ts";

const binary = z.custom<Readable>().meta({ type: "string", format: "binary" });
const lines = z.custom<Readable>().meta({ type: "string" });

/** What tasks come to: their log, their code, their progress as it happens, and who worked at them. */
export function taskResults(app: App, parts: Parts): void {
  steps(app, parts);
  code(app, parts);
  events(app, parts);
  agents(app, parts);
}

function steps(app: App, { database }: Parts): void {
  app.get(
    "/api/v1/tasks/:id/steps",
    {
      config: READ,
      schema: {
        operationId: "listTaskSteps",
        summary: "What an agent did, step by step",
        tags,
        params,
        querystring: pageQuery,
        response: { 200: z.array(taskExecution), default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const { id: taskId } = await findTask(database, concurrencyOf(caller), request.params.id);
      const { after, order } = rowsOf(request.query);
      const rows = await database.read(tenantId, (db) =>
        db.taskStep.findMany({ where: { tenantId, taskId, ...after }, ...order }),
      );
      return pageOf(rows, request.query.limit, request, reply).map(stepBody);
    },
  );
}

function code(app: App, { database }: Parts): void {
  app.get(
    "/api/v1/tasks/:id/code",
    {
      config: READ,
      schema: {
        operationId: "getTaskCode",
        summary: "What an agent made: as JSON, or as a ZIP by Accept or ?format=zip",
        tags,
        params,
        querystring: z.object({ format: z.enum(["json", "zip"]).optional() }),
        response: {
          200: {
            description: "The files.",
            content: { "application/json": { schema: taskCode }, "application/zip": { schema: binary } },
          },
          default: problem,
        },
      },
    },
    async (request, reply) => {
      const found = await readCode(database, callerOf(request).tenantId, request.params.id);
      const accepts = request.headers.accept ?? "";
      const { format = accepts.includes("application/zip") ? "zip" : "json" } = request.query;
      if (format === "json") return reply.code(200).type("application/json; charset=utf-8").send(found);
      return reply
        .code(200)
        .type("application/zip")
        .header("Content-Disposition", `attachment; filename="${found.task_id}.zip"`)
        .send(zipOf(found));
    },
  );
}

function events(app: App, { database, news, callers }: Parts): void {
  const open = streams();
  const closing = new AbortController();
  app.addHook("preClose", async () => closing.abort());
  app.get(
    "/api/v1/tasks/:id/events",
    {
      config: READ,
      exposeHeadRoute: false,
      handlerTimeout: WHOLE_MILLISECONDS + 60_000,
      schema: {
        operationId: "watchTask",
        summary: "A task's progress as it happens, as an event stream",
        description:
          "Events `progress` are numbered: who comes again with Last-Event-ID goes on after it. The stream ends with the task; 204 says that there is nothing more to come.",
        tags,
        params,
        headers: z.looseObject({
          "last-event-id": lastEventId.optional().describe("The id of the last event that you have."),
        }),
        response: {
          200: { description: "Events.", content: { "text/event-stream": { schema: lines } } },
          204: z.null().describe("The task has ended, and you have all of it."),
          default: problem,
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const after = lastEventId.catch(0).parse(request.headers["last-event-id"] ?? 0);
      const found = await findTask(database, concurrencyOf(caller), request.params.id);
      const at = { tenantId, taskId: found.id, after };
      if (hasEnded(found) && (await eventsAfter(database, at)).length === 0) return reply.code(204).send(null);
      const leave = open.enter(tenantId);
      const token = bearerToken(request) ?? "";
      const mayGoOn = () =>
        callers.callerOf(token).then(
          ({ hold, lifecycle }) => hold === null && lifecycle !== "deleted",
          () => false,
        );
      const gone = new AbortController();
      const end = () => {
        leave();
        gone.abort();
      };
      // However it ends. Trap: a stream that is waited for in its generator does not hear that its reader went.
      reply.raw.once("close", end);
      // Trap: who went while the task was looked for has said so already.
      if (reply.raw.destroyed) end();
      const signal = AbortSignal.any([closing.signal, gone.signal]);
      const stream = Readable.from(follow({ database, news, ...at, mayGoOn, signal }));
      return (
        reply
          .code(200)
          .type("text/event-stream")
          .header("Cache-Control", "no-store")
          .header("X-Accel-Buffering", "no")
          // When the server stops, one that is kept for a next request would be waited for.
          .header("Connection", "close")
          .send(stream)
      );
    },
  );
}

function agents(app: App, { database }: Parts): void {
  app.get(
    "/api/v1/agents",
    {
      config: READ,
      schema: {
        operationId: "listAgents",
        summary: "The agents that worked for the organization, and what they were seen to do",
        tags,
        querystring: pageQuery,
        response: { 200: z.array(agent), default: problem },
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { after, order } = rowsOf(request.query);
      const rows = await database.read(tenantId, (db) =>
        db.agent.findMany({ where: { tenantId, ...after }, ...order }),
      );
      return pageOf(rows, request.query.limit, request, reply).map(agentBody);
    },
  );
}
