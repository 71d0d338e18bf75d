import { open } from "../accounts/sealing.ts";
import type { Entry } from "../outbox/handlers.ts";
import type { Parts } from "../parts.ts";
import { isSettled } from "../tenants/followups.ts";
import type { Mailer } from "./mailer.ts";
import type { MailPayload } from "./payload.ts";
import { writeMail } from "./templates.ts";

/** What a mail leads to that opens nothing. */
const PAGES = {
  follow_up: "/docs",
  held: "/docs/errors/TENANT_SUSPENDED",
  deletion: "/docs",
  deletion_cancelled: "/docs",
  webhook_disabled: "/docs",
} as const;

/** Sends one mail; a follow-up only while there is still something to say. */
export async function sendMail(
  { config, database }: Pick<Parts, "config" | "database">,
  mailer: Mailer,
  payload: MailPayload,
  { tenantId, id }: Entry,
): Promise<void> {
  if (payload.mail === "follow_up" && (await isSettled(database, tenantId))) return;
  const link =
    "sealed_link" in payload
      ? open(Buffer.from(payload.sealed_link, "base64"), config.secret, id)
      : `${config.publicUrl}${PAGES[payload.mail]}`;
  await mailer.send({ ...writeMail(payload, link), to: payload.to, id });
}
