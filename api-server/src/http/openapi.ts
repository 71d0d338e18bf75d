import swagger from "@fastify/swagger";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { App } from "../app.ts";

const DESCRIPTION = `The API of a platform whose tenants are fenced from each other.

Which tenant a request is about is said by the header X-Tenant-ID (id or subdomain), else by the host's subdomain, else by
the credential. Naming a tenant opens nothing: every route that is not public needs a credential of that tenant.`;

/** Collects what each route declares; must be registered before them. */
export async function describeRoutes(app: App, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "LeanVibe API",
        version: "1.0.0",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      },
    },
    transform: (given) => {
      const { schema, url } = jsonSchemaTransform(given);
      const access = given.route.config?.access;
      return { url, schema: access === "tenant" ? { ...schema, security: [{ bearer: [] }] } : schema };
    },
  });
}

/** The document itself, for programs. */
export function openApiDocument(app: App): void {
  app.get("/openapi.json", { config: { access: "public" }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").send(app.swagger()),
  );
}
