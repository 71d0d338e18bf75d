import type pg from "pg";
import { z } from "zod";
import { type Fault, type Head, Verifier } from "../hashlog/hashlog.ts";
import { timeOf } from "./entry.ts";
import { BATCH_COLUMNS, batchOf, EVENT_COLUMNS, eventOf } from "./rows.ts";
import { logOf } from "./seal.ts";

/** Between two servers' clocks, and while a transaction may last. Nothing honest is later than that. */
const LATE_MILLISECONDS = 300_000;
const TOLD_AT_MOST = 1_000;

/** A fault of a tenant's trail. Without a batch: an event that is in none. */
export type AuditFault = Omit<Fault, "kind" | "seq"> & { kind: Fault["kind"] | "inserted"; seq?: number };

export type Verdict = { tenantId: string; events: number; head: Head | undefined; faults: AuditFault[] };

const BATCHES = `SELECT ${BATCH_COLUMNS} FROM audit_batches WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT 1`;

const EVENTS = `SELECT ${EVENT_COLUMNS} FROM audit_events e WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[])`;

/** In no batch, and not waiting for one. */
const STRAY = `
  SELECT id FROM audit_events WHERE tenant_id = $1
  EXCEPT SELECT unnest(event_ids) FROM audit_batches WHERE tenant_id = $1
  EXCEPT SELECT event_id FROM audit_unsealed WHERE tenant_id = $1
  ORDER BY id LIMIT ${TOLD_AT_MOST}`;

/** Written, waiting for a batch, and gone. */
const LOST = `
  SELECT event_id AS id FROM audit_unsealed WHERE tenant_id = $1
  EXCEPT SELECT id FROM audit_events WHERE tenant_id = $1 ORDER BY id LIMIT ${TOLD_AT_MOST}`;

const ids = z.array(z.object({ id: z.string() }));

/** Every tenant of whom there is something to verify, those that are gone too. */
export async function tenantsWithAudit(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query(
    "SELECT tenant_id AS id FROM audit_batches UNION SELECT tenant_id FROM audit_events ORDER BY 1",
  );
  return ids.parse(rows).map(({ id }) => id);
}

/**
 * Walks a tenant's trail from its first batch on, one batch in memory at a time, and says what was changed, removed or put in.
 * @param client of role lv_worker
 * @param known a head that was kept elsewhere: without one nobody can tell that the newest batches are gone
 */
export async function verifyAudit(client: pg.ClientBase, tenantId: string, known?: Head): Promise<Verdict> {
  // One moment: what is sealed meanwhile would else be in no batch and wait for none.
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await client.query("SET LOCAL statement_timeout = 0");
    const { head, events, faults } = await walk(client, tenantId, known);
    const idsOf = async (text: string) => ids.parse((await client.query(text, [tenantId])).rows);
    const inserted = (await idsOf(STRAY)).map(({ id }): AuditFault => {
      return { kind: "inserted", id, why: "it is in no batch and waits for none" };
    });
    const lost = (await idsOf(LOST)).map(({ id }): AuditFault => {
      return { kind: "missing", id, why: "it waited for a batch and is gone" };
    });
    return { tenantId, events, head, faults: [...faults, ...inserted, ...lost] };
  } finally {
    await client.query("ROLLBACK");
  }
}

async function walk(client: pg.ClientBase, tenantId: string, known: Head | undefined) {
  const verifier = new Verifier(logOf(tenantId), known);
  const faults: AuditFault[] = [];
  let events = 0;
  let latest = 0;
  for (;;) {
    const { rows } = await client.query(BATCHES, [tenantId, verifier.head?.seq ?? 0]);
    if (rows.length === 0) break;
    const batch = batchOf(rows[0]);
    const found = (await client.query(EVENTS, [tenantId, batch.ids])).rows.map(eventOf);
    events += batch.ids.length;
    faults.push(...verifier.next(batch, new Map(found.map(({ id, content }) => [id, content]))));
    for (const id of batch.ids)
      if (timeOf(id).getTime() < latest - LATE_MILLISECONDS) faults.push(backdated(id, batch));
    latest = Math.max(latest, ...batch.ids.map((id) => timeOf(id).getTime()));
    // Nobody reads more; that the rest was not walked must not look like a fault of its own.
    if (faults.length >= TOLD_AT_MOST) return { head: verifier.head, events, faults };
  }
  return { head: verifier.head, events, faults: [...faults, ...verifier.end()] };
}

/** Put in as if it had been done long before. */
function backdated(id: string, { seq }: Head): AuditFault {
  return { kind: "inserted", seq, id, why: "it says that it is older than the batch before" };
}
