import { v7 as uuid } from "uuid";
import { seal } from "../accounts/sealing.ts";
import type { Transaction } from "../db/database.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { MailPayload } from "./payload.ts";

type Unsealed<T> = T extends { sealed_link: string } ? Omit<T, "sealed_link"> : never;

/** Queues a mail with a link that opens something: whoever reads the database must not be able to follow it. */
export async function enqueueLink(
  tx: Transaction,
  { tenantId, secret, link }: { tenantId: string; secret: Buffer; link: string },
  mail: Unsealed<MailPayload>,
): Promise<void> {
  const id = uuid();
  const payload = { ...mail, sealed_link: seal(link, secret, id).toString("base64") };
  await enqueue(tx, tenantId, { topic: "mail.send", id, payload });
}
