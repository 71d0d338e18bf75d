import type pg from "pg";
import { z } from "zod";
import type { Database } from "../db/database.ts";
import { type Batch, type Entry, type Head, seal } from "../hashlog/hashlog.ts";
import { EVENT_COLUMNS, eventOf } from "./rows.ts";

/** Events at a time: what one transaction holds in memory, and a batch at most. */
const AT_ONCE = 1_000;
/** Any number that nothing else locks by. */
const LOCK = 7_305_811_267;

/** In the order of their ids, which is that of time, a tenant's after each other. */
const UNSEALED = `
  SELECT ${EVENT_COLUMNS}, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now
  FROM audit_unsealed u JOIN audit_events e ON e.tenant_id = u.tenant_id AND e.id = u.event_id
  ORDER BY u.tenant_id, u.event_id LIMIT ${AT_ONCE}`;

const HEADS = `
  SELECT w.tenant_id, b.seq, encode(b.hash, 'hex') AS hash FROM unnest($1::uuid[]) AS w (tenant_id)
  CROSS JOIN LATERAL (SELECT seq, hash FROM audit_batches b WHERE b.tenant_id = w.tenant_id ORDER BY seq DESC LIMIT 1) b`;

const INSERT = `
  INSERT INTO audit_batches (tenant_id, seq, sealed_at, event_ids, leaves, root, previous, hash)
  SELECT tenant_id, seq, sealed_at, event_ids, decode(leaves, 'hex'), decode(root, 'hex'), decode(previous, 'hex'), decode(hash, 'hex')
  FROM jsonb_to_recordset($1) AS b (
    tenant_id uuid, seq integer, sealed_at timestamptz, event_ids uuid[], leaves text, root text, previous text, hash text
  )`;

const FORGET = `
  DELETE FROM audit_unsealed u USING unnest($1::uuid[], $2::uuid[]) AS s (tenant_id, event_id)
  WHERE u.tenant_id = s.tenant_id AND u.event_id = s.event_id`;

/** The cluster's Tenants say where their chains stand; of those that are gone nobody asks. */
const HINT = `
  INSERT INTO outbox (tenant_id, id, topic, payload)
  SELECT id, gen_random_uuid(), 'tenant.apply', '{}' FROM tenants WHERE id = ANY ($1::uuid[]) AND onboarding <> 'unconfirmed'`;

const heads = z.array(z.object({ tenant_id: z.string(), seq: z.number(), hash: z.string() }));

const clock = z.object({ now: z.string() });

/**
 * Adds to each tenant's chain what is not in it yet: a batch for each tenant with news, nothing for the others.
 * @returns how many events
 */
export async function sealAudit({ worker }: Pick<Database, "worker">): Promise<number> {
  let sealed = 0;
  for (let more = true; more; ) {
    const count = await sealSome(worker);
    sealed += count;
    more = count === AT_ONCE;
  }
  return sealed;
}

async function sealSome(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    // Of several at once each would follow the same batch.
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    const { rows } = await client.query(UNSEALED);
    if (rows.length > 0) await addBatches(client, rows);
    await client.query("COMMIT");
    return rows.length;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function addBatches(client: pg.PoolClient, rows: unknown[]): Promise<void> {
  const events = rows.map(eventOf);
  const { now } = clock.parse(rows[0]);
  const byTenant = Map.groupBy(events, ({ tenantId }) => tenantId);
  const known = heads.parse((await client.query(HEADS, [[...byTenant.keys()]])).rows);
  const headOf = new Map(known.map(({ tenant_id, ...head }): [string, Head] => [tenant_id, head]));
  const batches = [...byTenant].map(([tenantId, entries]) => {
    return rowOf(tenantId, seal(logOf(tenantId), headOf.get(tenantId), entries satisfies Entry[], now));
  });
  await client.query(INSERT, [JSON.stringify(batches)]);
  await client.query(HINT, [[...byTenant.keys()]]);
  await client.query(FORGET, [events.map(({ tenantId }) => tenantId), events.map(({ id }) => id)]);
}

function rowOf(tenantId: string, { seq, sealedAt, ids, leaves, root, previous, hash }: Batch) {
  const same = { tenant_id: tenantId, seq, sealed_at: sealedAt, root, previous, hash };
  return { ...same, event_ids: `{${ids.join(",")}}`, leaves: leaves.join("") };
}

/** The chain's name, which every hash of it holds. */
export function logOf(tenantId: string): string {
  return `audit ${tenantId}`;
}

/** Where a tenant's chain stands. Whoever keeps it elsewhere can tell when what came before it is cut off or rewritten. */
export async function auditHead(database: Database, tenantId: string): Promise<Head | undefined> {
  const rows = await database.read(
    tenantId,
    (db) =>
      db.$queryRaw`
        SELECT seq, encode(hash, 'hex') AS hash FROM audit_batches
        WHERE tenant_id = ${tenantId}::uuid ORDER BY seq DESC LIMIT 1`,
  );
  return z.array(z.object({ seq: z.number(), hash: z.string() })).parse(rows)[0];
}
