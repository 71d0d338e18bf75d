import { z } from "zod";
import type { App } from "../app.ts";
import type { Webhook, WebhookDelivery } from "../db/generated/client.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf, pageQuery } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { delivery, webhook, webhookChange, webhookCreation, webhookWithSecret } from "./schema.ts";
import * as webhooks from "./webhooks.ts";

const WRITE = { access: "tenant", permission: "webhooks:write" } as const;
const id = z.uuid({ error: "must be an id" });
const params = z.object({ id });
const tags = ["webhooks"];
const URL = "/api/v1/webhooks";

/** /api/v1/webhooks */
export function webhookRoutes(app: App, parts: Parts): void {
  keeping(app, parts);
  changing(app, parts);
  deliveries(app, parts);
}

function keeping(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    URL,
    {
      config: WRITE,
      schema: {
        operationId: "listWebhooks",
        summary: "List the webhooks",
        tags,
        response: { 200: z.array(webhook), default: problem },
      },
    },
    async (request) => (await webhooks.listWebhooks(database, callerOf(request).tenantId)).map(webhookBody),
  );
  app.post(
    URL,
    {
      config: WRITE,
      schema: {
        operationId: "createWebhook",
        summary: "Hear of what is done by a webhook",
        description:
          "Each event is a POST of JSON with LeanVibe-Event-Id and LeanVibe-Signature: `t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA-256 by the secret of `<t>.<body>`. What is not answered with 2xx within 10 s is sent again for about a day. An event may come twice, and before an earlier one.",
        tags,
        body: webhookCreation,
        response: { 201: webhookWithSecret, default: problem },
      },
    },
    async (request, reply) => {
      const { webhook: made, secret } = await webhooks.createWebhook(parts, callerOf(request), request.body);
      return reply
        .code(201)
        .header("Location", `${URL}/${made.id}`)
        .send({ ...webhookBody(made), secret });
    },
  );
  app.get(
    `${URL}/:id`,
    {
      config: WRITE,
      schema: {
        operationId: "getWebhook",
        summary: "Get a webhook",
        tags,
        params,
        response: { 200: webhook, default: problem },
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      return webhookBody(await database.read(tenantId, (db) => webhooks.findWebhook(db, tenantId, request.params.id)));
    },
  );
}

function changing(app: App, parts: Parts): void {
  app.patch(
    `${URL}/:id`,
    {
      config: WRITE,
      schema: {
        operationId: "changeWebhook",
        summary: "Change a webhook",
        tags,
        params,
        body: webhookChange,
        response: { 200: webhook, default: problem },
      },
    },
    async (request) =>
      webhookBody(await webhooks.changeWebhook(parts, callerOf(request), request.params.id, request.body)),
  );
  app.delete(
    `${URL}/:id`,
    {
      config: WRITE,
      schema: {
        operationId: "deleteWebhook",
        summary: "Delete a webhook",
        tags,
        params,
        response: { 204: z.null().describe("Deleted."), default: problem },
      },
    },
    async (request, reply) => {
      await webhooks.deleteWebhook(parts, callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    `${URL}/:id/rotate-secret`,
    {
      config: WRITE,
      schema: {
        operationId: "rotateWebhookSecret",
        summary: "Give a webhook another secret",
        description: "For 24 hours what is sent carries two v1, by the old secret and by the new one.",
        tags,
        params,
        response: { 200: webhookWithSecret, default: problem },
      },
    },
    async (request) => {
      const { webhook: changed, secret } = await webhooks.rotateSecret(parts, callerOf(request), request.params.id);
      return { ...webhookBody(changed), secret };
    },
  );
}

function deliveries(app: App, parts: Parts): void {
  app.get(
    `${URL}/:id/deliveries`,
    {
      config: WRITE,
      schema: {
        operationId: "listDeliveries",
        summary: "List what was sent to a webhook, the latest first",
        tags,
        params,
        querystring: pageQuery,
        response: { 200: z.array(delivery), default: problem },
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const rows = await webhooks.listDeliveries(parts.database, tenantId, request.params.id, request.query);
      return pageOf(rows, request.query.limit, request, reply).map(deliveryBody);
    },
  );
  app.post(
    `${URL}/:id/test`,
    {
      config: WRITE,
      schema: {
        operationId: "testWebhook",
        summary: "Send a webhook something to try it with",
        tags,
        params,
        response: { 202: delivery, default: problem },
      },
    },
    async (request, reply) => {
      const sent = await webhooks.testWebhook(parts, callerOf(request), request.params.id);
      return reply.code(202).send(deliveryBody(sent));
    },
  );
  app.post(
    `${URL}/:id/deliveries/:delivery/redeliver`,
    {
      config: WRITE,
      schema: {
        operationId: "redeliver",
        summary: "Send an event to a webhook once more",
        tags,
        params: z.object({ id, delivery: id }),
        response: { 202: delivery, default: problem },
      },
    },
    async (request, reply) => {
      const which = { webhookId: request.params.id, id: request.params.delivery };
      return reply.code(202).send(deliveryBody(await webhooks.redeliver(parts, callerOf(request), which)));
    },
  );
}

function webhookBody(row: Webhook): z.output<typeof webhook> {
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    description: row.description,
    enabled: row.enabled,
    failing_since: row.failingSince?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}

const status = delivery.shape.status;

function deliveryBody(row: WebhookDelivery): z.output<typeof delivery> {
  return {
    id: row.id,
    event_id: row.eventId,
    event: row.event,
    status: status.parse(row.status),
    tries: row.tries,
    response_status: row.responseStatus,
    response_snippet: row.responseSnippet,
    error: row.error,
    milliseconds: row.milliseconds,
    created_at: row.createdAt.toISOString(),
    tried_at: row.triedAt?.toISOString() ?? null,
    next_try_at: row.nextTryAt?.toISOString() ?? null,
    body: row.body,
  };
}
