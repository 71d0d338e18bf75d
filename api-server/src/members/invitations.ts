import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import type { LoggedIn } from "../accounts/login.ts";
import type { Passwords } from "../accounts/passwords.ts";
import type { UserRole } from "../accounts/roles.ts";
import { hashOf, newSecret } from "../accounts/secrets.ts";
import { type Device, openSession } from "../accounts/sessions.ts";
import type { Database, Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Invitation } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import { refusedBy, tenantFacts } from "../tenants/state.ts";
import { addMember, requireRank } from "./members.ts";

const VALID_SECONDS = 7 * 86_400;
const LISTED_AT_MOST = 200;

/**
 * Invites somebody, or once more: an earlier link of that address is worth nothing then.
 * @throws Refusal PERMISSION_DENIED for a role above one's own, MEMBER_EXISTS
 */
export async function invite(
  database: Database,
  caller: Caller,
  { email, role }: { email: string; role: UserRole },
): Promise<{ invitation: Invitation; token: string }> {
  requireRank(caller, role);
  const { tenantId } = caller;
  const { secret, hash } = newSecret("lvi");
  const invitation = await database.write(tenantId, async (tx) => {
    const same = await tx.$queryRaw<object[]>`
      SELECT 1 FROM users WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email})`;
    if (same.length > 0)
      throw new Refusal("MEMBER_EXISTS", { detail: `${email} is a member of your organization already.` });
    await tx.$executeRaw`
      DELETE FROM invitations WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email}) AND accepted_at IS NULL`;
    const expiresAt = new Date(Date.now() + VALID_SECONDS * 1000);
    return await tx.invitation.create({ data: { tenantId, id: uuid(), email, role, tokenHash: hash, expiresAt } });
  });
  return { invitation, token: secret };
}

/** Those that can still be accepted, the latest first. */
export function listInvitations(database: Database, tenantId: string): Promise<Invitation[]> {
  return database.read(tenantId, (db) =>
    db.invitation.findMany({
      where: { tenantId, acceptedAt: null, expiresAt: { gt: new Date() } },
      orderBy: { id: "desc" },
      take: LISTED_AT_MOST,
    }),
  );
}

/** @throws Refusal INVITATION_NOT_FOUND */
export async function withdraw(database: Database, tenantId: string, id: string): Promise<void> {
  const { count } = await database.read(tenantId, (db) =>
    db.invitation.deleteMany({ where: { tenantId, id, acceptedAt: null } }),
  );
  if (count === 0) throw new Refusal("INVITATION_NOT_FOUND");
}

/** Somebody answers for the tenant: now the cluster may hear of it. */
async function confirm(tx: Transaction, tenantId: string, adminEmail: string): Promise<void> {
  await tx.tenant.updateMany({ where: { id: tenantId }, data: { onboarding: "confirmed", adminEmail } });
  await tx.outbox.create({ data: { tenantId, id: uuid(), topic: "tenant.apply", payload: {} } });
}

/**
 * Makes whoever has the link a member and signs them in. Of many who use it at once one comes in.
 * @throws Refusal INVITATION_NOT_VALID, QUOTA_EXCEEDED, and what the tenant's state answers
 */
export async function accept(
  { database, passwords }: { database: Database; passwords: Passwords },
  by: { token: string; password: string; name: string | undefined; email: string | undefined },
  from: Device,
): Promise<LoggedIn> {
  const hash = hashOf(by.token);
  const tenantId = await database.findInvitation(hash);
  if (tenantId === undefined) throw new Refusal("INVITATION_NOT_VALID");
  // Outside of the transaction, which would hold the tenant's row for as long.
  const passwordHash = await passwords.hash(by.password);
  return await database.write(tenantId, async (tx) => {
    const now = new Date();
    const [invitation] = await tx.invitation.updateManyAndReturn({
      where: { tenantId, tokenHash: hash, acceptedAt: null, expiresAt: { gt: now } },
      data: { acceptedAt: now },
    });
    if (invitation === undefined) throw new Refusal("INVITATION_NOT_VALID");
    const tenant = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
    const refused = refusedBy(tenantFacts.parse(tenant), { reads: false, wayOut: true });
    if (refused !== undefined) throw new Refusal(refused);
    const email = invitation.email ?? by.email;
    if (email === undefined) throw invalid([{ path: "body.email", message: "is needed: this invitation names none" }]);
    const { role } = invitation;
    if (tenant.onboarding === "unconfirmed") await confirm(tx, tenantId, email);
    const user = await addMember(tx, tenantId, { email, role, name: by.name, passwordHash }).catch((error: unknown) => {
      throw isTaken(error) ? new Refusal("INVITATION_NOT_VALID", { cause: error }) : error;
    });
    return { ...(await openSession(tx, { tenantId, userId: user.id }, from)), user, tenant };
  });
}
