import { v7 as uuid } from "uuid";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { originOf } from "../http/identify.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { createTenant } from "./create.ts";
import { currentTenant } from "./current.ts";
import { hierarchyRoutes } from "./hierarchy.ts";
import { created, createdBody, creation } from "./schema.ts";

const tags = ["tenants"];

/** Creation, for which nobody needs to be known, and /api/v1/tenants/current */
export function tenants(app: App, parts: Parts): void {
  const { config, audit } = parts;
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
        const [id, origin] = [uuid(), originOf(request)];
        const asked = { tenantId: id, sender: { address: origin.ip }, schema: created };
        const answer = await once(parts, request, asked, async (tx) => ({
          body: createdBody(await createTenant(tx, { id, config, audit, origin }, request.body), config.publicUrl),
        }));
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );
  }
  currentTenant(app, parts);
  hierarchyRoutes(app, parts);
}
