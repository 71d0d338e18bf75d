import { PLANS, type PlanName } from "@leanvibe/schema";
import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";

const row = z.tuple([z.object({ plan: z.custom<PlanName>((name) => typeof name === "string" && name in PLANS) })]);

/** What the plan limits, and how many of them there are. */
const COUNTED = {
  projects: {
    name: "Project",
    count: (tx: Transaction, tenantId: string, except: string) =>
      tx.project.count({ where: { tenantId, status: "active", id: { not: except } } }),
  },
  users: {
    name: "User",
    count: (tx: Transaction, tenantId: string, except: string) =>
      tx.user.count({ where: { tenantId, isActive: true, id: { not: except } } }),
  },
} as const;

/** No row has it. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * Holds the tenant's row until the transaction ends: of many who come at once each sees what the one before did. Whoever
 * needs it takes it first, before any other row, so that no two wait for each other.
 */
export async function holdTenant(tx: Transaction, tenantId: string): Promise<PlanName> {
  const [{ plan }] = row.parse(
    await tx.$queryRaw`SELECT plan FROM tenants WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`,
  );
  return plan;
}

/**
 * @param except does not count, because it is the one for which there must be room.
 * @throws Refusal QUOTA_EXCEEDED when the plan has no room for one more
 */
export async function requireRoom(
  tx: Transaction,
  tenantId: string,
  what: keyof typeof COUNTED,
  except: string = NOBODY,
): Promise<void> {
  const plan = await holdTenant(tx, tenantId);
  const limit = PLANS[plan][what];
  const { name, count } = COUNTED[what];
  if ((await count(tx, tenantId, except)) < limit) return;
  const detail = `${name} limit reached (${limit}). Upgrade to create more ${what}.`;
  throw new Refusal("QUOTA_EXCEEDED", { detail });
}
