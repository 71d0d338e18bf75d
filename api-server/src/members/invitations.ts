import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import type { LoggedIn } from "../accounts/login.ts";
import { may, outranks, type UserRole } from "../accounts/roles.ts";
import { hashOf, newSecret } from "../accounts/secrets.ts";
import { type Device, openSession } from "../accounts/sessions.ts";
import type { By } from "../audit/audit.ts";
import type { Database, Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Invitation } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import type { Origin } from "../http/identify.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import { enqueueLink } from "../mail/links.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { factsOf } from "../tenants/facts.ts";
import { planFollowUps } from "../tenants/followups.ts";
import { holdTenant } from "../tenants/plan.ts";
import { refusedBy } from "../tenants/state.ts";
import { isProven, requireMeasure } from "./measure.ts";
import { addMember, lockedCaller, requireRank, roleNow } from "./members.ts";

const VALID_SECONDS = 7 * 86_400;

/**
 * Invites somebody, or once more: an earlier link of that address is worth nothing then.
 * @returns the token only where no mail is sent: who gets it from their own mailbox alone has shown that it is theirs.
 * @throws Refusal PERMISSION_DENIED for a role above one's own, MEMBER_EXISTS, and what `requireMeasure` throws
 */
export async function invite(
  tx: Transaction,
  { config, audit }: Pick<Parts, "config" | "audit">,
  caller: Caller,
  { email, role }: { email: string; role: UserRole },
): Promise<{ invitation: Invitation; token: string | undefined }> {
  const { tenantId } = caller;
  const inviter = await lockedCaller(tx, caller);
  requireRank(inviter, role);
  const same = await tx.$queryRaw<object[]>`
    SELECT 1 AS same FROM users WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email})`;
  if (same.length > 0)
    throw new Refusal("MEMBER_EXISTS", { detail: `${email} is a member of your organization already.` });
  await requireMeasure(tx, caller, email);
  const earlier = await tx.$queryRaw<{ role: string }[]>`
    UPDATE invitations SET ended_at = now()
    WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email}) AND accepted_at IS NULL AND ended_at IS NULL
    RETURNING role`;
  for (const each of earlier) requireRank(inviter, each.role);
  const { secret, hash } = newSecret("lvi");
  const expiresAt = new Date(Date.now() + VALID_SECONDS * 1000);
  // In nobody's name of whom it is not known that it is theirs.
  const mailedAlone = config.mail !== undefined && (await isProven(tx, caller));
  const inside = caller.homeId === undefined;
  const who = { invitedBy: inside ? inviter.userId : null, invitedVia: inside ? null : inviter.userId };
  const by = { ...who, mailedAlone };
  const data = { tenantId, id: uuid(), email, role, tokenHash: hash, ...by, expiresAt };
  const invitation = await tx.invitation.create({ data });
  // Not the address: whose it is has no key here yet that could be destroyed.
  await audit(tx, caller, { action: "invitation.created", target: targetOf(data.id), details: { role } });
  if (!mailedAlone) return { invitation, token: secret };
  const link = `${config.publicUrl}/welcome?token=${secret}`;
  const values = { organization: caller.organization_name, inviter: caller.email, role };
  await enqueueLink(tx, { tenantId, secret: config.secret, link }, { mail: "invitation", to: email, values });
  return { invitation, token: undefined };
}

/** What can still be accepted. */
export const stillOpen = () => ({ acceptedAt: null, endedAt: null, expiresAt: { gt: new Date() } });

/** Those that can still be accepted, in the order in which they were made; one more than `limit` where there is more. */
export function listInvitations(database: Database, tenantId: string, page: Page): Promise<Invitation[]> {
  const { after, order } = rowsOf(page);
  return database.read(tenantId, (db) =>
    db.invitation.findMany({ where: { tenantId, ...stillOpen(), ...after }, ...order }),
  );
}

