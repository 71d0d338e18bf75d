import { PLAN_NAMES } from "@leanvibe/schema";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { addressOf } from "../http/address.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { type Created, createTenant } from "./create.ts";
import { currentTenant } from "./current.ts";
import { created, creation } from "./schema.ts";

const tags = ["tenants"];

/** Creation, for which nobody needs to be known, and /api/v1/tenants/current */
export function tenants(app: App, parts: Parts): void {
  const { config } = parts;
  for (const url of ["/api/v1/tenants", "/tenants", "/tenants/create"]) {
    app.post(
      url,
      {
        config: {
          access: "public",
          idempotent: true,
          rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" },
        },
        schema: {
          operationId: "createTenant",
          summary: "Create an organization",
          tags,
          body: creation,
          response: { 201: created, default: problem },
          hide: url !== "/api/v1/tenants",
        },
      },
      async (request, reply) => {
        if (config.tenantCreation === "closed") throw new Refusal("TENANT_CREATION_CLOSED");
        const [id, ip] = [uuid(), addressOf(request)];
        const asked = { tenantId: id, sender: { address: ip }, schema: created };
        const answer = await once(parts, request, asked, async (tx) => ({
          body: createdBody(await createTenant(tx, { id, config, ip }, request.body), config.publicUrl),
        }));
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );
  }
  currentTenant(app, parts);
}

function createdBody({ tenant, claimToken }: Created, publicUrl: string): z.output<typeof created> {
  const welcome = `${publicUrl}/welcome`;
  return {
    id: tenant.id,
    tenant_id: tenant.id,
    organization_name: tenant.organizationName,
    subdomain: tenant.subdomain,
    plan: z.enum(PLAN_NAMES).parse(tenant.plan),
    admin_user: tenant.adminEmail,
    welcome_url: welcome,
    ...(claimToken === undefined ? {} : { claim_url: `${welcome}?token=${claimToken}` }),
    status: "onboarding",
  };
}
