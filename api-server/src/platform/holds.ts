import type { By } from "../audit/audit.ts";
import type { Transaction } from "../db/database.ts";
import type { Tenant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { mailOwners } from "../tenants/owners.ts";

/**
 * Suspends a tenant: every token of it is refused within a second, the cluster follows, the owners are told the reason. Of
 * one that is held already nothing is changed.
 * @throws Refusal TENANT_NOT_FOUND
 */
export function holdSuspended(
  { database, audit }: Pick<Parts, "database" | "audit">,
  by: By & { name: string },
  { reason, note }: { reason: string; note?: string | undefined },
): Promise<Tenant> {
  const { tenantId: id } = by;
  return database.write(id, async (tx) => {
    const [held] = await tx.tenant.updateManyAndReturn({
      where: { id, hold: null },
      data: { hold: reason, holdNote: note ?? null, heldBy: by.name, heldAt: new Date() },
    });
    if (held === undefined) return await tenantOf(tx, id);
    await enqueue(tx, id, { topic: "tenant.apply", payload: {} });
    const target = { kind: "tenant", id };
    await audit(tx, by, { action: "tenant.suspended", target, details: { reason } });
    await mailOwners(tx, held, { mail: "held", values: { organization: held.organizationName, reason } });
    return held;
  });
}

/** Undoes it; what else keeps the tenant from working, an invoice for one, still does. @throws Refusal TENANT_NOT_FOUND */
export function release({ database, audit }: Pick<Parts, "database" | "audit">, by: By): Promise<Tenant> {
  const { tenantId: id } = by;
  return database.write(id, async (tx) => {
    const [released] = await tx.tenant.updateManyAndReturn({
      where: { id, hold: { not: null } },
      data: { hold: null, holdNote: null, heldBy: null, heldAt: null },
    });
    if (released === undefined) return await tenantOf(tx, id);
    await enqueue(tx, id, { topic: "tenant.apply", payload: {} });
    await audit(tx, by, { action: "tenant.reactivated", target: { kind: "tenant", id } });
    return released;
  });
}

/** @throws Refusal TENANT_NOT_FOUND */
export async function tenantOf(tx: Pick<Transaction, "tenant">, id: string): Promise<Tenant> {
  const tenant = await tx.tenant.findFirst({ where: { id } });
  if (tenant === null) throw new Refusal("TENANT_NOT_FOUND");
  return tenant;
}
