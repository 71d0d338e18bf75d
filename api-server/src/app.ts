import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";

import { accounts } from "./accounts/routes.ts";
import { countRequests } from "./analytics/collect.ts";
import { analyticsRoutes } from "./analytics/routes.ts";
import { auditTrail } from "./audit/routes.ts";
import type { Config } from "./config.ts";
import { ERRORS, Refusal } from "./errors/catalogue.ts";
import { errorPages } from "./errors/pages.ts";
import { PROBLEM_MEDIA_TYPE, problemOf } from "./errors/problem.ts";
import { refusalOf } from "./errors/refused.ts";
import { exports } from "./export/routes.ts";
import { measure } from "./health/metrics.ts";
import { health } from "./health/routes.ts";
import { requireDeclarations } from "./http/access.ts";
import { callerKey } from "./http/address.ts";
import { docs } from "./http/docs.ts";
import { setHeaders } from "./http/headers.ts";
import { identify } from "./http/identify.ts";
import { loggedRequest, logOf } from "./http/logged.ts";
import { describeRoutes, openApiDocument } from "./http/openapi.ts";
import { losePatience } from "./http/patience.ts";
import { answerUnread, readOneWay, refuseUnrouted } from "./http/wire.ts";
import { members } from "./members/routes.ts";
import type { Parts } from "./parts.ts";
import { guardPlatform } from "./platform/guard.ts";
import { platform } from "./platform/routes.ts";
import { projects } from "./projects/routes.ts";
import { tenantSettings } from "./settings/routes.ts";
import { taskResults } from "./tasks/results.ts";
import { tasks } from "./tasks/routes.ts";
import { tenants } from "./tenants/routes.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import { welcome } from "./welcome/routes.ts";

/** A Fastify instance whose schemas are zod's. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** Later answers would come when nobody waits for them any more. */
const EVENT_LOOP_DELAY_MILLISECONDS = 1_000;
const RETRY_SECONDS = 5;
const REQUEST_MILLISECONDS = 30_000;
const CHECKED_MILLISECONDS = 2_000;
const BODY_LIMIT_BYTES = 1_048_576;

/** Once it is stopping, whoever sends requests is told to send them elsewhere, and still answered. */
export type Life = { readonly stopping: boolean };

/** The application without a port: it can be asked by `inject` and opened by `server.ts`. */
export async function buildApp(parts: Parts, life: Life = { stopping: false }): Promise<App> {
  const { config, log } = parts;
  const answer = answering(config.publicUrl);
  const app: App = fastify({
    loggerInstance: log.child({}, { serializers: { req: loggedRequest } }),
    childLoggerFactory: logOf,
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: config.trustedProxies.length === 0 ? false : config.trustedProxies,
    // Never the caller's: two callers could choose the same one, and the log would mix them.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // Fastify's own is none: a body that comes a byte at a time would be waited for without end.
    requestTimeout: REQUEST_MILLISECONDS,
    http: { connectionsCheckingInterval: CHECKED_MILLISECONDS },
    frameworkErrors: answer,
    clientErrorHandler: answerUnread(config.publicUrl),
    routerOptions: { maxParamLength: 200 },
    // What still comes on a connection that is open is answered as ever; it is the last of that connection.
    return503OnClosing: false,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answer);
  measure(app, parts.metrics);
  countRequests(app, parts.requests);
  losePatience(app);
  await setHeaders(app);
  // Also of one that came before: else its connection stays open until the caller thinks of it.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (life.stopping) reply.header("Connection", "close");
    done();
  });
  await guard(app, config);
  readOneWay(app);
  refuseUnrouted(app);
  // The libraries' own routes (a preflight's) come before; everything of ours comes after.
  requireDeclarations(app);
  identify(app, parts);
  guardPlatform(app, parts);
  openApiDocument(app);
  docs(app);
  errorPages(app);
  health(app, parts, life);
  accounts(app, parts);
  analyticsRoutes(app, parts);
  projects(app, parts);
  tenants(app, parts);
  members(app, parts);
  tenantSettings(app, parts);
  platform(app, parts);
  welcome(app, parts);
  auditTrail(app, parts);
  exports(app, parts);
  webhookRoutes(app, parts);
  tasks(app, parts);
  taskResults(app, parts);
  return app;
}

/** What stands before every route: headers, what a browser may do, and refusals rather than answers that come too late. */
async function guard(app: App, config: Config): Promise<void> {
  await app.register(cors, {
    origin: config.corsOrigins,
    exposedHeaders: ["ETag", "Idempotent-Replayed", "Link", "X-Next-Cursor", "X-Request-Id"],
  });
  await app.register(underPressure, {
    maxEventLoopDelay: EVENT_LOOP_DELAY_MILLISECONDS,
    pressureHandler: () => {
      throw new Refusal("OVERLOADED", { retryAfterSeconds: RETRY_SECONDS });
    },
  });
  await app.register(rateLimit, {
    global: false,
    keyGenerator: callerKey,
    errorResponseBuilder: (_request, { ttl }) => {
      const retryAfterSeconds = Math.ceil(ttl / 1000);
      return new Refusal("RATE_LIMITED", {
        detail: `Too many requests: try again in ${retryAfterSeconds} s.`,
        retryAfterSeconds,
      });
    },
  });
  await describeRoutes(app, config.publicUrl);
}

/** Every refusal, whoever threw it, leaves by what this gives. */
function answering(publicUrl: string) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const refusal = refusalOf(error);
    const { status, title } = ERRORS[refusal.code];
    const { retryAfterSeconds, note } = refusal.options;
    const about = { error_code: refusal.code, note, err: refusal.cause };
    // The places of faults are named by what the caller wrote there, which may be a secret in the wrong place.
    const what = refusal.options.errors === undefined ? refusal.message : title;
    if (status >= 500) request.log.error(about, what);
    else request.log.debug(about, what);
    if (retryAfterSeconds !== undefined) reply.header("Retry-After", String(retryAfterSeconds));
    if (status === 401) reply.header("WWW-Authenticate", 'Bearer realm="leanvibe"');
    const body = problemOf(refusal, { requestId: request.id, publicUrl });
    // What the framework refuses has passed no hook.
    return reply
      .code(status)
      .header("X-Request-Id", request.id)
      .type(PROBLEM_MEDIA_TYPE)
      .serializer(JSON.stringify)
      .send(body);
  };
}
