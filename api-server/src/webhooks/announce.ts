import { v7 as uuid } from "uuid";
import type { Action } from "../audit/actions.ts";
import type { Transaction } from "../db/database.ts";
import type { Json } from "../hashlog/canonical.ts";
import { enqueue } from "../outbox/outbox.ts";
import { namesOf } from "./events.ts";

export type Happened = { id: string; at: Date; action: Action; target: { kind: string; id: string }; details: Json };

/** Sends what happened to every webhook that is for it, when the transaction commits. Where there is none nothing is written. */
export async function announce(tx: Transaction, tenantId: string, { id, at, action, target, details }: Happened) {
  const names = namesOf(action);
  if (names === undefined) return;
  const webhooks = await tx.webhook.findMany({
    where: { tenantId, enabled: true, events: { hasSome: names } },
    select: { id: true },
  });
  if (webhooks.length === 0) return;
  const body = bodyOf(id, at, { type: action, tenantId, data: { object: target, details } });
  for (const webhook of webhooks) {
    await addDelivery(tx, { tenantId, webhookId: webhook.id, eventId: id, event: action, body });
  }
}

export function bodyOf(id: string, at: Date, event: { type: string; tenantId: string; data: Json }): string {
  const { type, tenantId, data } = event;
  return JSON.stringify({ id, type, created_at: at.toISOString(), tenant_id: tenantId, data });
}

type Wanted = { tenantId: string; webhookId: string; eventId: string; event: string; body: string };

/** @returns its id */
export async function addDelivery(tx: Transaction, wanted: Wanted) {
  const delivery = await tx.webhookDelivery.create({ data: { ...wanted, id: uuid() } });
  await enqueueDelivery(tx, delivery);
  return delivery;
}

export async function enqueueDelivery(tx: Transaction, at: { tenantId: string; id: string; webhookId: string }) {
  const payload = { delivery: at.id, webhook: at.webhookId };
  await enqueue(tx, at.tenantId, { topic: "webhook.deliver", payload });
}
