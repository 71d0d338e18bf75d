import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import { may, outranks, type Permission, USER_ROLES, type UserRole } from "../accounts/roles.ts";
import { revokeSessions } from "../accounts/sessions.ts";
import { stateInChild } from "../accounts/state.ts";
import { actingFor } from "../db/acting.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { User } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { holdTenant, requireRoom } from "../tenants/plan.ts";

export type MemberChange = { role?: UserRole | undefined; is_active?: boolean | undefined };

/** In the order in which they came; one more than `limit` where there is more. */
export function listMembers(database: Database, tenantId: string, page: Page): Promise<User[]> {
  const { after, order } = rowsOf(page);
  return database.read(tenantId, (db) => db.user.findMany({ where: { tenantId, ...after }, ...order }));
}

/** @throws Refusal MEMBER_NOT_FOUND, PERMISSION_DENIED, LAST_OWNER, QUOTA_EXCEEDED */
export function changeMember(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  id: string,
  change: MemberChange,
): Promise<User> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    const now = await lockedCaller(tx, caller);
    const current = await memberBelow(tx, now, id);
    if (change.role !== undefined) requireRank(now, change.role);
    const { role = current.role, is_active: isActive = current.isActive } = change;
    if (role === current.role && isActive === current.isActive) return current;
    if (role !== "owner" || !isActive) await requireOtherOwner(tx, current);
    if (isActive && !current.isActive) await requireRoom(tx, tenantId, "users", id);
    await tx.user.updateMany({ where: { tenantId, id }, data: { role, isActive } });
    const before = { role: current.role, is_active: current.isActive };
    const details = { before, after: { role, is_active: isActive } };
    await audit(tx, caller, { action: "member.changed", target: { kind: "member", id }, details });
    // For good: nobody who had their device comes in again when they do.
    if (!isActive) await revokeSessions(tx, { tenantId, userId: id });
    return { ...current, role, isActive };
  });
}

/** With their sessions, whose tokens are refused within a second. @throws as `changeMember` */
export async function removeMember(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  id: string,
): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    const member = await memberBelow(tx, await lockedCaller(tx, caller), id);
    await requireOtherOwner(tx, member);
    // Before: who removes themselves is nobody after.
    const details = { role: member.role };
    await audit(tx, caller, { action: "member.removed", target: { kind: "member", id }, details });
    await tx.user.deleteMany({ where: { tenantId, id } });
  });
}

/** Who decides about members, as the database has them. */
export type Ranked = { tenantId: string; userId: string; role: UserRole };

/**
 * The caller as they are now, with the tenant's row held until the transaction ends: of two who take each other's role away
 * at once the second sees what the first did, and nobody decides by a role that they had a second ago.
 * @throws Refusal AUTHENTICATION_REQUIRED when they are no active member any more, PERMISSION_DENIED
 */
export async function lockedCaller(
  tx: Transaction,
  { tenantId, userId, homeId }: Caller,
  permission: Permission = "members:write",
): Promise<Ranked> {
  await holdTenant(tx, tenantId);
  const role = await roleNow(tx, { tenantId, userId, homeId });
  if (role === undefined) throw new Refusal("AUTHENTICATION_REQUIRED", { detail: "The session has ended." });
  if (may(role, permission)) return { tenantId, userId, role };
  throw new Refusal("PERMISSION_DENIED", { detail: `Role ${role} does not include ${permission}.` });
}

/**
 * @param person homeId: the parent, where they are a user of that and may have entered.
 * @returns undefined when they are no active member, or may not enter
 */
export async function roleNow(
  tx: Transaction,
  { tenantId, userId, homeId }: { tenantId: string; userId: string; homeId?: string | undefined },
): Promise<UserRole | undefined> {
  if (homeId !== undefined) {
    const state = await actingFor(tx, { for: homeId, own: tenantId }, () => stateInChild(tx, tenantId, userId));
    return state?.role;
  }
  const user = await tx.user.findFirst({ where: { tenantId, id: userId, isActive: true } });
  return user === null ? undefined : z.enum(USER_ROLES).parse(user.role);
}

async function memberBelow(tx: Transaction, caller: Ranked, id: string): Promise<User> {
  const member = await tx.user.findFirst({ where: { tenantId: caller.tenantId, id } });
  if (member === null) throw new Refusal("MEMBER_NOT_FOUND");
  requireRank(caller, member.role);
  return member;
}

/** Nobody gives, or takes away, more than they have. @throws Refusal PERMISSION_DENIED */
export function requireRank(caller: { role: UserRole }, role: string): void {
  if (!outranks(role, caller.role)) return;
  throw new Refusal("PERMISSION_DENIED", { detail: `Role ${caller.role} may not give or take away role ${role}.` });
}

/** @throws Refusal LAST_OWNER when this is the one active owner */
async function requireOtherOwner(tx: Transaction, { tenantId, id, role, isActive }: User): Promise<void> {
  if (role !== "owner" || !isActive) return;
  const others = await tx.user.count({ where: { tenantId, role: "owner", isActive: true, id: { not: id } } });
  if (others === 0) throw new Refusal("LAST_OWNER");
}

/**
 * @param person proven: whoever it is has shown that they read the mail of that address.
 * @throws Refusal QUOTA_EXCEEDED
 */
export async function addMember(
  tx: Transaction,
  tenantId: string,
  person: { email: string; role: string; name: string | undefined; passwordHash: string | null; proven: boolean },
): Promise<User> {
  await requireRoom(tx, tenantId, "users");
  const { email, role, passwordHash, proven } = person;
  const emailVerifiedAt = proven ? new Date() : null;
  return await tx.user.create({
    data: { tenantId, id: uuid(), email, role, name: person.name ?? null, passwordHash, emailVerifiedAt },
  });
}
