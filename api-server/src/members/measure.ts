import { PLANS } from "@leanvibe/schema";
import { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import { leastId } from "../audit/audit.ts";
import { actingFor } from "../db/acting.ts";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { LIMITS, OPEN_BEYOND_SEATS } from "../tenants/limits.ts";

const HOUR_SECONDS = 3_600;
/** Between two to the same address. */
const PAUSE_SECONDS = 60;

const count = z.coerce.number().int();
const facts = z.tuple([
  z.object({ users: count, open: count, sent: count, first: z.date().nullable(), same: z.date().nullable() }),
]);

/**
 * Keeps an organization from sending mail without end to whom it likes: only so many invitations wait at a time, only so
 * many are made in an hour, what was withdrawn or replaced among them, and nobody gets two in a minute.
 * @param tx holds the tenant's row: of many at once each sees the one before.
 * @throws Refusal QUOTA_EXCEEDED, RATE_LIMITED
 */
export async function requireMeasure(tx: Transaction, { tenantId, plan }: Caller, email: string): Promise<void> {
  const hourAgo = leastId(new Date(Date.now() - HOUR_SECONDS * 1000));
  const rows = await tx.$queryRaw`
    SELECT
      (SELECT count(*) FROM users WHERE tenant_id = ${tenantId}::uuid AND is_active) AS users,
      count(*) FILTER (WHERE accepted_at IS NULL AND ended_at IS NULL AND expires_at > now() AND lower(email) IS DISTINCT FROM lower(${email})) AS open,
      count(*) FILTER (WHERE id > ${hourAgo}::uuid) AS sent,
      min(created_at) FILTER (WHERE id > ${hourAgo}::uuid) AS first,
      max(created_at) FILTER (WHERE lower(email) = lower(${email})) AS same
    FROM invitations WHERE tenant_id = ${tenantId}::uuid`;
  const [{ users, open, sent, first, same }] = facts.parse(rows);
  const wait = secondsUntil(same, PAUSE_SECONDS);
  if (wait > 0) {
    const detail = `${email} was invited a moment ago: try again in ${wait} s.`;
    throw new Refusal("RATE_LIMITED", { detail, retryAfterSeconds: wait });
  }
  const { invitationsPerHour } = LIMITS[plan];
  if (sent >= invitationsPerHour) {
    const retryAfterSeconds = Math.max(1, secondsUntil(first, HOUR_SECONDS));
    const detail = `Your organization has made ${sent} invitations within an hour: try again in ${retryAfterSeconds} s.`;
    throw new Refusal("RATE_LIMITED", { detail, retryAfterSeconds });
  }
  const limit = PLANS[plan].users + OPEN_BEYOND_SEATS;
  if (users + open < limit) return;
  const detail = `Members and open invitations are ${limit} at most on plan ${plan}. Withdraw an invitation that nobody needs any more, or upgrade.`;
  throw new Refusal("QUOTA_EXCEEDED", { detail });
}

function secondsUntil(since: Date | null, seconds: number): number {
  return since === null ? 0 : Math.ceil((since.getTime() - Date.now()) / 1000) + seconds;
}

/** Whether the caller has shown that they read the mail of their address. */
export async function isProven(tx: Transaction, { tenantId, homeId, userId }: Caller): Promise<boolean> {
  const ask = (home: string) => tx.user.findFirst({ where: { tenantId: home, id: userId } });
  const user =
    homeId === undefined
      ? await ask(tenantId)
      : await actingFor(tx, { for: homeId, own: tenantId }, async () => await ask(homeId));
  return user !== null && user.emailVerifiedAt !== null;
}
