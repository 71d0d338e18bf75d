import { z } from "zod";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { callerOf, namedTenants, originOf } from "../http/identify.ts";
import { tenantHeaders } from "../http/openapi.ts";
import { accept } from "../members/invitations.ts";
import { registration } from "../members/schema.ts";
import type { Parts } from "../parts.ts";
import { limited, tokensBy } from "./answers.ts";
import { enterChild } from "./entering.ts";
import { logIn } from "./login.ts";
import { login, loginBody, refreshBody, session, switchBody, tokens } from "./schema.ts";
import { endSessions, refreshSession } from "./sessions.ts";

const tags = ["auth"];
const OWN = { access: "tenant", wayOut: true } as const;

/** Signing in and out, and the keys by which others check our tokens. */
export function accounts(app: App, parts: Parts): void {
  signIn(app, parts);
  goOn(app, parts);
  switching(app, parts);
  sessions(app, parts);
}

function signIn(app: App, parts: Parts): void {
  const { loggedIn } = tokensBy(parts);
  const rateLimit = limited(parts);
  app.post(
    "/auth/login",
    {
      config: { access: "public", rateLimit },
      schema: {
        operationId: "logIn",
        summary: "Sign in by e-mail address and password",
        tags,
        headers: tenantHeaders,
        body: loginBody,
        response: { 200: login, default: problem },
      },
    },
    async (request) => {
      const { email, password, device, tenant = "" } = request.body;
      const names = new Set([...namedTenants(request, parts.config), tenant.toLowerCase()]);
      const named = [...names].filter((name) => name !== "");
      if (named.length === 0) throw new Refusal("TENANT_REQUIRED");
      return loggedIn(await logIn(parts, { named, email, password }, { device, ...originOf(request) }));
    },
  );
  app.post(
    "/auth/register",
    {
      config: { access: "tenantFromCredential", rateLimit },
      schema: {
        operationId: "register",
        summary: "Accept an invitation and sign in",
        tags,
        body: registration,
        response: { 201: login, default: problem },
      },
    },
    async (request, reply) => {
      const { token, password, name, email, device } = request.body;
      const opened = await accept(parts, { token, password, name, email }, { device, ...originOf(request) });
      return reply.code(201).send(await loggedIn(opened));
    },
  );
}

/** What a session goes on by, and how it ends. */
function goOn(app: App, parts: Parts): void {
  const { keys, callers } = parts;
  const { tokensOf } = tokensBy(parts);
  app.post(
    "/auth/refresh",
    {
      config: { access: "tenantFromCredential", rateLimit: limited(parts) },
      schema: {
        operationId: "refreshTokens",
        summary: "Go on with a session",
        tags,
        body: refreshBody,
        response: { 200: tokens, default: problem },
      },
    },
    async (request) => {
      const { refresh_token: token, device } = request.body;
      return tokensOf(await refreshSession(parts, token, { device, ...originOf(request) }));
    },
  );
  app.post(
    "/auth/logout",
    {
      config: { ...OWN, entered: true },
      schema: {
        operationId: "logOut",
        summary: "Sign out",
        tags,
        response: { 204: z.null().describe("Signed out."), default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await endSessions(parts, caller, { action: "auth.logged_out", which: { id: caller.sessionId } });
      callers.forget(caller.sessionId);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/.well-known/jwks.json",
    {
      config: { access: "public" },
      schema: {
        operationId: "listKeys",
        summary: "The keys by which a token can be checked",
        tags,
        response: { 200: z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }) },
      },
    },
    async (_request, reply) => reply.header("Cache-Control", "public, max-age=300").send(keys().published),
  );
}

/** Into a child organization, by a session of its own. */
function switching(app: App, parts: Parts): void {
  const { loggedIn } = tokensBy(parts);
  app.post(
    "/auth/switch",
    {
      config: { ...OWN, rateLimit: limited(parts) },
      schema: {
        operationId: "switchTenant",
        summary: "Enter a child organization",
        description:
          "Owners and admins of a parent enter its children as what they are at home, others as what an owner granted them. The session is one of its own and ends with the one that opens it, or as soon as the right to it does. X-Tenant-ID alone never leads into a child.",
        tags,
        body: switchBody,
        response: { 200: login, default: problem },
      },
    },
    async (request) => {
      const { tenant, device } = request.body;
      return loggedIn(await enterChild(parts, callerOf(request), tenant, { device, ...originOf(request) }));
    },
  );
}

/** The places where somebody is signed in: their own to see and to end. */
function sessions(app: App, parts: Parts): void {
  const { database, callers } = parts;
  app.get(
    "/auth/sessions",
    {
      config: OWN,
      schema: {
        operationId: "listSessions",
        summary: "List where you are signed in",
        tags,
        response: { 200: z.array(session), default: problem },
      },
    },
    async (request) => {
      const { tenantId, userId, sessionId } = callerOf(request);
      const rows = await database.read(tenantId, (db) =>
        db.session.findMany({
          where: { tenantId, userId, revokedAt: null, expiresAt: { gt: new Date() } },
          orderBy: { id: "desc" },
          take: 100,
        }),
      );
      return rows.map(({ id, method, device, ip, enteredTenantId, createdAt, lastSeenAt, expiresAt }) => ({
        id,
        current: id === sessionId,
        method,
        device,
        ip,
        entered_tenant_id: enteredTenantId,
        created_at: createdAt.toISOString(),
        last_seen_at: lastSeenAt.toISOString(),
        expires_at: expiresAt.toISOString(),
      }));
    },
  );
  app.delete(
    "/auth/sessions/:id",
    {
      config: OWN,
      schema: {
        operationId: "endSession",
        summary: "End one of your sessions",
        tags,
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null().describe("Ended."), default: problem },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const ended = await endSessions(parts, callerOf(request), { action: "session.ended", which: { id } });
      if (ended === 0) throw new Refusal("SESSION_NOT_FOUND");
      callers.forget(id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/auth/sessions/revoke-others",
    {
      config: OWN,
      schema: {
        operationId: "endOtherSessions",
        summary: "End every session of yours but this one",
        tags,
        response: { 200: z.object({ revoked: z.int().describe("How many.") }), default: problem },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const which = { id: { not: caller.sessionId } };
      return { revoked: await endSessions(parts, caller, { action: "session.others_ended", which }) };
    },
  );
}
