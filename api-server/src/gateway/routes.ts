import { randomUUID } from "node:crypto";
import { messageOf } from "@leanvibe/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import type { Cluster } from "../cluster/connection.ts";
import type { Database } from "../db/database.ts";
import { ERRORS, Refusal } from "../errors/catalogue.ts";
import { PROBLEM_MEDIA_TYPE } from "../errors/problem.ts";
import { refusalOf } from "../errors/refused.ts";
import { bearerToken } from "../http/identify.ts";
import { loggedRequest } from "../http/logged.ts";
import { answerUnread } from "../http/wire.ts";
import type { Parts } from "../parts.ts";
import { type Agent, Agents } from "./agents.ts";
import { Calls } from "./calls.ts";
import { Keys, publishedBy } from "./keys.ts";
import type { Models } from "./models.ts";
import { gatewayProblem } from "./refusals.ts";
import { refusalOfBody } from "./request.ts";
import { PATIENCE, type Patience } from "./upstream.ts";

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const REQUEST_MILLISECONDS = 30_000;
const RETRY_SECONDS = 5;
export const TASK_HEADER = "x-leanvibe-task";

/** What agents find there; the list in the docs is made of it. */
export const GATEWAY_ROUTES = {
  chat: {
    method: "POST",
    url: "/v1/chat/completions",
    summary: "Ask a model, in one answer or piece by piece, within the budgets of month and task",
  },
  models: { method: "GET", url: "/v1/models", summary: "The models there are, and how much each reads and writes" },
} as const;

export type GatewayParts = Pick<Parts, "cluster" | "config" | "database" | "log">;

export type GatewayOptions = { models: Models; patience?: Patience };

/**
 * The way of agents to models, on a port of its own: what speaks to agents is reached by agents alone, and reaches nothing
 * of the API's. Without a port until it listens.
 */
export function buildGateway(parts: GatewayParts, { models, patience = PATIENCE }: GatewayOptions): FastifyInstance {
  const { config, database, cluster, log } = parts;
  const answer = answering(config.publicUrl);
  const app = fastify({
    loggerInstance: log.child({ part: "gateway" }, { serializers: { req: loggedRequest } }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_MILLISECONDS,
    // Who takes nothing of what was left for it is not kept a connection for.
    connectionTimeout: patience.whole + REQUEST_MILLISECONDS,
    frameworkErrors: answer,
    clientErrorHandler: answerUnread(config.publicUrl),
    return503OnClosing: false,
  });
  app.setErrorHandler(answer);
  readSimple(app);
  app.setNotFoundHandler(({ method }) => {
    throw new Refusal("ROUTE_NOT_FOUND", {
      detail: `There is no ${method} of this path; there is POST /v1/chat/completions.`,
    });
  });
  const agents = cluster && agentsOf(cluster, database);
  const calls = new Calls({ database, log, models, patience });
  const agentOf = async (request: FastifyRequest): Promise<Agent> => {
    if (agents === undefined) throw new Refusal("CLUSTER_UNAVAILABLE", { retryAfterSeconds: RETRY_SECONDS });
    const token = bearerToken(request);
    if (token === undefined) throw new Refusal("AGENT_NOT_RECOGNIZED");
    return await agents.agentOf(token, taskHeader(request));
  };
  // Before the body is read: who is nobody is not listened to.
  const known = new WeakMap<FastifyRequest, Agent>();
  const onRequest = async (request: FastifyRequest) => void known.set(request, await agentOf(request));
  app.post(GATEWAY_ROUTES.chat.url, { onRequest }, async (request, reply) => {
    const agent = known.get(request);
    if (agent === undefined) throw new Refusal("AGENT_NOT_RECOGNIZED");
    const { type, body } = await calls.answer(agent, request.body, goneOf(reply));
    return reply.code(200).type(type).header("Cache-Control", "no-store").send(body);
  });
  app.get(GATEWAY_ROUTES.models.url, { onRequest }, async () => ({
    object: "list",
    data: models.all.map(({ name, contextTokens, maxOutputTokens }) => ({
      id: name,
      object: "model",
      created: 0,
      owned_by: "leanvibe",
      context_tokens: contextTokens,
      max_output_tokens: maxOutputTokens,
    })),
  }));
  app.addHook("onClose", () => calls.settled());
  return app;
}

function agentsOf(cluster: Cluster, database: Database): Agents {
  const keys = new Keys({ published: () => publishedBy(cluster) });
  return new Agents({ transport: cluster.transport, database, keys });
}

/** One that parses long would keep all others waiting. */
function readSimple(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request: FastifyRequest, body: Buffer, done) => {
    const refused = refusalOfBody(body);
    if (refused === undefined) parse(request, body.toString("utf8"), done);
    else done(refused);
  });
}

const header = z.string().max(200);

/** Of two, one might be for us and the other for a proxy. @throws Refusal TASK_NOT_OF_AGENT, HEADER_REPEATED */
function taskHeader({ headers, raw }: FastifyRequest): string {
  const times = raw.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === TASK_HEADER).length;
  if (times > 1) throw new Refusal("HEADER_REPEATED", { detail: `The header ${TASK_HEADER} is there twice.` });
  const { data } = header.safeParse(headers[TASK_HEADER]);
  if (data === undefined)
    throw new Refusal("TASK_NOT_OF_AGENT", { detail: `The header ${TASK_HEADER} is needed: NAMESPACE/NAME.` });
  return data;
}

/** Aborted when the client goes away before it has the whole answer. */
function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new Error("the client went away"));
  });
  return gone.signal;
}

/** Every refusal leaves by this, in both shapes. */
function answering(publicUrl: string) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const refusal = refusalOf(error);
    const { status } = ERRORS[refusal.code];
    const { retryAfterSeconds, note } = refusal.options;
    const { cause } = refusal.options;
    const about = { error_code: refusal.code, note, ...(cause === undefined ? {} : { cause: messageOf(cause) }) };
    if (status >= 500) request.log.warn(about, refusal.message);
    else request.log.debug(about, refusal.message);
    if (retryAfterSeconds !== undefined) reply.header("Retry-After", String(retryAfterSeconds));
    const body = gatewayProblem(refusal, { requestId: request.id, publicUrl });
    return reply
      .code(status)
      .header("X-Request-Id", request.id)
      .type(PROBLEM_MEDIA_TYPE)
      .serializer(JSON.stringify)
      .send(body);
  };
}
