import { PLAN_NAMES, PLANS } from "@leanvibe/schema";
import { z } from "zod";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { addressOf } from "../http/address.ts";
import { callerOf } from "../http/identify.ts";
import { text } from "../http/text.ts";
import { address } from "../members/schema.ts";
import type { Parts } from "../parts.ts";
import { createTenant } from "./create.ts";
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

const creation = z.object({
  organization_name: text(200)
    .trim()
    .min(1, { error: "must not be empty" })
    .regex(/^\P{Cc}*$/u, { error: "must be one line" }),
  subdomain: text(63).toLowerCase().optional().describe("Made of the organization's name where it is left out."),
  admin_email: address.optional().describe("Who becomes the owner, by a link that is mailed."),
  plan: z.enum(PLAN_NAMES).default("starter"),
});

const created = z
  .object({
    id: z.uuid(),
    tenant_id: z.uuid().describe("The same as id."),
    organization_name: z.string(),
    subdomain: z.string(),
    plan: z.enum(PLAN_NAMES),
    admin_user: z.string().nullable(),
    welcome_url: z.url(),
    claim_url: z
      .url()
      .optional()
      .describe("Where no admin_email was given: whoever opens it becomes the owner. Said once."),
    status: z.literal("onboarding"),
  })
  .describe("An organization that waits for its owner.");

/** Creation, for which nobody needs to be known, and /api/v1/tenants/current */
export function tenants(app: App, parts: Parts): void {
  const { config, database } = parts;
  for (const url of ["/api/v1/tenants", "/tenants", "/tenants/create"]) {
    app.post(
      url,
      {
        config: { access: "public", rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" } },
        schema: { tags, body: creation, response: { 201: created, default: problem }, hide: url !== "/api/v1/tenants" },
      },
      async (request, reply) => {
        if (config.tenantCreation === "closed") throw new Refusal("TENANT_CREATION_CLOSED");
        const { plan, ...wanted } = request.body;
        if (plan !== "starter") {
          throw new Refusal("PLAN_NEEDS_SUBSCRIPTION", { detail: `Plan ${plan} needs a subscription.` });
        }
        const { tenant: made, claimToken } = await createTenant(parts, wanted, addressOf(request));
        const welcome = `${config.publicUrl}/welcome`;
        return reply.code(201).send({
          id: made.id,
          tenant_id: made.id,
          organization_name: made.organizationName,
          subdomain: made.subdomain,
          plan,
          admin_user: made.adminEmail,
          welcome_url: welcome,
          ...(claimToken === undefined ? {} : { claim_url: `${welcome}?token=${claimToken}` }),
          status: "onboarding",
        });
      },
    );
  }
  current(app, database);
}

function current(app: App, database: Parts["database"]): void {
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
