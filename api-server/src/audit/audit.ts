import { v7 as uuid } from "uuid";
import type { Transaction } from "../db/database.ts";
import type { Json } from "../hashlog/canonical.ts";
import { announce } from "../webhooks/announce.ts";
import type { Action, ActorKind } from "./actions.ts";
import { sealPersonal } from "./personal.ts";

/** Who does something, and whence. A caller of a route is one. */
export type By = {
  tenantId: string;
  /** A member, where nothing is said. */
  kind?: ActorKind;
  userId?: string | undefined;
  /** Of who is no member: the platform's name for them. */
  name?: string;
  email?: string | undefined;
  ip?: string | undefined;
  requestId?: string | undefined;
  /** Of who comes from another tenant: their addresses are that one's to keep and to destroy, and not told here. */
  homeId?: string | undefined;
};

export type AuditEvent = {
  action: Action;
  target: { kind: string; id: string };
  /** Small, and nobody's personal data: it can never be taken away. */
  details?: { [name: string]: Json };
};

/** Writes down, and tells the webhooks that want to hear of it, what the caller's transaction does: it is there when, and only when, that commits. */
export type Audit = (tx: Transaction, by: By, event: AuditEvent) => Promise<void>;

/** @param secret seals the keys by which personal data is sealed. */
export function auditing(secret: Buffer): Audit {
  return async (tx, by, { action, target, details = {} }) => {
    const { tenantId, kind = "user", userId, email = null, ip = null, requestId = null } = by;
    const id = uuid();
    const untold = by.homeId !== undefined || (email === null && ip === null);
    const named = untold ? undefined : { rowId: id, data: { email, ip } };
    const personal = named && (await sealPersonal(tx, secret, { tenantId, userId }, named));
    await tx.$executeRaw`
      WITH written AS (
        INSERT INTO audit_events
          (tenant_id, id, at, actor_kind, actor_id, action, target_kind, target_id, request_id, details, personal, personal_key)
        VALUES (
          ${tenantId}::uuid, ${id}::uuid, ${timeOf(id)}, ${kind}, ${userId ?? by.name ?? null}, ${action}, ${target.kind}, ${target.id},
          ${requestId}::uuid, ${JSON.stringify(details)}::jsonb, ${personal?.sealed ?? null}, ${personal?.keyId ?? null}::uuid
        )
        RETURNING tenant_id, id
      )
      INSERT INTO audit_unsealed (tenant_id, event_id) SELECT tenant_id, id FROM written`;
    await announce(tx, tenantId, { id, at: timeOf(id), action, target, details });
  };
}

/** When an id of version 7 was made. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 13).replace("-", ""), 16));
}

/** The least id of that moment: what is before it was made before. */
export function leastId(time: Date): string {
  return uuid({ msecs: time.getTime(), seq: 0, random: new Uint8Array(16) });
}
