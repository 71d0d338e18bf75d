import type { Database } from "../db/database.ts";

const KEPT_DAYS = 30;
const AT_ONCE = 5_000;

/** Deliveries that nobody looks at any more. @returns how many */
export async function removeOldDeliveries({ worker }: Pick<Database, "worker">): Promise<number> {
  const { rowCount } = await worker.query(
    `DELETE FROM webhook_deliveries WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM webhook_deliveries WHERE created_at < now() - interval '${KEPT_DAYS} days' LIMIT ${AT_ONCE}))`,
  );
  return rowCount ?? 0;
}
