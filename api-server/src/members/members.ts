import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import { outranks, type UserRole } from "../accounts/roles.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { User } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { requireRoom } from "../tenants/plan.ts";

export type MemberChange = { role?: UserRole | undefined; is_active?: boolean | undefined };

/** In the order in which they came; one more than `limit` where there is more. */
export function listMembers(
  database: Database,
  tenantId: string,
  page: { limit: number; cursor?: string },
): Promise<User[]> {
  const after = page.cursor === undefined ? {} : { id: { gt: page.cursor } };
  return database.read(tenantId, (db) =>
    db.user.findMany({ where: { tenantId, ...after }, orderBy: { id: "asc" }, take: page.limit + 1 }),
  );
}

/** @throws Refusal MEMBER_NOT_FOUND, PERMISSION_DENIED, LAST_OWNER, QUOTA_EXCEEDED */
export function changeMember(database: Database, caller: Caller, id: string, change: MemberChange): Promise<User> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    const current = await lockedMember(tx, caller, id);
    if (change.role !== undefined) requireRank(caller, change.role);
    const { role = current.role, is_active: isActive = current.isActive } = change;
    if (role !== "owner" || !isActive) await requireOtherOwner(tx, current);
    if (isActive && !current.isActive) await requireRoom(tx, tenantId, "users", id);
    await tx.user.updateMany({ where: { tenantId, id }, data: { role, isActive } });
    return { ...current, role, isActive };
  });
}

/** With their sessions, whose tokens are refused within a second. @throws as `changeMember` */
export async function removeMember(database: Database, caller: Caller, id: string): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    await requireOtherOwner(tx, await lockedMember(tx, caller, id));
    await tx.user.deleteMany({ where: { tenantId, id } });
  });
}

/** Of two who take each other's role away at once the second sees what the first did. */
async function lockedMember(tx: Transaction, caller: Caller, id: string): Promise<User> {
  const { tenantId } = caller;
  await tx.$queryRaw`SELECT FROM tenants WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`;
  const member = await tx.user.findFirst({ where: { tenantId, id } });
  if (member === null) throw new Refusal("MEMBER_NOT_FOUND");
  requireRank(caller, member.role);
  return member;
}

/** Nobody gives, or takes away, more than they have. @throws Refusal PERMISSION_DENIED */
export function requireRank(caller: Caller, role: string): void {
  if (!outranks(role, caller.role)) return;
  throw new Refusal("PERMISSION_DENIED", { detail: `Role ${caller.role} may not give or take away role ${role}.` });
}

/** @throws Refusal LAST_OWNER when this is the one active owner */
async function requireOtherOwner(tx: Transaction, { tenantId, id, role, isActive }: User): Promise<void> {
  if (role !== "owner" || !isActive) return;
  const others = await tx.user.count({ where: { tenantId, role: "owner", isActive: true, id: { not: id } } });
  if (others === 0) throw new Refusal("LAST_OWNER");
}

/** @throws Refusal QUOTA_EXCEEDED */
export async function addMember(
  tx: Transaction,
  tenantId: string,
  person: { email: string; role: string; name: string | undefined; passwordHash: string },
): Promise<User> {
  await requireRoom(tx, tenantId, "users");
  const { email, role, passwordHash } = person;
  return await tx.user.create({
    data: { tenantId, id: uuid(), email, role, name: person.name ?? null, passwordHash, emailVerifiedAt: new Date() },
  });
}
