import type { Transaction } from "../db/database.ts";
import type { MailPayload } from "../mail/payload.ts";
import { enqueue } from "../outbox/outbox.ts";

type Untold<T> = T extends { sealed_link: string } ? never : Omit<T, "to">;

/** Queues a mail to each owner, for what all of them must know; where there is none yet, to whom the tenant was made for. */
export async function mailOwners(
  tx: Transaction,
  { id, adminEmail }: { id: string; adminEmail: string | null },
  mail: Untold<MailPayload>,
): Promise<void> {
  const owners = await tx.user.findMany({ where: { tenantId: id, role: "owner", isActive: true } });
  const known = owners.map(({ email }) => email);
  const addresses = known.length === 0 && adminEmail !== null ? [adminEmail] : known;
  for (const to of addresses) await enqueue(tx, id, { topic: "mail.send", payload: { ...mail, to } });
}
