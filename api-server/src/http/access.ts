import type { FastifyInstance } from "fastify";

/**
 * Who may call a route, which each route must declare:
 * - `public`: anybody, without a tenant;
 * - `tenantFromCredential`: who brings a credential that says the tenant by itself;
 * - `tenant`: who brings a credential of the tenant that the request names.
 */
export type Access = "public" | "tenantFromCredential" | "tenant";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Refuses to build an application with a route that does not say who may call it. */
export function requireDeclarations(app: FastifyInstance): void {
  app.addHook("onRoute", ({ config, method, url }) => {
    if (config?.access !== undefined) return;
    const methods = Array.isArray(method) ? method.join(", ") : method;
    throw new Error(
      `${methods} ${url} declares no access: add config: { access: "public" | "tenantFromCredential" | "tenant" }`,
    );
  });
}
