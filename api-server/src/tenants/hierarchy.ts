import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { createChild, readHierarchy } from "./children.ts";
import { childCreation, created, createdBody, hierarchy } from "./schema.ts";

const READ = { access: "tenant", permission: "tenant:read" } as const;
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
      config: { access: "tenant", permission: "children:write", idempotent: true },
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
        body: createdBody(await createChild(tx, config, caller, request.body), config.publicUrl),
      }));
      return reply.code(201).headers(headersOf(answer)).send(answer.body);
    },
  );
}
