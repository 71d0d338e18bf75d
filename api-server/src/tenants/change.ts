import type { PlanName } from "@leanvibe/schema";
import type { Caller } from "../accounts/callers.ts";
import type { Tenant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { holdTenant } from "./plan.ts";

export type TenantChange = {
  organization_name?: string | undefined;
  admin_email?: string | undefined;
  plan?: PlanName | undefined;
};

/** Where in the Tenant object's spec each field stands. */
const SPEC_FIELDS = { organization_name: "organizationName", admin_email: "adminEmail", plan: "plan" } as const;

const FIELDS = ["organization_name", "admin_email", "plan"] as const satisfies readonly (keyof typeof SPEC_FIELDS)[];

/**
 * Changes what the Tenant object's spec says too, so that the object follows.
 * @throws Refusal MANAGED_BY_KUBECTL where the object is what is followed, PLAN_NEEDS_SUBSCRIPTION
 */
export function changeTenant(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  change: TenantChange,
): Promise<Tenant> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    await holdTenant(tx, tenantId);
    const current = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
    if (current.managedBy === "kubectl") throw managedByKubectl(current.subdomain, change);
    if (change.plan !== undefined && change.plan !== current.plan) {
      throw new Refusal("PLAN_NEEDS_SUBSCRIPTION", { detail: `Plan ${change.plan} needs a subscription.` });
    }
    const { organization_name: organizationName = current.organizationName, admin_email: adminEmail } = change;
    const data = { organizationName, adminEmail: adminEmail ?? current.adminEmail };
    if (data.organizationName === current.organizationName && data.adminEmail === current.adminEmail) return current;
    await enqueue(tx, tenantId, { topic: "tenant.apply", payload: {} });
    const fields = FIELDS.filter((field) => change[field] !== undefined);
    await audit(tx, caller, {
      action: "tenant.changed",
      target: { kind: "tenant", id: tenantId },
      details: { fields },
    });
    const [changed = current] = await tx.tenant.updateManyAndReturn({ where: { id: tenantId }, data });
    return changed;
  });
}

function managedByKubectl(name: string, change: TenantChange): Refusal {
  const named = FIELDS.filter((field) => change[field] !== undefined);
  const detail = `Tenant '${name}' is managed by kubectl: ${named.join(", ")} is changed in its object.`;
  return new Refusal("MANAGED_BY_KUBECTL", { detail, fix: patchLine(name, change) });
}

/** The line that makes this change of a Tenant object. A quote in a value is written so that no shell ends its text there. */
export function patchLine(name: string, change: TenantChange): string {
  const spec = Object.fromEntries(FIELDS.map((field) => [SPEC_FIELDS[field], change[field]]));
  const patch = JSON.stringify({ spec }).replaceAll("'", "\\u0027");
  return `kubectl patch tenant ${name} --type merge -p '${patch}'`;
}
