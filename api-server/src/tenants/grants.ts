import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { ChildGrant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import { lockedCaller } from "../members/members.ts";
import type { Parts } from "../parts.ts";
import { childNamed } from "./children.ts";

/** What a member may be in a child. What owners and admins of the parent are there they are without a grant. */
export const GRANTED_ROLES = ["viewer", "member", "admin"] as const;

export type GrantWanted = { user_id: string; tenant: string; role: (typeof GRANTED_ROLES)[number] };

/** In the order in which they were given; one more than `limit` where there is more. */
export function listGrants(database: Database, tenantId: string, page: Page): Promise<ChildGrant[]> {
  const { after, order } = rowsOf(page);
  return database.read(tenantId, (db) => db.childGrant.findMany({ where: { tenantId, ...after }, ...order }));
}

/**
 * Lets a member into a child; one that was given before is replaced.
 * @throws Refusal PERMISSION_DENIED, TENANT_NOT_FOUND, MEMBER_NOT_FOUND
 */
export async function giveGrant(
  tx: Transaction,
  { audit }: Pick<Parts, "audit">,
  caller: Caller,
  wanted: GrantWanted,
): Promise<ChildGrant> {
  const { tenantId } = caller;
  const { user_id: userId, tenant, role } = wanted;
  await lockedCaller(tx, caller, "children:write");
  const { id: childId } = await childNamed(tx, tenant);
  const member = await tx.user.findFirst({ where: { tenantId, id: userId, isActive: true } });
  if (member === null) throw new Refusal("MEMBER_NOT_FOUND");
  await tx.childGrant.deleteMany({ where: { tenantId, userId, childId } });
  const details = { child: childId, role };
  await audit(tx, caller, { action: "grant.given", target: { kind: "member", id: userId }, details });
  return await tx.childGrant.create({ data: { tenantId, id: uuid(), userId, childId, role } });
}

/**
 * With the sessions that were opened by it, for good: one that is given anew opens none of them again.
 * @throws Refusal PERMISSION_DENIED, GRANT_NOT_FOUND
 */
export async function takeGrant(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  id: string,
): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    await lockedCaller(tx, caller, "children:write");
    const grant = await tx.childGrant.findFirst({ where: { tenantId, id } });
    if (grant === null) throw new Refusal("GRANT_NOT_FOUND");
    await tx.childGrant.deleteMany({ where: { tenantId, id } });
    const { userId, childId: enteredTenantId } = grant;
    const details = { child: enteredTenantId };
    await audit(tx, caller, { action: "grant.taken", target: { kind: "member", id: userId }, details });
    await tx.session.updateMany({
      where: { tenantId, userId, enteredTenantId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
  });
}
