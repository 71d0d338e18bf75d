import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { Action } from "../audit/actions.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { Session } from "../db/generated/client.ts";
import type { Statement } from "../db/lanes.ts";
import { Refusal } from "../errors/catalogue.ts";
import { networkOf } from "../http/address.ts";
import type { Origin } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { factsOf } from "../tenants/facts.ts";
import { refusedEntry } from "../tenants/state.ts";
import type { Caller } from "./callers.ts";
import { hashOf, newSecret } from "./secrets.ts";
import { enteredState, type SessionState, sessionFacts } from "./state.ts";
import { type Bearer, homeOf } from "./tokens.ts";

export const SESSION_SECONDS = 30 * 86_400;
/** So long after it was used, a refresh token that comes again is taken for two tabs of one browser. */
const RACE_SECONDS = 10;

/** How somebody has shown who they are. */
export type SessionMethod = "password" | "development";

export type Device = { device: string | undefined; ip: string };

/** A session with the one refresh token that continues it. */
export type Opened = { bearer: Bearer; refreshToken: string };

export async function openSession(
  tx: Transaction,
  who: { tenantId: string; userId: string },
  from: Device,
  method: SessionMethod = "password",
): Promise<Opened> {
  const id = uuid();
  const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1000);
  await tx.session.create({
    data: { ...who, id, method, device: from.device ?? null, ip: from.ip, expiresAt },
  });
  return { bearer: { ...who, sessionId: id }, refreshToken: await addRefreshToken(tx, who.tenantId, id, expiresAt) };
}

export async function addRefreshToken(
  tx: Transaction,
  tenantId: string,
  sessionId: string,
  expiresAt: Date,
): Promise<string> {
  const { secret, hash } = newSecret("lvr");
  await tx.refreshToken.create({ data: { tenantId, sessionId, hash, expiresAt } });
  return secret;
}

/**
 * Continues a session. Of many who bring the same token at once one gets the next; who comes within ten seconds after, from
 * the same network or device, is told so and keeps the session. Who comes later, or from elsewhere, has a token that was
 * stolen, or was stolen from: the session ends.
 * @throws Refusal REFRESH_RACED, AUTHENTICATION_REQUIRED, and what the tenant's state answers
 */
