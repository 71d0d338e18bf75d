import { z } from "zod";
import type { Json } from "../hashlog/canonical.ts";
import type { Batch } from "../hashlog/hashlog.ts";

/** Times as text: JavaScript would round what PostgreSQL keeps, and a change of what is rounded away would not be seen. */
const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** The columns of an event as they are hashed: all of them. Of the sealed part the ciphertext, which outlives its key. */
export const EVENT_COLUMNS = `
  e.tenant_id, e.id, to_char(e.at AT TIME ZONE 'UTC', ${TIME}) AS at, e.actor_kind, e.actor_id, e.action,
  e.target_kind, e.target_id, e.request_id, e.details, encode(e.personal, 'base64') AS personal, e.personal_key`;

export const BATCH_COLUMNS = `
  seq, to_char(sealed_at AT TIME ZONE 'UTC', ${TIME}) AS sealed_at, event_ids, encode(leaves, 'hex') AS leaves,
  encode(root, 'hex') AS root, encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash`;

const content = z.object({
  tenant_id: z.string(),
  at: z.string(),
  actor_kind: z.string(),
  actor_id: z.string().nullable(),
  action: z.string(),
  target_kind: z.string(),
  target_id: z.string(),
  request_id: z.string().nullable(),
  details: z.json(),
  personal: z.string().nullable(),
  personal_key: z.string().nullable(),
});

const id = z.object({ id: z.string() });

/** A row of EVENT_COLUMNS. */
export function eventOf(row: unknown): { tenantId: string; id: string; content: { [name: string]: Json } } {
  const hashed = content.parse(row);
  return { tenantId: hashed.tenant_id, id: id.parse(row).id, content: hashed };
}

const HEX_OF_HASH = 64;

const batch = z.object({
  seq: z.number(),
  sealed_at: z.string(),
  event_ids: z.array(z.string()),
  leaves: z.string().transform((hex) => hex.match(new RegExp(`.{${HEX_OF_HASH}}`, "g")) ?? []),
  root: z.string(),
  previous: z.string().nullable(),
  hash: z.string(),
});

/** A row of BATCH_COLUMNS. */
export function batchOf(row: unknown): Batch {
  const { sealed_at: sealedAt, event_ids: ids, ...same } = batch.parse(row);
  return { ...same, sealedAt, ids: [...ids], leaves: [...same.leaves] };
}
