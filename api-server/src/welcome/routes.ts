import type { FastifyReply } from "fastify";
import { z } from "zod";
import { hashOf } from "../accounts/secrets.ts";
import { revokeSessions } from "../accounts/sessions.ts";
import type { App } from "../app.ts";
import type { Database } from "../db/database.ts";
import { ERRORS, Refusal } from "../errors/catalogue.ts";
import { refusalOf } from "../errors/refused.ts";
import { addressOf } from "../http/address.ts";
import { accept, stillOpen } from "../members/invitations.ts";
import { registration } from "../members/schema.ts";
import type { Parts } from "../parts.ts";
import { donePage, formPage, NOTHING_TYPED, refusedPage, STYLE, type Welcomed } from "./page.ts";

const FORM = "application/x-www-form-urlencoded";
/** Nothing from elsewhere, no script at all, and the form is sent to nobody but us. */
const POLICY =
  "default-src 'self'; script-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const schema = { hide: true, summary: "For people: the page that an invitation's link opens" };

/** What a browser sends of a form: each field once, as text. */
const fields = z.record(z.string(), z.string());

/** /welcome: where the links of mails lead. It works without any script. */
export function welcome(app: App, parts: Parts): void {
  const { config, database } = parts;
  const open = {
    access: "public",
    rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" },
  } as const;
  app.get("/welcome/style.css", { config: { access: "public" }, schema }, async (_request, reply) =>
    reply.type("text/css; charset=utf-8").header("Cache-Control", "public, max-age=3600").send(STYLE),
  );
  // Whoever only looks, a mail scanner for one, uses nothing up.
  app.get("/welcome", { config: open, schema }, async (request, reply) => {
    const { token = "" } = fields.catch({}).parse(request.query);
    try {
      return await send(reply, 200, formPage(token, await welcomed(database, token), NOTHING_TYPED));
    } catch (error) {
      return await refuse(reply, error);
    }
  });
  app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(FORM, { parseAs: "string" }, async (_request: unknown, body: string | Buffer) =>
      Object.fromEntries(new URLSearchParams(body.toString())),
    );
    scope.post("/welcome", { config: open, schema }, async (request, reply) => {
      const typed = fields.catch({}).parse(request.body);
      const from = { device: undefined, ip: addressOf(request), requestId: request.id };
      return await submit(parts, typed, from, reply);
    });
  });
}

type From = Parameters<typeof accept>[2];

async function submit(parts: Parts, typed: Record<string, string>, from: From, reply: FastifyReply) {
  const { token = "", name = "", email = "", password = "" } = typed;
  const { database, config } = parts;
  try {
    const shown = await welcomed(database, token);
    const filled = { token, password, ...textOf({ name, email: shown.email === null ? email : "" }) };
    const parsed = registration.safeParse(filled);
    const faults = new Map(parsed.error?.issues.map(({ path, message }) => [String(path[0]), message]));
    if (shown.email === null && email.trim() === "") faults.set("email", "is needed, to sign in with");
    if (!parsed.success || faults.size > 0)
      return await send(reply, 400, formPage(token, shown, { name, email, faults }));
    try {
      const { user, bearer } = await accept(parts, { name: undefined, email: undefined, ...parsed.data }, from);
      // Nobody is given its tokens: whoever it is signs in where they work.
      const { tenantId, sessionId: id } = bearer;
      await database.read(tenantId, (db) => revokeSessions(db, { tenantId, id }));
      return await send(reply, 200, donePage({ ...shown, email: user.email }, config.publicUrl));
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === "INVITATION_NOT_VALID" || ERRORS[refusal.code].status >= 500) throw error;
      // Something that may be over when it is sent once more, such as a plan without room.
      const whole = new Map([["", refusal.message]]);
      return await send(reply, ERRORS[refusal.code].status, formPage(token, shown, { name, email, faults: whole }));
    }
  } catch (error) {
    return await refuse(reply, error);
  }
}

/** Only what was filled in. */
function textOf(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value.trim() === "" ? [] : [[name, value.trim()]])),
  );
}

/** @throws Refusal INVITATION_NOT_VALID */
async function welcomed(database: Database, token: string): Promise<Welcomed> {
  const tokenHash = hashOf(token);
  const tenantId = await database.findInvitation(tokenHash);
  if (tenantId === undefined) throw new Refusal("INVITATION_NOT_VALID");
  const where = { tenantId, tokenHash, ...stillOpen() };
  const [invitation, tenant] = await Promise.all([
    database.read(tenantId, (db) => db.invitation.findFirst({ where })),
    database.read(tenantId, (db) => db.tenant.findFirst({ where: { id: tenantId } })),
  ]);
  if (invitation === null || tenant === null) throw new Refusal("INVITATION_NOT_VALID");
  const { email, role } = invitation;
  return { organization: tenant.organizationName, subdomain: tenant.subdomain, role, email };
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const refusal = refusalOf(error);
  const { status, title, fix } = ERRORS[refusal.code];
  if (status >= 500) throw error;
  return send(reply, status, refusedPage(title, refusal.message, refusal.options.fix ?? fix));
}

function send(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply
    .code(status)
    .header("Content-Security-Policy", POLICY)
    .header("Referrer-Policy", "no-referrer")
    .header("Cache-Control", "no-store")
    .type("text/html; charset=utf-8")
    .send(html);
}
