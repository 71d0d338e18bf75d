import type { FastifyRequest } from "fastify";
import type { Bearing, Caller } from "../accounts/callers.ts";
import { may, type Permission } from "../accounts/roles.ts";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import type { FoundTenant } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { Parts } from "../parts.ts";
import { refusedBy } from "../tenants/state.ts";
import { addressOf } from "./address.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the caller's role must include. */
    permission?: Permission;
    /** It works in states in which others do not: see tenants/state.ts. */
    wayOut?: boolean;
    /** Without a permission it is about one's own account, which who has entered a child has at home, unless this is set. */
    entered?: boolean;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** The caller of a route whose access is `tenant`. */
export function callerOf({ caller, routeOptions }: FastifyRequest): Caller {
  if (caller === null) throw new Error(`${routeOptions.url} asks for the caller, and its access is not "tenant"`);
  return caller;
}

/**
 * Before each route with access `tenant`: which tenant is meant, by header, else subdomain, else credential; then whether
 * the credential is one of that tenant. What is named only picks the tenant; it opens nothing.
 */
export function identify(app: App, { config, callers, database }: Parts): void {
  app.decorateRequest("caller", null);
  const admit = (request: FastifyRequest, caller: Bearing): void => {
    requireRight(caller, request);
    request.caller = { ...caller, ...originOf(request) };
  };
  const identified = async (request: FastifyRequest, names: readonly string[], token: string | undefined) => {
    if (token === undefined) {
      if (names.length === 0) throw new Refusal("TENANT_REQUIRED");
      await findNamed(names, database);
      throw new Refusal("AUTHENTICATION_REQUIRED");
    }
    const caller = await callers.callerOf(token);
    await requireOwn(names, caller, database);
    admit(request, caller);
  };
  app.addHook("onRequest", (request, _reply, done) => {
    if (request.routeOptions.config.access !== "tenant") return done();
    const names = namedTenants(request, config);
    const token = bearerToken(request);
    const known = token === undefined ? undefined : callers.known(token);
    if (known === undefined || !isOwn(names, known)) {
      identified(request, names, token).then(() => done(), done);
      return;
    }
    // As nearly every request: nothing needs to be waited for.
    admit(request, known);
    done();
  });
}

/** Whence a request comes, and the id that its answer carries. */
export type Origin = { ip: string; requestId: string };

export function originOf(request: FastifyRequest): Origin {
  return { ip: addressOf(request), requestId: request.id };
}

/** Told from what is known, without a look into the database. */
function isOwn(names: readonly string[], caller: Bearing): boolean {
  return names.every((name) => name === caller.subdomain || name === caller.tenantId);
}

/** @throws Refusal TENANT_MISMATCH and what `findNamed` throws */
async function requireOwn(names: readonly string[], caller: Bearing, database: Parts["database"]): Promise<void> {
  if (isOwn(names, caller)) return;
  const { id } = await findNamed(names, database);
  if (id === caller.tenantId) return;
  // As the caller named it: its subdomain would be news to who only has its id.
  throw new Refusal("TENANT_MISMATCH", { detail: `The credential is not one of tenant '${names.join("', '")}'.` });
}

/** @throws Refusal PERMISSION_DENIED, and what the tenant's state answers */
function requireRight(caller: Bearing, { method, routeOptions }: FastifyRequest): void {
  const { permission, wayOut = false, entered = false } = routeOptions.config;
  const refused = refusedBy(caller, {
    reads: method === "GET" || method === "HEAD",
    wayOut,
    byOwner: caller.role === "owner",
  });
  if (refused !== undefined) throw new Refusal(refused);
  if (permission === undefined && caller.homeId !== undefined && !entered) throw new Refusal("ENTERED_SESSION");
  if (permission === undefined || may(caller.role, permission)) return;
  throw new Refusal("PERMISSION_DENIED", { detail: `Role ${caller.role} does not include ${permission}.` });
}

/** @throws Refusal TENANT_NOT_FOUND; TENANT_AMBIGUOUS when two tenants are named. */
async function findNamed(names: readonly string[], database: Parts["database"]): Promise<FoundTenant> {
  const found = await Promise.all(names.map((name) => database.findTenant(name)));
  const active = found.flatMap((tenant) => (tenant?.lifecycle === "active" ? [tenant] : []));
  const [first] = active;
  if (first === undefined || active.length < names.length) throw new Refusal("TENANT_NOT_FOUND");
  if (active.every(({ id }) => id === first.id)) return first;
  throw new Refusal("TENANT_AMBIGUOUS", { detail: `X-Tenant-ID names '${names[0]}', the host '${names[1]}'.` });
}

/** By header, then by host; in lower case, as ids and subdomains are. */
export function namedTenants(request: FastifyRequest, config: Config): string[] {
  const header = request.headers["x-tenant-id"];
  const byHeader = (Array.isArray(header) ? header.join(",") : (header ?? "")).trim().toLowerCase();
  // The API's own host may look like a tenant's.
  const own = request.hostname.toLowerCase() === ownHost(config);
  const byHost = own ? undefined : subdomainOf(request.hostname, config.tenantBaseDomains);
  return [...new Set([byHeader, byHost ?? ""])].filter((name) => name !== "");
}

const ownHosts = new WeakMap<Config, string>();

function ownHost(config: Config): string {
  const host = ownHosts.get(config) ?? new URL(config.publicUrl).hostname;
  ownHosts.set(config, host);
  return host;
}

/** One label under one of these names. */
export function subdomainOf(hostname: string, baseDomains: readonly string[]): string | undefined {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  for (const domain of baseDomains) {
    if (!host.endsWith(`.${domain}`)) continue;
    const label = host.slice(0, -domain.length - 1);
    if (label !== "" && label !== "www" && !label.includes(".")) return label;
  }
  return undefined;
}

/** What Authorization carries. @throws Refusal AUTHENTICATION_REQUIRED where that is no bearer token */
export function bearerToken({ headers: { authorization } }: FastifyRequest): string | undefined {
  if (authorization === undefined) return undefined;
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
  if (token === undefined) {
    throw new Refusal("AUTHENTICATION_REQUIRED", { detail: 'Authorization must be "Bearer TOKEN".' });
  }
  return token;
}
