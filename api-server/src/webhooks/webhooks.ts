import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import { isLoopback } from "../accounts/development.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { Webhook, WebhookDelivery } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { holdTenant } from "../tenants/plan.ts";
import { addDelivery, bodyOf, enqueueDelivery } from "./announce.ts";
import { TEST_EVENT } from "./events.ts";
import { newWebhookSecret, sealSecret } from "./signature.ts";
import { requireTarget, TargetRefused } from "./target.ts";

const AT_MOST = 10;
const OVERLAP_MILLISECONDS = 86_400_000;

type Writes = Pick<Parts, "audit" | "config" | "database">;

export type WebhookWanted = {
  url?: string | undefined;
  events?: string[] | undefined;
  description?: string | null | undefined;
  enabled?: boolean | undefined;
};

/** Where the API is on this machine alone, receivers may be too. */
export function isLocal({ publicUrl }: Pick<Parts["config"], "publicUrl">): boolean {
  return isLoopback(new URL(publicUrl).hostname);
}

export function listWebhooks(database: Database, tenantId: string): Promise<Webhook[]> {
  return database.read(tenantId, (db) => db.webhook.findMany({ where: { tenantId }, orderBy: { id: "asc" } }));
}

/** @throws Refusal WEBHOOK_NOT_FOUND */
export async function findWebhook(db: Pick<Transaction, "webhook">, tenantId: string, id: string): Promise<Webhook> {
  const found = await db.webhook.findFirst({ where: { tenantId, id } });
  if (found === null) throw new Refusal("WEBHOOK_NOT_FOUND");
  return found;
}

/** @throws Refusal WEBHOOK_URL_REFUSED, QUOTA_EXCEEDED */
export async function createWebhook(
  { audit, config, database }: Writes,
  caller: Caller,
  { url, events, description, enabled = true }: WebhookWanted & { url: string; events: string[] },
): Promise<{ webhook: Webhook; secret: string }> {
  const { tenantId } = caller;
  const target = await allowed(url, config);
  const [id, secret] = [uuid(), newWebhookSecret()];
  const webhook = await database.write(tenantId, async (tx) => {
    await holdTenant(tx, tenantId);
    if ((await tx.webhook.count({ where: { tenantId } })) >= AT_MOST) {
      throw new Refusal("QUOTA_EXCEEDED", { detail: `An organization has at most ${AT_MOST} webhooks.` });
    }
    const secretSealed = sealSecret(config.secret, id, secret);
    const data = { tenantId, id, url: target, events, enabled, description: description ?? null, secretSealed };
    await audit(tx, caller, { action: "webhook.created", target: targetIn(id), details: { events } });
    return await tx.webhook.create({ data });
  });
  return { webhook, secret };
}

/** Switched on again it begins anew: what failed before does not count. @throws Refusal WEBHOOK_NOT_FOUND, WEBHOOK_URL_REFUSED */
export async function changeWebhook(
  { audit, config, database }: Writes,
  caller: Caller,
  id: string,
  { url, events, description, enabled }: WebhookWanted,
): Promise<Webhook> {
  const { tenantId } = caller;
  const target = url === undefined ? undefined : await allowed(url, config);
  const data = {
    ...(target === undefined ? {} : { url: target }),
    ...(events === undefined ? {} : { events }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { enabled, failingSince: null }),
  };
  return await database.write(tenantId, async (tx) => {
    const [changed] = await tx.webhook.updateManyAndReturn({ where: { tenantId, id }, data });
    if (changed === undefined) throw new Refusal("WEBHOOK_NOT_FOUND");
    const fields = Object.keys(data).filter((name) => name !== "failingSince");
    await audit(tx, caller, { action: "webhook.changed", target: targetIn(id), details: { fields } });
    return changed;
  });
}

/** @throws Refusal WEBHOOK_NOT_FOUND */
export async function deleteWebhook({ audit, database }: Writes, caller: Caller, id: string): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    const { count } = await tx.webhook.deleteMany({ where: { tenantId, id } });
    if (count === 0) throw new Refusal("WEBHOOK_NOT_FOUND");
    await audit(tx, caller, { action: "webhook.deleted", target: targetIn(id) });
  });
}

/** The old one signs beside the new one for a day. @throws Refusal WEBHOOK_NOT_FOUND */
export async function rotateSecret(
  { audit, config, database }: Writes,
  caller: Caller,
  id: string,
): Promise<{ webhook: Webhook; secret: string }> {
  const { tenantId } = caller;
  const secret = newWebhookSecret();
  const webhook = await database.write(tenantId, async (tx) => {
    const { secretSealed: previousSealed } = await findWebhook(tx, tenantId, id);
    const previousUntil = new Date(Date.now() + OVERLAP_MILLISECONDS);
    const data = { secretSealed: sealSecret(config.secret, id, secret), previousSealed, previousUntil };
    const [changed] = await tx.webhook.updateManyAndReturn({ where: { tenantId, id }, data });
    if (changed === undefined) throw new Refusal("WEBHOOK_NOT_FOUND");
    await audit(tx, caller, { action: "webhook.secret_rotated", target: targetIn(id) });
    return changed;
  });
  return { webhook, secret };
}

/** The latest first; one more than `limit` where there is more. @throws Refusal WEBHOOK_NOT_FOUND */
export async function listDeliveries(
  database: Database,
  tenantId: string,
  id: string,
  page: Page,
): Promise<WebhookDelivery[]> {
  const { order } = rowsOf(page);
  const before = page.cursor === undefined ? {} : { id: { lt: page.cursor } };
  const where = { tenantId, webhookId: id, ...before };
  const [, rows] = await Promise.all([
    database.read(tenantId, (db) => findWebhook(db, tenantId, id)),
    database.read(tenantId, (db) => db.webhookDelivery.findMany({ where, orderBy: { id: "desc" }, take: order.take })),
  ]);
  return rows;
}

/** Something to try a receiver with, also while the webhook is switched off. @throws Refusal WEBHOOK_NOT_FOUND */
export function testWebhook({ database }: Writes, { tenantId }: Caller, id: string): Promise<WebhookDelivery> {
  return database.write(tenantId, async (tx) => {
    await findWebhook(tx, tenantId, id);
    const eventId = uuid();
    const body = bodyOf(eventId, new Date(), { type: TEST_EVENT, tenantId, data: {} });
    return await addDelivery(tx, { tenantId, webhookId: id, eventId, event: TEST_EVENT, body });
  });
}

/** The same event under the same id, once more. @throws Refusal DELIVERY_NOT_FOUND */
export function redeliver(
  { database }: Writes,
  { tenantId }: Caller,
  { webhookId, id }: { webhookId: string; id: string },
): Promise<WebhookDelivery> {
  return database.write(tenantId, async (tx) => {
    const data = { status: "pending", tries: 0, nextTryAt: null };
    const [again] = await tx.webhookDelivery.updateManyAndReturn({ where: { tenantId, webhookId, id }, data });
    if (again === undefined) throw new Refusal("DELIVERY_NOT_FOUND");
    await enqueueDelivery(tx, again);
    return again;
  });
}

async function allowed(url: string, config: Writes["config"]): Promise<string> {
  try {
    return await requireTarget(url, isLocal(config));
  } catch (error) {
    if (!(error instanceof TargetRefused)) throw error;
    throw new Refusal("WEBHOOK_URL_REFUSED", {
      detail: `Nothing is sent to this url: ${error.message}.`,
      cause: error,
    });
  }
}

function targetIn(id: string) {
  return { kind: "webhook", id };
}
