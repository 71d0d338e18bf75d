import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { App } from "../app.ts";
import { type ErrorCode, Refusal } from "../errors/catalogue.ts";
import { callerKey } from "../http/address.ts";
import { bearerToken } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import type { Operator } from "./authority.ts";
import { Failures } from "./failures.ts";
import type { Verb } from "./reviews.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a route with access `platform` does to tenants, in the words of RBAC. */
    verb?: Verb;
  }
  interface FastifyRequest {
    operator: Operator | null;
  }
}

/** The caller's own fault, not the cluster's or ours. */
const COUNTED: ReadonlySet<ErrorCode> = new Set(["AUTHENTICATION_REQUIRED", "PLATFORM_DENIED"]);

const oneTenant = z.object({ id: z.uuid() });

/** Who asks on a route whose access is `platform`. */
export function operatorOf({ operator, routeOptions }: FastifyRequest): Operator {
  if (operator === null) throw new Error(`${routeOptions.url} asks for the operator, and its access is not "platform"`);
  return operator;
}

/** Before each route with access `platform`: whether whoever asks may do what it does, to the tenant that its path names. */
export function guardPlatform(
  app: App,
  { authority, database, config }: Pick<Parts, "authority" | "database" | "config">,
): void {
  const failures = new Failures(config.signInPerMinute);
  app.decorateRequest("operator", null);
  app.addHook("onRequest", (request, _reply, done) => {
    const { access, verb } = request.routeOptions.config;
    if (access !== "platform" || verb === undefined) return done();
    admit(request, verb).then(() => done(), done);
  });
  const admit = async (request: FastifyRequest, verb: Verb): Promise<void> => {
    const token = bearerToken(request);
    if (token === undefined) throw new Refusal("AUTHENTICATION_REQUIRED");
    const caller = callerKey(request);
    failures.require(caller);
    try {
      authority.requireShape(token);
      const named = oneTenant.safeParse(request.params);
      const tenant = named.success ? await database.findTenant(named.data.id) : undefined;
      // Of one that is not there only those are told who may see them all.
      request.operator = await authority.require(token, { verb, name: tenant?.subdomain });
    } catch (error) {
      if (error instanceof Refusal && COUNTED.has(error.code)) failures.add(caller);
      throw error;
    }
  };
}
