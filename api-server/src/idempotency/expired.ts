import type { Database } from "../db/database.ts";

const AT_ONCE = 10_000;

/** Takes away what was kept for longer than it may be. To be done again and again. @returns how many */
export async function removeExpiredAnswers({ worker }: Pick<Database, "worker">): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rowCount } = await worker.query(
      `DELETE FROM idempotency_keys WHERE (tenant_id, id) IN
         (SELECT tenant_id, id FROM idempotency_keys WHERE expires_at < now() LIMIT $1)`,
      [AT_ONCE],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < AT_ONCE) return removed;
  }
}
