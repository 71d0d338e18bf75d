import { PLAN_NAMES, PLANS } from "@leanvibe/schema";
import { z } from "zod";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { stateOf, TENANT_STATES } from "./state.ts";

const READ = { access: "tenant", permission: "tenant:read", wayOut: true } as const;
const tags = ["tenants"];

const tenant = z
  .object({
    id: z.uuid(),
    organization_name: z.string(),
    subdomain: z.string(),
    plan: z.enum(PLAN_NAMES),
    is_active: z.boolean(),
    state: z
      .enum(TENANT_STATES)
      .describe("What works: active, everything; restricted, reading; the others, what leads out."),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .describe("The organization of whoever asks.");

const counted = z.object({ current: z.int(), limit: z.int() });

const usage = z
  .object({ projects: counted.describe("Active ones."), users: counted.describe("Active ones.") })
  .describe("What the plan limits, and how much of it is used.");

/** /api/v1/tenants/current */
export function tenants(app: App, { database }: Pick<Parts, "database">): void {
  app.get(
    "/api/v1/tenants/current",
    { config: READ, schema: { tags, response: { 200: tenant, default: problem } } },
    async (request) => {
      const caller = callerOf(request);
      const row = await database.read(caller.tenantId, (db) =>
        db.tenant.findFirstOrThrow({ where: { id: caller.tenantId } }),
      );
      return {
        id: row.id,
        organization_name: row.organizationName,
        subdomain: row.subdomain,
        plan: caller.plan,
        is_active: row.isActive,
        state: stateOf(caller),
        created_at: row.createdAt.toISOString(),
        updated_at: row.updatedAt.toISOString(),
      };
    },
  );
  app.get(
    "/api/v1/tenants/current/usage",
    { config: READ, schema: { tags, response: { 200: usage, default: problem } } },
    async (request) => {
      const { tenantId, plan } = callerOf(request);
      const [projects, users] = await Promise.all([
        database.read(tenantId, (db) => db.project.count({ where: { tenantId, status: "active" } })),
        database.read(tenantId, (db) => db.user.count({ where: { tenantId, isActive: true } })),
      ]);
      const limits = PLANS[plan];
      return {
        projects: { current: projects, limit: limits.projects },
        users: { current: users, limit: limits.users },
      };
    },
  );
}
