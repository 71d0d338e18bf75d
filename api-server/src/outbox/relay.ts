import type pg from "pg";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import { groupOf, queueOf } from "./topics.ts";

const BATCH = 200;

const rows = z.array(z.object({ tenant_id: z.string(), id: z.string(), topic: z.string(), payload: z.unknown() }));

/** What a job holds of an outbox entry. */
export const jobData = z.object({ tenantId: z.string(), topic: z.string(), payload: z.unknown() });

const TAKE = `
  DELETE FROM outbox o USING (
    SELECT tenant_id, id FROM outbox WHERE due_at <= now() AND topic = ANY ($1) ORDER BY due_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  ) due
  WHERE o.tenant_id = due.tenant_id AND o.id = due.id
  RETURNING o.tenant_id, o.id, o.topic, o.payload`;

/**
 * Moves what is due from the outbox into the queues, in one transaction: nothing is lost, and nothing comes twice.
 * @param pool of role lv_worker.
 * @returns how many
 */
export async function relay(pool: pg.Pool, boss: PgBoss, topics: readonly string[]): Promise<number> {
  const due = "SELECT FROM outbox WHERE due_at <= now() AND topic = ANY ($1) LIMIT 1";
  // Mostly there is nothing, and this asks without a transaction.
  if ((await pool.query(due, [topics])).rowCount === 0) return 0;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const taken = rows.parse((await client.query(TAKE, [topics])).rows);
    const byQueue = Map.groupBy(taken, ({ topic }) => queueOf(topic));
    const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
    for (const [queue, entries] of byQueue) {
      const jobs = entries.map(({ tenant_id: tenantId, id, topic, payload }) => {
        const group = groupOf(payload);
        return { id, data: { tenantId, topic, payload }, ...(group === undefined ? {} : { group }) };
      });
      await boss.insert(queue, jobs, { db });
    }
    await client.query("COMMIT");
    return taken.length;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
