import type pg from "pg";
import { z } from "zod";

const BATCH = 500;
const names = z.array(z.object({ subdomain: z.string() }));

/**
 * The names of tenants about which something was decided. They are only hints: what there is to do is seen when row and
 * object are compared, and who begins to lead compares all of them, so that none is needed twice.
 * @param pool of role lv_worker
 */
export async function takeHints(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query(
    `WITH due AS (
       SELECT tenant_id, id FROM outbox WHERE topic = 'tenant.apply' AND due_at <= now() ORDER BY due_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
     ), taken AS (
       DELETE FROM outbox o USING due WHERE o.tenant_id = due.tenant_id AND o.id = due.id RETURNING o.tenant_id
     )
     SELECT DISTINCT t.subdomain FROM taken JOIN tenants t ON t.id = taken.tenant_id`,
  );
  return names.parse(rows).map(({ subdomain }) => subdomain);
}
