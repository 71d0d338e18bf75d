import { z } from "zod";
import type { App } from "../app.ts";
import type { ChildGrant } from "../db/generated/client.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf, pageQuery } from "../http/pages.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { createChild, readHierarchy } from "./children.ts";
import { GRANTED_ROLES, giveGrant, listGrants, takeGrant } from "./grants.ts";
import { childCreation, created, createdBody, grant, grantCreation, hierarchy } from "./schema.ts";

const READ = { access: "tenant", permission: "tenant:read" } as const;
const WRITE = { access: "tenant", permission: "children:write" } as const;
const tags = ["hierarchy"];

/** /api/v1/tenants/current/hierarchy and children */
export function hierarchyRoutes(app: App, parts: Parts): void {
  const { config, database } = parts;
  app.get(
    "/api/v1/tenants/current/hierarchy",
    {
      config: READ,
      schema: {
        operationId: "getHierarchy",
        summary: "Get the organization's parent or children",
        tags,
        response: { 200: hierarchy, default: problem },
      },
    },
    async (request) => readHierarchy(database, callerOf(request)),
  );
  app.post(
    "/api/v1/tenants/current/children",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "createChild",
        summary: "Create a child organization",
        description:
          "It lives on your plan: its projects and users count with yours. Who owns your organization may enter it, and admins too.",
        tags,
        body: childCreation,
        response: { 201: created, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, sender: caller, schema: created };
      const answer = await once(parts, request, asked, async (tx) => ({
        body: createdBody(await createChild(tx, parts, caller, request.body), config.publicUrl),
      }));
      return reply.code(201).headers(headersOf(answer)).send(answer.body);
    },
  );
  grants(app, parts);
}

/** /api/v1/grants: who of the parent may enter which child. */
function grants(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    "/api/v1/grants",
    {
      config: { access: "tenant", permission: "children:read" },
      schema: {
        operationId: "listGrants",
        summary: "List who may enter which child",
        description: "Besides owners and admins, who may enter every one.",
        tags,
        querystring: pageQuery,
        response: { 200: z.array(grant), default: problem },
      },
    },
    async (request, reply) => {
      const rows = await listGrants(database, callerOf(request).tenantId, request.query);
      return pageOf(rows, request.query.limit, request, reply).map(grantBody);
    },
  );
  app.post(
    "/api/v1/grants",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "createGrant",
        summary: "Let a member enter a child",
        description: "Whoever has a grant for that child already has this one instead.",
        tags,
        body: grantCreation,
        response: { 201: grant, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, sender: caller, schema: grant };
      const answer = await once(parts, request, asked, async (tx) => ({
        body: grantBody(await giveGrant(tx, parts, caller, request.body)),
      }));
      return reply.code(201).headers(headersOf(answer)).send(answer.body);
    },
  );
  app.delete(
    "/api/v1/grants/:id",
    {
      config: WRITE,
      schema: {
        operationId: "deleteGrant",
        summary: "Take a grant away, and end the sessions opened by it",
        tags,
        params: z.object({ id: z.uuid({ error: "must be an id" }) }),
        response: { 204: z.null().describe("Taken away."), default: problem },
      },
    },
    async (request, reply) => {
      await takeGrant(parts, callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function grantBody({ id, userId, childId, role, createdAt }: ChildGrant): z.output<typeof grant> {
  return {
    id,
    user_id: userId,
    tenant_id: childId,
    role: z.enum(GRANTED_ROLES).parse(role),
    created_at: createdAt.toISOString(),
  };
}
