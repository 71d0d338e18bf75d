import type { Caller } from "../accounts/callers.ts";
import type { By } from "../audit/audit.ts";
import type { Transaction } from "../db/database.ts";
import type { Tenant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import { lockedCaller } from "../members/members.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { relativesOf } from "./children.ts";
import { mailOwners } from "./owners.ts";

type Writes = Pick<Parts, "database" | "audit">;

/**
 * Asks for an organization's end: from now on it is its owners' alone, to read, to take along and to call back, for thirty
 * days. Asked for again it changes nothing.
 * @param confirmed the subdomain, typed by whoever asks: what cannot be undone is not done by a slip.
 * @throws Refusal VALIDATION_FAILED, MANAGED_BY_KUBECTL, CHILDREN_EXIST, and what `lockedCaller` throws
 */
export function askDeletion({ database, audit }: Writes, caller: Caller, confirmed: string): Promise<Tenant> {
  return database.write(caller.tenantId, async (tx) => {
    const current = await leaving(tx, caller);
    const { id, subdomain } = current;
    if (confirmed !== subdomain) {
      throw invalid([{ path: "body.subdomain", message: `must be '${subdomain}', to confirm` }]);
    }
    if (current.managedBy === "kubectl") {
      throw new Refusal("MANAGED_BY_KUBECTL", {
        detail: `Tenant '${subdomain}' is managed by kubectl: it is deleted as an object.`,
        fix: `kubectl delete tenant ${subdomain}`,
      });
    }
    await requireNoChildren(tx);
    const where = { id, lifecycle: "active" };
    const [asked] = await tx.tenant.updateManyAndReturn({ where, data: { lifecycle: "pending_deletion" } });
    if (asked === undefined) return current;
    await audit(tx, caller, { action: "tenant.deletion_asked", target: { kind: "tenant", id } });
    await enqueue(tx, id, { topic: "tenant.apply", payload: {} });
    await mailOwners(tx, asked, deletionMail(asked, "owner"));
    return asked;
  });
}

/** Everything is as it was. Of one that nobody deletes nothing is changed. @throws Refusal as `askDeletion` */
export function cancelDeletion({ database, audit }: Writes, caller: Caller): Promise<Tenant> {
  return database.write(caller.tenantId, async (tx) => {
    const current = await leaving(tx, caller);
    const { id, subdomain, lifecycle } = current;
    if (lifecycle !== "pending_deletion") return current;
    if (current.managedBy === "kubectl") {
      throw new Refusal("MANAGED_BY_KUBECTL", {
        detail: `Tenant '${subdomain}' is managed by kubectl: it comes back as an object.`,
        fix: `Set spec.adopt: true in the file of Tenant ${subdomain}, and kubectl apply -f it.`,
      });
    }
    const where = { id, lifecycle };
    await audit(tx, caller, { action: "tenant.deletion_cancelled", target: { kind: "tenant", id } });
    const [kept = current] = await tx.tenant.updateManyAndReturn({ where, data: { lifecycle: "active" } });
    await enqueue(tx, id, { topic: "tenant.apply", payload: {} });
    await mailOwners(tx, kept, { mail: "deletion_cancelled", values: { organization: kept.organizationName } });
    return kept;
  });
}

/** Somebody deleted the cluster's Tenant of one that kubectl manages: as if its owner had asked for it. */
export async function objectDeleted({ database, audit }: Writes, id: string): Promise<void> {
  await database.write(id, async (tx) => {
    const where = { id, lifecycle: "active", managedBy: "kubectl" };
    const [gone] = await tx.tenant.updateManyAndReturn({ where, data: { lifecycle: "pending_deletion" } });
    if (gone === undefined) return;
    const event = { action: "tenant.deletion_asked", target: { kind: "tenant", id } } as const;
    await audit(tx, { tenantId: id, kind: "kubectl" }, event);
    await mailOwners(tx, gone, deletionMail(gone, "kubectl"));
  });
}

function deletionMail({ organizationName: organization, deletesAt }: Tenant, asked_by: "owner" | "kubectl") {
  return {
    mail: "deletion",
    values: { organization, deletes_on: deletesAt?.toISOString().slice(0, 10) ?? "", asked_by },
  } as const;
}

/**
 * Ends the thirty days of a deletion that was asked for: for everybody the organization is gone now, and its rows with the
 * next sweep.
 * @throws Refusal TENANT_NOT_FOUND, DELETION_NOT_PENDING, CHILDREN_EXIST
 */
export function approveDeletion({ database, audit }: Writes, by: By): Promise<Tenant> {
  const { tenantId: id } = by;
  return database.write(id, async (tx) => {
    await requireNoChildren(tx);
    const [gone] = await tx.tenant.updateManyAndReturn({
      where: { id, lifecycle: "pending_deletion" },
      data: { lifecycle: "deleted", deletesAt: new Date() },
    });
    if (gone !== undefined) {
      await audit(tx, by, { action: "tenant.deletion_approved", target: { kind: "tenant", id } });
      return gone;
    }
    const current = await tx.tenant.findFirst({ where: { id } });
    if (current === null) throw new Refusal("TENANT_NOT_FOUND");
    if (current.lifecycle !== "deleted") throw new Refusal("DELETION_NOT_PENDING");
    return current;
  });
}

/** The tenant of an owner, held until the transaction ends. @throws Refusal as `lockedCaller`, TENANT_NOT_FOUND */
async function leaving(tx: Transaction, caller: Caller): Promise<Tenant> {
  await lockedCaller(tx, caller, "tenant:delete");
  const tenant = await tx.tenant.findFirst({ where: { id: caller.tenantId } });
  if (tenant === null || tenant.lifecycle === "deleted") throw new Refusal("TENANT_NOT_FOUND");
  return tenant;
}

async function requireNoChildren(tx: Transaction): Promise<void> {
  const count = (await relativesOf(tx)).filter(({ relation }) => relation === "child").length;
  if (count === 0) return;
  const children = count === 1 ? "a child organization" : `${count} child organizations`;
  throw new Refusal("CHILDREN_EXIST", { detail: `Your organization has ${children}: it is deleted after them.` });
}
