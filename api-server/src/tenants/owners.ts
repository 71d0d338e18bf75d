import type { Transaction } from "../db/database.ts";
import type { MailPayload } from "../mail/payload.ts";
import { enqueue } from "../outbox/outbox.ts";

type Untold<T> = T extends { sealed_link: string } ? never : Omit<T, "to">;

/** Queues a mail to each owner, for what all of them must know. */
export async function mailOwners(tx: Transaction, { id }: { id: string }, mail: Untold<MailPayload>): Promise<void> {
  const owners = await tx.user.findMany({ where: { tenantId: id, role: "owner", isActive: true } });
  for (const { email } of owners) await enqueue(tx, id, { topic: "mail.send", payload: { ...mail, to: email } });
}
