import { type KubeObject, labelOf } from "@leanvibe/runtime";
import { CHILDREN_MAX, LABELS, type Tenant, type TenantStatus } from "@leanvibe/schema";
import { CHILD_NAMES } from "./desired.ts";
import { committed, least, sum } from "./lease.ts";
import { type Amounts, amountsOf, eachResource, readQuota, textsOf, totalOf } from "./quota.ts";

/** The Tenants around one: its parent, where it names one, and its children, where it is named. */
export type Family = {
  /** Undefined where there is none of that name, or it cannot be read. */
  parent: Tenant | undefined;
  /** By name. */
  children: readonly Child[];
};

/** A Tenant that lives on another's quota. */
export type Child = {
  name: string;
  /** Undefined where its object cannot be read: then nothing about its grant is changed. */
  tenant: Tenant | undefined;
  /** The quotas of its namespaces, those included that it left or is leaving. */
  quotas: readonly KubeObject[];
};

/** What the parent grants to a child of that name, by the parent's own status: nobody else writes it. */
export function grantOf(parent: Tenant | undefined, child: string): Amounts | undefined {
  const granted = parent?.status?.children?.find(({ name }) => name === child)?.granted;
  return granted === undefined ? undefined : amountsOf(granted);
}

/** May it use its own ceilings, or what of them? Undefined while its parent has granted nothing. */
export function allowanceOf(tenant: Tenant, { parent }: Family): Amounts | undefined {
  const own = totalOf(tenant);
  if (tenant.spec.parentRef === undefined) return own;
  const granted = grantOf(parent, tenant.metadata.name);
  if (granted === undefined) return undefined;
  return eachResource((resource) => least(own[resource], granted[resource]));
}

/** Why a child has nothing yet, and what somebody can do about it. */
export function awaitingGrant(tenant: Tenant, { parent }: Family): string {
  const name = tenant.spec.parentRef?.name ?? "";
  if (name === tenant.metadata.name) return `spec.parentRef names the Tenant itself; ${MAKE_ANEW}.`;
  if (parent === undefined)
    return `Tenant ${name}, named by spec.parentRef, does not exist; create it, or ${MAKE_ANEW}.`;
  const above = parent.spec.parentRef?.name;
  if (above !== undefined) {
    return `Tenant ${name}, named by spec.parentRef, is itself a child of ${above}; there are two levels, so name ${above}: ${MAKE_ANEW}.`;
  }
  if (parent.metadata.deletionTimestamp !== undefined) return `Tenant ${name} is being deleted and grants nothing new.`;
  if ((parent.status?.children ?? []).length >= CHILDREN_MAX) {
    return `Tenant ${name} has ${CHILDREN_MAX} children, the most there can be.`;
  }
  return `Waiting for Tenant ${name} to grant a part of its quota.`;
}

const MAKE_ANEW = "delete this Tenant and make it anew, since parentRef is fixed";

/** As status says it. */
export function childrenStatus(grants: ReadonlyMap<string, Amounts>): TenantStatus["children"] {
  const list = [...grants].map(([name, granted]) => ({ name, granted: textsOf(granted) }));
  // Trap: to server-side apply an empty list of a keyed list type means null, which the schema refuses.
  return list.length === 0 ? undefined : list;
}

/** The grants that stand, of children that are still there: a parent on its way out gives nothing and takes nothing. */
export function standingGrants(parent: Tenant, { children }: Family): Map<string, Amounts> {
  return new Map(
    children.flatMap(({ name }) => {
      const granted = grantOf(parent, name);
      return granted === undefined ? [] : [[name, granted]];
    }),
  );
}

/** What all namespaces of a child use together. */
export function usedBy({ quotas }: Child, resource: keyof Amounts): bigint {
  return sum(quotas.map((quota) => readQuota(quota).used[resource]));
}

/** The most that may run in a child's namespaces, whatever its grant says by now. */
export function heldBy({ quotas }: Child, resource: keyof Amounts): bigint {
  const held = quotas
    .map(readQuota)
    .map(({ lent, enforced, used }) =>
      committed({ lent: lent[resource], enforced: enforced[resource], used: used[resource] }),
    );
  return sum(held);
}

/** Of what carries a child's name, what is really a quota of ours in one of its namespaces. */
export function quotasOf(labelled: readonly KubeObject[], uid: string | undefined): KubeObject[] {
  return labelled.filter(
    (object) =>
      object.kind === "ResourceQuota" &&
      object.metadata.name === CHILD_NAMES.quota &&
      labelOf(object, LABELS.tenantUid) === uid,
  );
}
