import type { z } from "zod";
import type { App } from "../app.ts";
import type { Tenant } from "../db/generated/client.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { changeTenant } from "./change.ts";
import { leavingRoutes } from "./leaving.ts";
import { readUsage } from "./plan.ts";
import { tenant, tenantChange, usage } from "./schema.ts";
import { stateOf, type TenantFacts } from "./state.ts";

const READ = { access: "tenant", permission: "tenant:read", wayOut: true } as const;
const WRITE = { access: "tenant", permission: "tenant:write" } as const;
const tags = ["tenants"];

/** /api/v1/tenants/current: the organization of whoever asks. */
export function currentTenant(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    "/api/v1/tenants/current",
    {
      config: READ,
      schema: {
        operationId: "getTenant",
        summary: "Get your organization",
        tags,
        response: { 200: tenant, default: problem },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const where = { id: caller.tenantId };
      const row = await database.read(caller.tenantId, (db) => db.tenant.findFirstOrThrow({ where }));
      return tenantBody(row, caller);
    },
  );
  app.patch(
    "/api/v1/tenants/current",
    {
      config: WRITE,
      schema: {
        operationId: "changeTenant",
        summary: "Rename your organization",
        tags,
        body: tenantChange,
        response: { 200: tenant, default: problem },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return tenantBody(await changeTenant(parts, caller, request.body), caller);
    },
  );
  usageRoute(app, database);
  leavingRoutes(app, parts);
}

function usageRoute(app: App, database: Parts["database"]): void {
  app.get(
    "/api/v1/tenants/current/usage",
    {
      config: READ,
      schema: {
        operationId: "getUsage",
        summary: "What the plan leaves",
        tags,
        response: { 200: usage, default: problem },
      },
    },
    async (request) => readUsage(database, callerOf(request).tenantId),
  );
}

type Known = TenantFacts & Pick<z.output<typeof tenant>, "plan">;

function tenantBody(row: Tenant, caller: Known): z.output<typeof tenant> {
  return {
    id: row.id,
    organization_name: row.organizationName,
    subdomain: row.subdomain,
    plan: caller.plan,
    is_active: row.isActive,
    state: stateOf(caller),
    status: row.onboarding === "complete" ? "onboarding_complete" : "onboarding",
    managed_by: row.managedBy === "kubectl" ? "kubectl" : "api",
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    deletes_at: row.deletesAt?.toISOString() ?? null,
  };
}
