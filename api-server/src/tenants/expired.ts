import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import type { Parts } from "../parts.ts";

/** Each tenant has its hour, by its id, so that no hour has all of them. */
const HOURS = 24;
const PAGE = 500;
/** Few enough that no statement comes near its time, whatever a tenant holds. */
const BATCH = 2_000;
const NO_ID = "00000000-0000-0000-0000-000000000000";

/**
 * What is kept for nobody any more, by table. A refresh token is kept to its end also when it was used: that it comes again
 * tells of a thief. Invitations are counted for a while after they were made.
 */
const EXPIRED = {
  refresh_tokens: "expires_at < now()",
  sessions: "expires_at < now()",
  invitations: "coalesce(ended_at, accepted_at, expires_at) < now() - interval '30 days'",
  projects: "status = 'deleted' AND updated_at < now() - interval '30 days'",
} as const;

const ANY = `SELECT ${Object.entries(EXPIRED)
  .map(([table, over]) => `EXISTS (SELECT FROM ${table} WHERE tenant_id = $1::uuid AND ${over})`)
  .join(" OR ")} AS there`;

const there = z.tuple([z.object({ there: z.boolean() })]);
const ids = z.array(z.object({ id: z.string() }));

/**
 * Takes away what is over, of the tenants whose hour it is; of one that has nothing so it costs a single look.
 * @returns how many rows
 */
export async function removeExpired(parts: Pick<Parts, "database" | "log">, now = new Date()): Promise<number> {
  const page = `SELECT id FROM tenants WHERE id > $1 AND ('x' || right(id::text, 4))::bit(16)::int % ${HOURS} = $2 ORDER BY id LIMIT ${PAGE}`;
  let removed = 0;
  for (let after = NO_ID; ; ) {
    const tenants = ids.parse((await parts.database.worker.query(page, [after, now.getUTCHours()])).rows);
    for (const { id } of tenants) {
      try {
        removed += await removeExpiredOf(parts, id);
      } catch (error) {
        // One that cannot be tidied keeps no other from it.
        parts.log.warn(
          { tenant_id: id, error: messageOf(error) },
          "what is over was not removed; trying again tomorrow",
        );
      }
    }
    const last = tenants.at(-1);
    if (last === undefined || tenants.length < PAGE) return removed;
    after = last.id;
  }
}

async function removeExpiredOf({ database }: Pick<Parts, "database">, tenantId: string): Promise<number> {
  const rows = await database.read(tenantId, (db) => db.$queryRawUnsafe(ANY, tenantId));
  if (!there.parse(rows)[0].there) return 0;
  let removed = 0;
  for (const [table, over] of Object.entries(EXPIRED)) {
    const text = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE tenant_id = $1::uuid AND ${over} LIMIT ${BATCH}))`;
    for (let count = BATCH; count === BATCH; removed += count) {
      count = await database.write(tenantId, (tx) => tx.$executeRawUnsafe(text, tenantId));
    }
  }
  return removed;
}