/** @throws Refusal INVITATION_NOT_FOUND, PERMISSION_DENIED for one to a role above one's own */
export async function withdraw(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  id: string,
): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    const now = await lockedCaller(tx, caller);
    const where = { tenantId, id, acceptedAt: null, endedAt: null };
    const invitation = await tx.invitation.findFirst({ where });
    if (invitation === null) throw new Refusal("INVITATION_NOT_FOUND");
    requireRank(now, invitation.role);
    await tx.invitation.updateMany({ where, data: { endedAt: new Date() } });
    await audit(tx, caller, { action: "invitation.withdrawn", target: targetOf(id) });
  });
}

function targetOf(id: string) {
  return { kind: "invitation", id };
}

/** Who invited must still be able to: what they may no longer give, an old link of theirs does not give either. */
async function requireInviter(
  tx: Transaction,
  { tenantId, invitedBy, invitedVia, role }: Invitation,
  parentId: string | null,
): Promise<void> {
  const userId = invitedBy ?? invitedVia;
  if (userId === null) return;
  const homeId = invitedBy === null ? (parentId ?? undefined) : undefined;
  const rank = await roleNow(tx, { tenantId, userId, homeId });
  if (rank === undefined || outranks(role, rank) || !may(rank, "members:write")) {
    throw new Refusal("INVITATION_NOT_VALID");
  }
}

/** Somebody answers for the tenant: now the cluster may hear of it. */
async function confirm(tx: Transaction, tenant: { id: string }, adminEmail: string): Promise<void> {
  await tx.tenant.updateMany({ where: { id: tenant.id }, data: { onboarding: "confirmed", adminEmail } });
  await enqueue(tx, tenant.id, { topic: "tenant.apply", payload: {} });
}

/**
 * Makes whoever has the link a member and signs them in. Of many who use it at once one comes in.
 * @throws Refusal INVITATION_NOT_VALID, QUOTA_EXCEEDED, and what the tenant's state answers
 */
export async function accept(
  { database, passwords, audit }: Pick<Parts, "database" | "passwords" | "audit">,
  by: { token: string; password: string; name: string | undefined; email: string | undefined },
  from: Device & Origin,
): Promise<LoggedIn> {
  const hash = hashOf(by.token);
  const tenantId = await database.findInvitation(hash);
  if (tenantId === undefined) throw new Refusal("INVITATION_NOT_VALID");
  // Outside of the transaction, which would hold the tenant's row for as long.
  const passwordHash = await passwords.hash(by.password);
  return await database.write(tenantId, async (tx) => {
    await holdTenant(tx, tenantId);
    const now = new Date();
    const [invitation] = await tx.invitation.updateManyAndReturn({
      where: { tenantId, tokenHash: hash, ...stillOpen() },
      data: { acceptedAt: now },
    });
    if (invitation === undefined) throw new Refusal("INVITATION_NOT_VALID");
    const tenant = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
    const refused = refusedBy(await factsOf(tx), { reads: false, wayOut: true, byOwner: false });
    if (refused !== undefined) throw new Refusal(refused);
    const email = invitation.email ?? by.email;
    if (email === undefined) throw invalid([{ path: "body.email", message: "is needed: this invitation names none" }]);
    const { role, mailedAlone } = invitation;
    await requireInviter(tx, invitation, tenant.parentId);
    if (tenant.onboarding === "unconfirmed") await confirm(tx, tenant, email);
    const byNobody = invitation.invitedBy === null && invitation.invitedVia === null;
    if (byNobody) await planFollowUps(tx, tenant, email);
    const user = await addMember(tx, tenantId, { email, role, name: by.name, passwordHash, proven: mailedAlone }).catch(
      (error: unknown) => {
        throw isTaken(error) ? new Refusal("INVITATION_NOT_VALID", { cause: error }) : error;
      },
    );
    const who: By = { tenantId, userId: user.id, email, ip: from.ip, requestId: from.requestId };
    if (tenant.onboarding === "unconfirmed") {
      await audit(tx, who, { action: "tenant.confirmed", target: { kind: "tenant", id: tenantId } });
    }
    const details = { role, invitation: invitation.id };
    await audit(tx, who, { action: "member.joined", target: { kind: "member", id: user.id }, details });
    return { ...(await openSession(tx, { tenantId, userId: user.id }, from)), user, tenant };
  });
}
