import type { Database } from "../db/database.ts";

const AT_ONCE = 1_000;

/**
 * Gives back what nobody settled in time: who had reserved it was cut off. What was used by then nobody knows, and nobody
 * pays for it.
 * @returns how many reservations
 */
export async function releaseForgotten({ worker }: Pick<Database, "worker">): Promise<number> {
  let released = 0;
  for (;;) {
    const { rows } = await worker.query(
      `WITH held AS (
         DELETE FROM usage_reservations WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM usage_reservations WHERE expires_at < now() ORDER BY expires_at LIMIT ${AT_ONCE}
         )) RETURNING tenant_id, scope, meter, quantity
       ), given AS (
         INSERT INTO usage_totals AS t (tenant_id, scope, meter, reserved)
         SELECT tenant_id, scope, meter, -sum(quantity) FROM held GROUP BY tenant_id, scope, meter ORDER BY tenant_id, scope, meter
         ON CONFLICT (tenant_id, scope, meter) DO UPDATE SET reserved = t.reserved + EXCLUDED.reserved, updated_at = now()
       )
       SELECT scope FROM held`,
    );
    released += rows.length;
    if (rows.length < AT_ONCE) return released;
  }
}
