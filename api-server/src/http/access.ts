import type { FastifyInstance, RouteOptions } from "fastify";
import type { Permission } from "../accounts/roles.ts";
import type { Verb } from "../platform/reviews.ts";

/**
 * Who may call a route, which each route must declare:
 * - `public`: anybody, without a tenant;
 * - `tenantFromCredential`: who brings a credential that says the tenant by itself;
 * - `tenant`: who brings a credential of the tenant that the request names;
 * - `platform`: the platform's people, by what they may do to Tenants in the cluster (`verb`).
 */
export type Access = "public" | "tenantFromCredential" | "tenant" | "platform";

/** What a route says of itself. */
export type Declared = {
  method: string;
  /** With its parameters as in `/projects/:id`. */
  url: string;
  access: Access;
  permission?: Permission | undefined;
  verb?: Verb | undefined;
  wayOut: boolean;
  summary: string;
  /** In the OpenAPI document; pages and second addresses of a route are not in it. */
  operationId?: string | undefined;
};

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyInstance {
    /** Every route of ours, in the order of their declaration. */
    declared: Declared[];
  }
}

/** The methods that a path has. */
export function methodsOf(declared: readonly Declared[], path: string): string[] {
  const asked = path.split("/");
  const matching = declared.filter(({ url }) => {
    const parts = url.split("/");
    return parts.length === asked.length && parts.every((part, at) => part.startsWith(":") || part === asked[at]);
  });
  const methods = matching.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...new Set(methods)].sort();
}

/** Refuses to build an application with a route that does not say who may call it, or what it is. */
export function requireDeclarations(app: FastifyInstance): void {
  const declared: Declared[] = [];
  app.decorate("declared", declared);
  app.addHook("onRoute", (route) => {
    const methods = [route.method].flat().filter((method) => method !== "HEAD");
    for (const method of methods) declared.push(declarationOf(method, route, declared));
  });
}

function declarationOf(method: string, route: RouteOptions, earlier: readonly Declared[]): Declared {
  const { url, config, schema } = route;
  if (config?.access === undefined) {
    throw new Error(
      `${method} ${url} declares no access: add config: { access: "public" | "tenantFromCredential" | "tenant" | "platform" }`,
    );
  }
  const { access, permission, verb, wayOut = false } = config;
  if ((access === "platform") !== (verb !== undefined)) {
    throw new Error(`${method} ${url}: a route with access "platform" says its verb, and no other does`);
  }
  const { hide = false, operationId, summary, tags = [] } = schema ?? {};
  if (summary === undefined || (!hide && (operationId === undefined || tags.length === 0))) {
    throw new Error(
      `${method} ${url} is not described: add schema: { operationId: "listThings", summary: "List things", tags: ["things"] }, or { hide: true, summary: "A page" }`,
    );
  }
  const declaration = { method, url, access, permission, verb, wayOut, summary };
  if (hide) return declaration;
  const same = earlier.find((route) => route.operationId === operationId);
  if (same === undefined) return { ...declaration, operationId };
  throw new Error(`${method} ${url} has the operationId ${operationId} of ${same.method} ${same.url}`);
}
