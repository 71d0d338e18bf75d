import { PLAN_NAMES, PLANS } from "@leanvibe/schema";
import { z } from "zod";
import type { Database, Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";

/** What the plan limits, and whether a row is one of those that count. */
const LIMITED = {
  projects: {
    name: "Project",
    counts: async (tx: Transaction, tenantId: string, id: string) =>
      (await tx.project.count({ where: { tenantId, id, status: "active" } })) > 0,
  },
  users: {
    name: "User",
    counts: async (tx: Transaction, tenantId: string, id: string) =>
      (await tx.user.count({ where: { tenantId, id, isActive: true } })) > 0,
  },
} as const;

export type Limited = keyof typeof LIMITED;

/**
 * Holds the tenant's row until the transaction ends: of many who come at once each sees what the one before did. Whoever
 * needs it takes it first, before any other row, so that no two wait for each other.
 */
export async function holdTenant(tx: Transaction, tenantId: string): Promise<void> {
  await tx.$queryRaw`SELECT FROM tenants WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`;
}

const count = z.coerce.number().int();
const held = z.tuple([z.object({ plan: z.enum(PLAN_NAMES), projects: count, users: count })]);

/**
 * Parent and children live on one plan: of all of them together one adds at a time.
 * @param except needs no room when it counts already.
 * @throws Refusal QUOTA_EXCEEDED when the plan has no room for one more
 */
export async function requireRoom(tx: Transaction, tenantId: string, what: Limited, except?: string): Promise<void> {
  await holdTenant(tx, tenantId);
  const [{ plan, ...used }] = held.parse(await tx.$queryRaw`SELECT plan, projects, users FROM lv_hold_family_usage()`);
  const limit = PLANS[plan][what];
  if (used[what] < limit) return;
  const { name, counts } = LIMITED[what];
  if (except !== undefined && (await counts(tx, tenantId, except))) return;
  const detail = `${name} limit reached (${limit}). Upgrade to create more ${what}.`;
  throw new Refusal("QUOTA_EXCEEDED", { detail });
}

const usage = z.tuple([
  z.object({
    plan: z.enum(PLAN_NAMES),
    projects: count,
    users: count,
    own_projects: count,
    own_users: count,
  }),
]);

/** How much of the plan is used: by the whole family, which is what counts, and by this tenant. */
export async function readUsage(database: Database, tenantId: string) {
  const rows = await database.read(tenantId, (db) => db.$queryRaw`SELECT * FROM lv_family_usage()`);
  const [{ plan, projects, users, own_projects, own_users }] = usage.parse(rows);
  return {
    projects: { current: projects, ...ownOf(projects, own_projects), limit: PLANS[plan].projects },
    users: { current: users, ...ownOf(users, own_users), limit: PLANS[plan].users },
  };
}

/** Said only where others of the family have some too. */
function ownOf(current: number, own: number): { own?: number } {
  return own === current ? {} : { own };
}
