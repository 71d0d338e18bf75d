import type { Manifest } from "@leanvibe/runtime";
import { ANNOTATIONS, API_VERSION, TENANT, type Tenant, type TenantSpec } from "@leanvibe/schema";
import { type Account, isAccountReady, saysAccount } from "./account.ts";
import { KEPT_DAYS, type TenantRow } from "./rows.ts";

/** One thing to do; what comes next is decided when it is done, so that wherever we are cut off the next one goes on. */
export type Step =
  | { do: "make rows"; managedBy: ManagedBy }
  | { do: "change row"; change: RowChange }
  | { do: "ask deletion" }
  | { do: "give up row" }
  | { do: "create object"; manifest: Manifest }
  | { do: "apply object"; manifest: Manifest }
  | { do: "apply account"; account: Account };

export type ManagedBy = "api" | "kubectl";

export type RowChange = Partial<
  Pick<TenantRow, "organizationName" | "plan" | "adminEmail" | "managedBy" | "onboarding" | "lifecycle" | "objectUid">
>;

/**
 * What brings a tenant's row and the cluster's Tenant of its name nearer to each other; undefined when they agree. Pure.
 * Who owns the spec decides whose word counts: the API's row, or the object that kubectl applied.
 */
export function nextStep(row: TenantRow | undefined, object: Tenant | undefined): Step | undefined {
  if (object === undefined) return row === undefined ? undefined : withoutObject(row);
  const { uid = "", deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return row === undefined ? undefined : leaving(row, uid);
  if (row === undefined) return { do: "make rows", managedBy: ownerOf(object) };
  if (row.objectUid === uid) return linked(row, object);
  return strange(row, object, uid);
}

/** Made by the API, and not in the cluster yet or no longer; or gone with its kubectl. */
function withoutObject(row: TenantRow): Step | undefined {
  if (row.lifecycle !== "active") return undefined;
  // Somebody deleted it: its people have a while to take their data, and whoever applies it again to take it back.
  if (row.managedBy === "kubectl") return row.objectUid === null ? undefined : { do: "ask deletion" };
  // Nobody has shown that they answer for it.
  if (row.onboarding === "unconfirmed") return undefined;
  // Where an earlier one left namespaces, its status says so: to take them back is for somebody to decide.
  return { do: "create object", manifest: manifestOf(row, specOf(row)) };
}

function leaving(row: TenantRow, uid: string): Step | undefined {
  const isItsOwn = row.objectUid === uid && row.managedBy === "kubectl" && row.lifecycle === "active";
  return isItsOwn ? { do: "ask deletion" } : undefined;
}

/** An object that the row does not know. */
function strange(row: TenantRow, object: Tenant, uid: string): Step | undefined {
  // We made it, and were cut off before we wrote that down.
  if (object.metadata.annotations?.[ANNOTATIONS.tenantId] === row.id && row.managedBy === "api") {
    return { do: "change row", change: { objectUid: uid } };
  }
  // Whoever takes development tokens for a tenant means the one that they apply themselves.
  if (row.isDevelopment && row.objectUid === null) {
    return { do: "change row", change: { objectUid: uid, managedBy: ownerOf(object) } };
  }
  // A name that somebody asked for and never came for is no reason to keep the platform's own from having it.
  if (row.onboarding === "unconfirmed" && row.managedBy === "api") return { do: "give up row" };
  if (object.spec.adopt) {
    return { do: "change row", change: { objectUid: uid, managedBy: ownerOf(object), lifecycle: "active" } };
  }
  const message = `The API keeps the data of an earlier tenant of this name (${row.id}), which this one does not get unasked. Set spec.adopt to true to take it over, or choose another name.`;
  return accountStep(object, { state: "Conflict", message });
}

function linked(row: TenantRow, object: Tenant): Step | undefined {
  const marked = object.metadata.annotations?.[ANNOTATIONS.managedBy] === row.managedBy;
  if (row.managedBy === "api") {
    if (!marked || !saysSpec(object.spec, row)) {
      return { do: "apply object", manifest: manifestOf(row, specOf(row), object.metadata.uid) };
    }
  } else {
    const change = changeBy(object.spec, row);
    if (change !== undefined) return { do: "change row", change };
    // In no field but the annotation: everything else is kubectl's.
    if (!marked) return { do: "apply object", manifest: manifestOf(row, undefined, object.metadata.uid) };
  }
  const step = accountStep(object, accountOf(row));
  if (step !== undefined) return step;
  const isDone = row.lifecycle !== "active" || row.onboarding === "complete" || !isAccountReady(object.status);
  return isDone ? undefined : { do: "change row", change: { onboarding: "complete" } };
}

function accountStep({ status }: Tenant, account: Account): Step | undefined {
  return saysAccount(status, account) ? undefined : { do: "apply account", account };
}

function accountOf({ id, lifecycle, hold, auditHead }: TenantRow): Account {
  const more = { ...(hold === null ? {} : { hold }), ...(auditHead === null ? {} : { auditHead }) };
  if (lifecycle === "active") return { tenantID: id, state: "Ready", ...more };
  const message = `Its people were told that it is being deleted; the data is kept for ${KEPT_DAYS} days and the owner may cancel.`;
  return { tenantID: id, state: "PendingDeletion", message, ...more };
}

function ownerOf({ metadata }: Tenant): ManagedBy {
  return metadata.annotations?.[ANNOTATIONS.managedBy] === "api" ? "api" : "kubectl";
}

/** What of the spec is the row's to say. */
function specOf(row: TenantRow): Partial<TenantSpec> & { adminEmail: string } {
  const { organizationName, plan, adminEmail, parentName } = row;
  // In every apply: what is left out of one would be taken away, and whose child it is cannot be changed.
  const parentRef = parentName === null ? {} : { parentRef: { name: parentName } };
  return { organizationName, plan, adminEmail: adminEmail ?? "", ...parentRef };
}

function saysSpec(spec: TenantSpec, row: TenantRow): boolean {
  const wanted = specOf(row);
  return (
    spec.organizationName === wanted.organizationName &&
    spec.plan === wanted.plan &&
    spec.adminEmail === wanted.adminEmail
  );
}

function changeBy({ organizationName, plan, adminEmail }: TenantSpec, row: TenantRow): RowChange | undefined {
  const same = row.organizationName === organizationName && row.plan === plan && row.adminEmail === adminEmail;
  return same ? undefined : { organizationName, plan, adminEmail };
}

function manifestOf(row: TenantRow, spec: Partial<TenantSpec> | undefined, uid?: string): Manifest {
  const annotations = {
    [ANNOTATIONS.managedBy]: row.managedBy,
    ...(row.managedBy === "api" ? { [ANNOTATIONS.tenantId]: row.id } : {}),
  };
  // The uid: what was made anew meanwhile under this name must not be changed.
  const metadata = { name: row.subdomain, annotations, ...(uid === undefined ? {} : { uid }) };
  return { apiVersion: API_VERSION, kind: TENANT.kind, metadata, ...(spec === undefined ? {} : { spec }) };
}
