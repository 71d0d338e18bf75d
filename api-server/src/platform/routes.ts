import { PLAN_NAMES } from "@leanvibe/schema";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { App } from "../app.ts";
import type { Tenant } from "../db/generated/client.ts";
import type { TenantListed } from "../db/platform.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { originOf } from "../http/identify.ts";
import { pageOf } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { approveDeletion } from "../tenants/deletion.ts";
import { stateOf, tenantFacts } from "../tenants/state.ts";
import { operatorOf } from "./guard.ts";
import { holdSuspended, release, tenantOf } from "./holds.ts";
import { inviteTenant } from "./invitations.ts";
import * as schemas from "./schema.ts";
import { openPlatformSession } from "./sessions.ts";

const tags = ["platform"];
const params = z.object({ id: z.uuid({ error: "must be an id" }) });
const LIST = { access: "platform", verb: "list" } as const;
const GET = { access: "platform", verb: "get" } as const;
const UPDATE = { access: "platform", verb: "update" } as const;
const DELETE = { access: "platform", verb: "delete" } as const;
const CREATE = { access: "platform", verb: "create" } as const;

/** /api/v1/platform: what the platform's people do with tenants. No tenant's credential opens it. */
export function platform(app: App, parts: Parts): void {
  sessions(app, parts);
  reading(app, parts);
  holds(app, parts);
  deletions(app, parts);
  invitations(app, parts);
}

function sessions(app: App, { config, database, authority }: Parts): void {
  app.post(
    "/api/v1/platform/session",
    {
      config: { access: "public", rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" } },
      schema: {
        operationId: "openPlatformSession",
        summary: "Change a bootstrap token for a session of an hour, where there is no cluster",
        tags,
        body: schemas.bootstrapBody,
        response: { 200: schemas.platformSession, default: problem },
      },
    },
    async (request) => {
      if (authority.byCluster) throw new Refusal("BOOTSTRAP_CLOSED");
      const { token, expiresInSeconds } = await openPlatformSession(database, request.body.bootstrap_token);
      return { access_token: token, token_type: "Bearer" as const, expires_in: expiresInSeconds };
    },
  );
}

function reading(app: App, { database }: Parts): void {
  app.get(
    "/api/v1/platform/tenants",
    {
      config: LIST,
      schema: {
        operationId: "listPlatformTenants",
        summary: "List all organizations",
        tags,
        querystring: schemas.listQuery,
        response: { 200: z.array(schemas.tenantListed), default: problem },
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...like } = request.query;
      const page = { after: cursor, atMost: limit + 1 };
      const rows = await database.platform.listTenants(page, { state: like.state, subdomain: like.subdomain });
      return pageOf(rows, limit, request, reply).map(listedBody);
    },
  );
  app.get(
    "/api/v1/platform/tenants/:id",
    {
      config: GET,
      schema: {
        operationId: "getPlatformTenant",
        summary: "Get an organization",
        tags,
        params,
        response: { 200: schemas.tenantDetail, default: problem },
      },
    },
    async ({ params: { id } }) => detailBody(await database.read(id, (db) => tenantOf(db, id))),
  );
}

/** As the tenant's trail tells of them. */
function byOperator(request: FastifyRequest, tenantId: string) {
  return { tenantId, kind: "platform", name: operatorOf(request).name, ...originOf(request) } as const;
}

function holds(app: App, parts: Parts): void {
  app.post(
    "/api/v1/platform/tenants/:id/suspend",
    {
      config: UPDATE,
      schema: {
        operationId: "suspendTenant",
        summary: "Suspend an organization: every token of it is refused within a second",
        tags,
        params,
        body: schemas.suspension,
        response: { 200: schemas.tenantDetail, default: problem },
      },
    },
    async (request) => {
      const { id } = request.params;
      const by = byOperator(request, id);
      const held = await holdSuspended(parts, by, request.body);
      request.log.info({ operator: by.name, tenant_id: id }, "the platform suspended a tenant");
      return detailBody(held);
    },
  );
  app.post(
    "/api/v1/platform/tenants/:id/reactivate",
    {
      config: UPDATE,
      schema: {
        operationId: "reactivateTenant",
        summary: "End the platform's suspension of an organization",
        tags,
        params,
        response: { 200: schemas.tenantDetail, default: problem },
      },
    },
    async (request) => {
      const { id } = request.params;
      const by = byOperator(request, id);
      const released = await release(parts, by);
      request.log.info({ operator: by.name, tenant_id: id }, "the platform reactivated a tenant");
      return detailBody(released);
    },
  );
}

function deletions(app: App, parts: Parts): void {
  app.post(
    "/api/v1/platform/tenants/:id/deletion/approve",
    {
      config: DELETE,
      schema: {
        operationId: "approveDeletion",
        summary: "Delete an organization now whose owner asked for it",
        tags,
        params,
        response: { 202: schemas.tenantDetail, default: problem },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const by = byOperator(request, id);
      const gone = await approveDeletion(parts, by);
      request.log.info({ operator: by.name, tenant_id: id }, "the platform approved a deletion");
      return reply.code(202).send(detailBody(gone));
    },
  );
}

function invitations(app: App, { database }: Parts): void {
  app.post(
    "/api/v1/platform/invitations",
    {
      config: CREATE,
      schema: {
        operationId: "inviteTenant",
        summary: "Invite somebody to create an organization",
        tags,
        body: schemas.tenantInvitationCreation,
        response: { 201: schemas.tenantInvitation, default: problem },
      },
    },
    async (request, reply) => {
      const { id, email, plan, code, expiresAt } = await inviteTenant(database, operatorOf(request), request.body);
      return reply.code(201).send({ id, email, plan, code, expires_at: expiresAt.toISOString() });
    },
  );
}

function listedBody(row: TenantListed): z.output<typeof schemas.tenantListed> {
  return {
    id: row.id,
    organization_name: row.organization_name,
    subdomain: row.subdomain,
    plan: row.plan,
    state: stateOf(row),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    deletes_at: row.deletes_at?.toISOString() ?? null,
  };
}

const managedBy = z.enum(["api", "kubectl"]);

function detailBody(row: Tenant): z.output<typeof schemas.tenantDetail> {
  const { hold, holdNote, heldBy, heldAt } = row;
  return {
    id: row.id,
    organization_name: row.organizationName,
    subdomain: row.subdomain,
    plan: z.enum(PLAN_NAMES).parse(row.plan),
    state: stateOf(tenantFacts.parse(row)),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    deletes_at: row.deletesAt?.toISOString() ?? null,
    admin_email: row.adminEmail,
    managed_by: managedBy.parse(row.managedBy),
    hold: hold === null ? null : { reason: hold, note: holdNote, by: heldBy, since: heldAt?.toISOString() ?? null },
  };
}