export async function refreshSession(
  { database, audit }: Pick<Parts, "database" | "audit">,
  token: string,
  from: Device & Origin,
): Promise<Opened> {
  const hash = hashOf(token);
  const tenantId = await database.findRefreshToken(hash);
  if (tenantId === undefined) throw unknown();
  const outcome = await database.write(tenantId, async (tx): Promise<Opened | Refusal> => {
    const now = new Date();
    const user = await tx.user.findFirst({
      where: { tenantId, sessions: { some: { refreshTokens: { some: { tenantId, hash } } } } },
    });
    const refused = refusedEntry(await factsOf(tx), { role: user?.role ?? "" });
    if (refused !== undefined) return new Refusal(refused);
    const [claimed] = await tx.refreshToken.updateManyAndReturn({
      where: { tenantId, hash, claimedAt: null, expiresAt: { gt: now } },
      data: { claimedAt: now },
    });
    if (claimed === undefined)
      return reused(tx, { tenantId, hash, now, from }, (userId, sessionId) =>
        audit(
          tx,
          { tenantId, userId, ip: from.ip, requestId: from.requestId },
          { action: "auth.refresh_reused", target: { kind: "session", id: sessionId } },
        ),
      );
    return await goOn(tx, { tenantId, id: claimed.sessionId, now }, from);
  });
  // Returned, not thrown, out of the transaction: what it did must stay.
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

/** With the next token of a session that still holds, which is known from now on by where it goes on. */
async function goOn(
  tx: Transaction,
  { tenantId, id, now }: { tenantId: string; id: string; now: Date },
  { ip }: Device,
): Promise<Opened | Refusal> {
  const [session] = await tx.session.updateManyAndReturn({
    where: { tenantId, id, revokedAt: null, expiresAt: { gt: now }, user: { isActive: true } },
    data: { lastSeenAt: now, ip },
  });
  if (session === undefined) return unknown();
  const bearer = bearerOf(session);
  if (bearer.homeId !== undefined) {
    const entered = await enteredState(tx, bearer);
    if (entered === undefined) {
      await revokeSessions(tx, { tenantId, id });
      return unknown();
    }
    const closed = refusedEntry(entered, entered);
    if (closed !== undefined) return new Refusal(closed);
  }
  return { bearer, refreshToken: await addRefreshToken(tx, tenantId, id, session.expiresAt) };
}

/** A session that works in a child is its user's in the parent. */
export function bearerOf({ tenantId, userId, id: sessionId, enteredTenantId }: Session): Bearer {
  return enteredTenantId === null
    ? { tenantId, userId, sessionId }
    : { tenantId: enteredTenantId, userId, sessionId, homeId: tenantId };
}

async function reused(
  tx: Transaction,
  { tenantId, hash, now, from }: { tenantId: string; hash: Uint8Array<ArrayBuffer>; now: Date; from: Device },
  tell: (userId: string, sessionId: string) => Promise<void>,
): Promise<Refusal> {
  const token = await tx.refreshToken.findFirst({ where: { tenantId, hash }, include: { session: true } });
  if (token?.claimedAt == null) return unknown();
  const { session, sessionId } = token;
  const raced = now.getTime() - token.claimedAt.getTime() < RACE_SECONDS * 1000;
  if (raced && isSameClient(session, from)) return new Refusal("REFRESH_RACED", { retryAfterSeconds: 1 });
  const ended = await revokeSessions(tx, { tenantId, id: sessionId });
  // Once: who has an old token could else write without end.
  if (ended > 0) await tell(session.userId, sessionId);
  return unknown();
}

/** By the device that it says it is, or by the network that the session was last seen in. */
function isSameClient({ ip, device }: Session, from: Device): boolean {
  if (device !== null && device === from.device) return true;
  return ip !== null && networkOf(ip) === networkOf(from.ip);
}

function unknown(): Refusal {
  return new Refusal("AUTHENTICATION_REQUIRED", { detail: "The refresh token is not valid or has expired." });
}

/** Ends sessions; their tokens are refused within a second. @returns how many. */
export async function revokeSessions(
  tx: Pick<Transaction, "session">,
  where: { tenantId: string; id?: string | { not: string }; userId?: string },
): Promise<number> {
  const { count } = await tx.session.updateMany({
    where: { ...where, revokedAt: null },
    data: { revokedAt: new Date() },
  });
  return count;
}

/** Ends sessions of the caller's own. @returns how many. */
export function endSessions(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  { action, which }: { action: Action; which: { id: string | { not: string } } },
): Promise<number> {
  const { userId } = caller;
  // Where it is kept: that of somebody who entered a child too.
  const tenantId = homeOf(caller);
  const by = { ...caller, tenantId, homeId: undefined };
  return database.write(tenantId, async (tx) => {
    const ended = await revokeSessions(tx, { tenantId, userId, ...which });
    const target = typeof which.id === "string" ? { kind: "session", id: which.id } : { kind: "member", id: userId };
    if (ended > 0) await audit(tx, by, { action, target, details: { sessions: ended } });
    return ended;
  });
}

const ownFacts = sessionFacts.extend({ parent_id: z.string().nullable() });

/** Whose session it is and what holds for them, if it goes on. */
const OWN: Statement<z.output<typeof ownFacts>> = {
  name: "lv_session",
  text: `
    SELECT u.role, u.email, t.subdomain, t.organization_name, t.parent_id, f.plan, f.lifecycle, f.standing, f.hold
    FROM sessions s
    JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    JOIN tenants t ON t.id = s.tenant_id
    CROSS JOIN lv_tenant_facts() f
    WHERE s.tenant_id = $1::uuid AND s.id = $2::uuid AND s.user_id = $3::uuid
      AND s.entered_tenant_id IS NULL AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active`,
  row: ([role, email, subdomain, organization_name, parent_id, plan, lifecycle, standing, hold]) =>
    ownFacts.parse({ role, email, subdomain, organization_name, parent_id, plan, lifecycle, standing, hold }),
};

/** Undefined when the session has ended or its user is gone, or may no longer be where it is. One round trip. */
export async function sessionState(database: Database, bearer: Bearer): Promise<SessionState | undefined> {
  if (bearer.homeId !== undefined) {
    const state = await database.read(bearer.homeId, (db) => enteredState(db, bearer));
    if (state !== undefined) database.joinFamily(bearer.tenantId, bearer.homeId);
    return state;
  }
  const [found] = await database.rows(bearer.tenantId, OWN, [bearer.tenantId, bearer.sessionId, bearer.userId]);
  if (found === undefined) return undefined;
  const { parent_id: parentId, ...state } = found;
  if (parentId !== null) database.joinFamily(bearer.tenantId, parentId);
  return state;
}
