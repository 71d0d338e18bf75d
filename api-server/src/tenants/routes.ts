import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { addressOf } from "../http/address.ts";
import type { Parts } from "../parts.ts";
import { createTenant } from "./create.ts";
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
        config: { access: "public", rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" } },
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
  currentTenant(app, parts);
}
