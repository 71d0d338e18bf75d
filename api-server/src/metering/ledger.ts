import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import type { Json } from "../hashlog/canonical.ts";
import type { Meter } from "./meters.ts";

/**
 * The one place where limits are reserved, settled and released. A limit is judged by what was used and what is spoken
 * for together, in one statement that locks the rows: however many come at once, they never reserve more than there is.
 * All rows are those of who pays, for whom the transaction is.
 */

/** A total that must have room. */
export type Claim = {
  scope: string;
  meter: Meter;
  quantity: number /** Null: there is always room. */;
  limit: number | null;
};

/** A fact. In all of its scopes it is added to the total of its meter. */
export type Used = { meter: Meter; quantity: number; scopes: readonly string[] };

export type About = {
  /** Who says so, such as the gateway. */
  source: string;
  /** Which tenant used it: who pays, or a child. */
  usedBy: string;
  taskId: string | null;
  details: { [name: string]: Json };
};

type Total = { scope: string; meter: Meter };

const totals = z.array(z.object({ scope: z.string(), meter: z.string() }));

/** There is no room; whoever catches it must let the transaction fail, which takes back what was reserved before it. */
export class NoRoom extends Error {
  override readonly name = "NoRoom";
  readonly claim: Claim;

  constructor(claim: Claim) {
    super(`no room for ${claim.quantity} ${claim.meter} in ${claim.scope}`);
    this.claim = claim;
  }
}

/**
 * Speaks for all of it, or for nothing. In one order of the rows, so that no two wait for each other.
 * @throws NoRoom
 */
export async function reserve(tx: Transaction, id: string, claims: readonly Claim[], expiresAt: Date): Promise<void> {
  const rows = await tx.$queryRaw`
    WITH asked AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) AS a (scope text, meter text, quantity bigint, "limit" bigint)
    ), taken AS (
      INSERT INTO usage_totals AS t (tenant_id, scope, meter, reserved)
      SELECT lv_tenant(), scope, meter, quantity FROM asked WHERE "limit" IS NULL OR quantity <= "limit" ORDER BY scope, meter
      ON CONFLICT (tenant_id, scope, meter) DO UPDATE SET reserved = t.reserved + EXCLUDED.reserved, updated_at = now()
      WHERE t.used + t.reserved + EXCLUDED.reserved <=
        (SELECT coalesce(a."limit", 9223372036854775807) FROM asked a WHERE a.scope = EXCLUDED.scope AND a.meter = EXCLUDED.meter)
      RETURNING scope, meter
    ), written AS (
      INSERT INTO usage_reservations (tenant_id, id, scope, meter, quantity, expires_at)
      SELECT lv_tenant(), ${id}::uuid, scope, meter, quantity, ${expiresAt} FROM asked
    )
    SELECT scope, meter FROM taken`;
  const taken = totals.parse(rows);
  const short = claims.find((claim) => !taken.some((each) => isOf(each, claim)));
  if (short !== undefined) throw new NoRoom(short);
}

function isOf({ scope, meter }: { scope: string; meter: string }, of: Total): boolean {
  return scope === of.scope && meter === of.meter;
}

/**
 * Writes down what was really used, and gives back what was spoken for. Facts are always recorded: also those of a
 * reservation that was forgotten meanwhile, and past every limit. Once more under the same id changes nothing.
 */
export async function settle(tx: Transaction, id: string, used: readonly Used[], about: About): Promise<void> {
  const { source, usedBy, taskId, details } = about;
  const facts = JSON.stringify(used.map(({ meter, quantity, scopes }) => ({ meter, quantity, scopes })));
  await tx.$executeRaw`
    WITH facts AS (
      SELECT * FROM jsonb_to_recordset(${facts}::jsonb) AS f (meter text, quantity bigint, scopes text[])
    ), said AS (
      INSERT INTO usage_events (tenant_id, id, meter, quantity, source, used_by, task_id, details)
      SELECT lv_tenant(), ${id}::uuid, meter, quantity, ${source}, ${usedBy}::uuid, ${taskId}::uuid, ${JSON.stringify(details)}::jsonb
      FROM facts ON CONFLICT (tenant_id, id, meter) DO NOTHING
      RETURNING meter, quantity
    ), held AS (
      DELETE FROM usage_reservations WHERE tenant_id = lv_tenant() AND id = ${id}::uuid RETURNING scope, meter, quantity
    ), changes AS (
      SELECT s.scope, said.meter, said.quantity AS used, 0 AS given_back
      FROM said JOIN facts f ON f.meter = said.meter CROSS JOIN LATERAL unnest(f.scopes) AS s (scope)
      UNION ALL SELECT scope, meter, 0, quantity FROM held
    )
    INSERT INTO usage_totals AS t (tenant_id, scope, meter, used, reserved)
    SELECT lv_tenant(), scope, meter, sum(used), -sum(given_back) FROM changes GROUP BY scope, meter ORDER BY scope, meter
    ON CONFLICT (tenant_id, scope, meter) DO UPDATE SET
      used = t.used + EXCLUDED.used, reserved = t.reserved + EXCLUDED.reserved, updated_at = now()`;
}

/** Gives back what was spoken for and not used. Once more changes nothing. */
export async function release(tx: Transaction, id: string): Promise<void> {
  await tx.$executeRaw`
    WITH held AS (
      DELETE FROM usage_reservations WHERE tenant_id = lv_tenant() AND id = ${id}::uuid RETURNING scope, meter, quantity
    )
    INSERT INTO usage_totals AS t (tenant_id, scope, meter, reserved)
    SELECT lv_tenant(), scope, meter, -quantity FROM held ORDER BY scope, meter
    ON CONFLICT (tenant_id, scope, meter) DO UPDATE SET reserved = t.reserved + EXCLUDED.reserved, updated_at = now()`;
}
