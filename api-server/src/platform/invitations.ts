import type { PlanName } from "@leanvibe/schema";
import { v7 as uuid } from "uuid";
import { newSecret } from "../accounts/secrets.ts";
import type { Database } from "../db/database.ts";
import type { Operator } from "./authority.ts";

export type MadeInvitation = { id: string; email: string; plan: PlanName; code: string; expiresAt: Date };

/** Takes away those that held until a week ago, and the addresses in them. */
export async function removeOldInvitations({ worker }: Pick<Database, "worker">): Promise<void> {
  await worker.query("DELETE FROM tenant_invitations WHERE expires_at < now() - interval '7 days'");
}

/** Lets whoever reads the mail of that address create a tenant, once, within seven days. */
export async function inviteTenant(
  { platform }: Pick<Database, "platform">,
  { name: by }: Operator,
  { email, plan }: { email: string; plan: PlanName },
): Promise<MadeInvitation> {
  const id = uuid();
  const { secret: code, hash } = newSecret("lvc");
  const expiresAt = await platform.inviteTenant({ id, email, plan, by }, hash);
  return { id, email, plan, code, expiresAt };
}
