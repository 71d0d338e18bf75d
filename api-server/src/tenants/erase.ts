import { messageOf } from "@leanvibe/runtime";
import type pg from "pg";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import { reachOf, TABLES } from "../db/roles.ts";
import { JOBS_SCHEMA } from "../outbox/schema.ts";
import { queueOf } from "../outbox/topics.ts";
import type { Parts } from "../parts.ts";

/** So long a caller may be believed who was asked about before the end (accounts/callers.ts), with a little to spare. */
const SETTLED_SECONDS = 5;
const HELD_DAYS = 90;
const AT_ONCE = 100;
/** Few enough that no statement comes near its time, whatever a tenant holds. */
const BATCH = 2_000;

/**
 * Tables whose rows are not a tenant's to take along: what was done stays written down, and what is to be done because a
 * tenant is gone. What the audit trail holds of people is sealed by keys (personal_keys) that do go, with users and tenant:
 * from then on nobody reads it.
 */
const KEPT: ReadonlySet<string> = new Set(["tenants", "outbox", "audit_events", "audit_unsealed", "audit_batches"]);

/** What a request may not delete goes by what it belongs to, as personal_keys do. */
const ERASED = Object.entries(TABLES).flatMap(
  ([
    table,
    {
      column,
      roles: { lv_app: reach },
    },
  ]) => {
    const deletes = reach !== undefined && reachOf(reach).may.includes("DELETE");
    return column === "tenant_id" && deletes && !KEPT.has(table) ? [table] : [];
  },
);

const leaving = z.array(z.object({ id: z.string() }));

/**
 * Ends what is due: tenants whose thirty days are over are gone for everybody at once, and their rows with the next round,
 * when nobody works with them any more. Wherever it is cut off, the next round goes on.
 * @returns how many were erased
 */
export async function eraseDeleted(parts: Pick<Parts, "database" | "log">): Promise<number> {
  const { worker } = parts.database;
  await worker.query(
    `UPDATE tenants t SET lifecycle = 'deleted', updated_at = now()
     WHERE lifecycle = 'pending_deletion' AND deletes_at <= now()
       -- Whom the platform holds could not call it back, and may have something to hide.
       AND hold IS NULL AND NOT EXISTS (SELECT FROM tenants p WHERE p.id = t.parent_id AND p.hold IS NOT NULL)
       AND NOT EXISTS (SELECT FROM tenants c WHERE c.parent_id = t.id AND c.lifecycle <> 'deleted')`,
  );
  // Children before the parents that they refer to.
  const { rows } = await worker.query(
    `SELECT id FROM tenants WHERE lifecycle = 'deleted' AND updated_at < now() - interval '${SETTLED_SECONDS} seconds'
     ORDER BY parent_id IS NULL, deletes_at LIMIT ${AT_ONCE}`,
  );
  let erased = 0;
  for (const { id } of leaving.parse(rows)) {
    try {
      await eraseTenant(parts, id);
      erased += 1;
      parts.log.info({ tenant_id: id }, "a tenant was erased");
    } catch (error) {
      // One that cannot go keeps no other from going.
      parts.log.warn({ tenant_id: id, error: messageOf(error) }, "a tenant was not erased; trying again");
    }
  }
  return erased;
}

/** Batch by batch, each committed; the tenant's own row last, with all that follows from its being gone. */
async function eraseTenant({ database }: Pick<Parts, "database">, id: string): Promise<void> {
  for (const table of ERASED) {
    const text = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE tenant_id = $1::uuid LIMIT ${BATCH}))`;
    while ((await database.write(id, (tx) => tx.$executeRawUnsafe(text, id))) > 0);
  }
  const client = await database.worker.connect();
  try {
    await client.query("BEGIN");
    await endTenant(client, id);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const named = z.array(z.object({ subdomain: z.string() }));

/** Of two servers that come here at once the second finds nothing more to do. */
async function endTenant(client: pg.PoolClient, id: string): Promise<void> {
  const { rows } = await client.query(
    "DELETE FROM tenants WHERE id = $1 AND lifecycle = 'deleted' RETURNING subdomain",
    [id],
  );
  const [tenant] = named.parse(rows);
  if (tenant === undefined) return;
  const { subdomain } = tenant;
  // Nobody is written to any more by whom there is no more.
  await client.query(`DELETE FROM ${JOBS_SCHEMA}.job WHERE name = $1 AND data->>'tenantId' = $2`, [
    queueOf("mail.send"),
    id,
  ]);
  await client.query("INSERT INTO deleted_tenants (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", [id]);
  await client.query(
    `INSERT INTO held_names (subdomain, held_until) VALUES ($1, now() + interval '${HELD_DAYS} days')
     ON CONFLICT (subdomain) DO UPDATE SET held_until = greatest(held_names.held_until, EXCLUDED.held_until)`,
    [subdomain],
  );
  await client.query("INSERT INTO outbox (tenant_id, id, topic, payload) VALUES ($1, $2, 'tenant.delete', $3)", [
    id,
    uuid(),
    JSON.stringify({ subdomain }),
  ]);
}
