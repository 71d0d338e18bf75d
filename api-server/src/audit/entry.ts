import type { Cell } from "../db/packets.ts";
import type { AuditEvent, By } from "./audit.ts";
import type { Sealed } from "./personal.ts";

/** The columns of an event, as they are written. */
const TYPES = {
  tenant_id: "uuid",
  id: "uuid",
  at: "timestamptz",
  actor_kind: "text",
  actor_id: "text",
  action: "text",
  target_kind: "text",
  target_id: "text",
  request_id: "uuid",
  details: "jsonb",
  personal: "bytea",
  personal_key: "uuid",
} as const;

/**
 * The part of a statement that writes down what the rest of it does, in `WITH`.
 * @param first of its parameters, which `cellsOf` gives.
 * @param source where there is a row, an event is written.
 */
export function writing(first: number, source: string): string {
  const values = Object.values(TYPES).map((type, at) => `$${first + at}::${type}`);
  return `
    event AS (
      INSERT INTO audit_events (${Object.keys(TYPES).join(", ")}) SELECT ${values.join(", ")} ${source} RETURNING tenant_id, id
    ), unsealed AS (
      INSERT INTO audit_unsealed (tenant_id, event_id) SELECT tenant_id, id FROM event
    )`;
}

/** An event with the id that it gets. */
export type Entry = { id: string; by: By; event: AuditEvent; personal: Sealed | undefined };

/** Its columns, as a statement with `writing` in it takes them. */
export function cellsOf({ id, by, event, personal }: Entry): Cell[] {
  const { action, target, details = {} } = event;
  const cells: Record<keyof typeof TYPES, Cell> = {
    tenant_id: by.tenantId,
    id,
    at: timeOf(id).toISOString(),
    actor_kind: by.kind ?? "user",
    actor_id: by.userId ?? by.name ?? null,
    action,
    target_kind: target.kind,
    target_id: target.id,
    request_id: by.requestId ?? null,
    details: JSON.stringify(details),
    personal: personal === undefined ? null : `\\x${Buffer.from(personal.sealed).toString("hex")}`,
    personal_key: personal?.keyId ?? null,
  };
  return Object.values(cells);
}

/** When an id of version 7 was made. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 13).replace("-", ""), 16));
}
