import { messageOf } from "@leanvibe/runtime";
import type { Transaction } from "../db/database.ts";
import type { Webhook, WebhookDelivery } from "../db/generated/client.ts";
import type { Parts } from "../parts.ts";
import { mailOwners } from "../tenants/owners.ts";
import { TEST_EVENT } from "./events.ts";
import { type Outcome, post } from "./send.ts";
import { secretsOf, signatureOf } from "./signature.ts";
import { isLocal } from "./webhooks.ts";

/** Nothing taken for so long: nobody listens there any more. */
const GIVEN_UP_AFTER_MILLISECONDS = 3 * 86_400_000;
/** As the queue does it (outbox/worker.ts). */
const RETRY_SECONDS = 2;
const RETRY_SECONDS_AT_MOST = 3_600;
const TRIES_AT_MOST = 35;

type Delivers = Pick<Parts, "config" | "database" | "audit">;

/**
 * Sends a delivery once and writes down what came of it. What was taken, and what is for a webhook that is gone or switched
 * off, is not sent.
 * @throws Error when it was not taken, so that it is tried again
 */
export async function deliver(parts: Delivers, tenantId: string, id: string): Promise<void> {
  const { config, database } = parts;
  const found = await database.read(tenantId, (db) =>
    db.webhookDelivery.findFirst({ where: { tenantId, id }, include: { webhook: true } }),
  );
  if (found === null || found.status !== "pending") return;
  const { webhook } = found;
  if (!webhook.enabled && found.event !== TEST_EVENT) return await skip(parts, found);
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "user-agent": "LeanVibe-Webhooks/1.0",
    "leanvibe-event-id": found.eventId,
    "leanvibe-event": found.event,
    "leanvibe-signature": signatureOf(secretsOf(config.secret, webhook, now), found.body, now),
  };
  const sent = { body: found.body, headers };
  const outcome = await post(webhook.url, sent, { local: isLocal(config) }).catch((error: unknown) => messageOf(error));
  await database.write(tenantId, (tx) => writeOutcome(tx, parts, found, outcome));
  if (!isTaken(outcome)) throw new Error(typeof outcome === "string" ? outcome : `it answered ${outcome.status}`);
}

function isTaken(outcome: Outcome | string): boolean {
  return typeof outcome !== "string" && outcome.status >= 200 && outcome.status < 300;
}

async function skip({ database }: Delivers, { tenantId, id }: WebhookDelivery): Promise<void> {
  const data = { status: "failed", nextTryAt: null, error: "the webhook is switched off" };
  await database.write(tenantId, (tx) => tx.webhookDelivery.updateMany({ where: { tenantId, id }, data }));
}

async function writeOutcome(
  tx: Transaction,
  { audit }: Delivers,
  { tenantId, id, tries: before, webhook }: WebhookDelivery & { webhook: Webhook },
  outcome: Outcome | string,
): Promise<void> {
  const [taken, tries, triedAt] = [isTaken(outcome), before + 1, new Date()];
  const seconds = Math.min(RETRY_SECONDS_AT_MOST, RETRY_SECONDS * 2 ** Math.min(before, 16));
  const again = !taken && tries < TRIES_AT_MOST;
  const said =
    typeof outcome === "string"
      ? { error: outcome.slice(0, 200).toWellFormed(), responseStatus: null, responseSnippet: null, milliseconds: null }
      : {
          error: null,
          responseStatus: outcome.status,
          responseSnippet: outcome.snippet,
          milliseconds: outcome.milliseconds,
        };
  const status = taken ? "delivered" : again ? "pending" : "failed";
  const nextTryAt = again ? new Date(triedAt.getTime() + seconds * 1000) : null;
  await tx.webhookDelivery.updateMany({
    where: { tenantId, id },
    data: { ...said, status, tries, triedAt, nextTryAt },
  });
  const where = { tenantId, id: webhook.id };
  if (taken) {
    if (webhook.failingSince !== null) await tx.webhook.updateMany({ where, data: { failingSince: null } });
    return;
  }
  await tx.webhook.updateMany({ where: { ...where, failingSince: null }, data: { failingSince: triedAt } });
  const since = new Date(triedAt.getTime() - GIVEN_UP_AFTER_MILLISECONDS);
  const idle = { ...where, enabled: true, failingSince: { lt: since } };
  const { count } = await tx.webhook.updateMany({ where: idle, data: { enabled: false } });
  if (count === 0) return;
  const target = { kind: "webhook", id: webhook.id };
  await audit(tx, { tenantId, kind: "system" }, { action: "webhook.disabled", target });
  const tenant = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
  const values = { organization: tenant.organizationName, host: new URL(webhook.url).host };
  await mailOwners(tx, tenant, { mail: "webhook_disabled", values });
}
