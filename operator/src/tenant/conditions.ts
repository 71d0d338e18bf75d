import { type Condition, type ConditionDraft, conditionsFrom, type KubeObject } from "@leanvibe/runtime";
import { LABELS, type Tenant, type TenantConditionType } from "@leanvibe/schema";
import type { Verdict } from "../probe/verdict.ts";
import type { Children } from "./children.ts";
import { type Claim, isHeld } from "./claims.ts";
import { CHILD_NAMES, type FencedClaim, roleBindings } from "./desired.ts";
import type { Child } from "./family.ts";
import { isolationProof } from "./isolation.ts";
import { networkPolicies } from "./network.ts";
import { isInForce, totalOf } from "./quota.ts";
import type { Stop, Suspension } from "./suspend.ts";

type Draft = ConditionDraft & { type: TenantConditionType };
type Seen = {
  claims: readonly Claim[];
  held: readonly FencedClaim[];
  own: Children;
  now: Date;
  /** Why the parent has granted nothing yet; undefined where it has, or there is none. */
  awaiting: string | undefined;
  suspension: Suspension | undefined;
  stopped: Stop | undefined;
  /** No longer suspended, but not everything is brought back yet. */
  resuming: boolean;
  network: Verdict | undefined;
};

/** Conditions of a Tenant that is meant to stand. */
export function livingConditions(tenant: Tenant, seen: Seen): Condition[] {
  const parts = [
    namespacesReady(tenant, seen),
    quotaEnforced(tenant, seen),
    networkIsolated(tenant, seen),
    rbacReady(tenant, seen),
  ];
  return stamp(
    tenant,
    [ready(parts, seen), ...parts, ...accountReady(tenant), suspended(tenant, seen), ...contested(seen)],
    seen.now,
  );
}

function ready(parts: readonly Draft[], { held }: Seen): Draft {
  // NetworkIsolated Unknown holds nothing back: whether a cluster enforces its policies is not this Tenant's doing.
  const failing = parts.find(({ status }) => status === "False");
  if (failing !== undefined)
    return { type: "Ready", status: "False", reason: failing.reason, message: failing.message };
  const names = held.map(({ name }) => name).join(", ");
  return { type: "Ready", status: "True", reason: "TenantReady", message: `Everything stands: ${names}.` };
}

function namespacesReady(tenant: Tenant, { claims, own }: Seen): Draft {
  const type = "NamespacesReady";
  const refused = claims.find((claim) => !isHeld(tenant, claim));
  if (refused !== undefined) return { type, status: "False", ...refusalOf(tenant, refused) };
  const going = claims.find(({ live }) => live?.metadata.deletionTimestamp !== undefined);
  if (going !== undefined) {
    return {
      type,
      status: "False",
      reason: "NamespaceTerminating",
      message:
        `Namespace ${going.name} is being deleted; it is made anew when it is gone. ${blockersOf(going.live).join(" ")}`.trim(),
    };
  }
  const missing = claims.filter(({ name }) => !isActive(namespaceOf(own, name)));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    return { type, status: "False", reason: "CreatingNamespaces", message: `Being made: ${names}.` };
  }
  return { type, status: "True", reason: "NamespacesActive", message: `${claims.length} of ${claims.length} stand.` };
}

/** Why we keep our hands off a namespace, and what its owner can do. */
function refusalOf(tenant: Tenant, { name, standing, live }: Claim): { reason: string; message: string } {
  if (standing === "retained") {
    return {
      reason: "NamespaceRetained",
      message: `Namespace ${name} was kept when an earlier Tenant ${tenant.metadata.name} was deleted. Set spec.adopt to true to take it back, or list another name in spec.namespaces.`,
    };
  }
  if (standing === "foreign") {
    return {
      reason: "NamespaceTaken",
      message: `Namespace ${name} exists and is no Tenant's; it was not touched. Set spec.adopt to true to take it over with everything in it, or list another name in spec.namespaces.`,
    };
  }
  const holder = live?.metadata.labels?.[LABELS.tenant];
  const whose = holder === undefined ? "exists and is not this Tenant's" : `belongs to Tenant ${holder}`;
  return {
    reason: "NamespaceTaken",
    message: `Namespace ${name} ${whose}; it was not touched. List another name in spec.namespaces, or delete that namespace.`,
  };
}

/** Of nothing nothing can be said: a condition is not True because there is no namespace in which it could be False. */
function unheld(type: TenantConditionType, { claims, held }: Seen): Draft | undefined {
  if (held.length === claims.length) return undefined;
  const message = `${claims.length - held.length} of ${claims.length} namespaces are not the Tenant's; see NamespacesReady.`;
  return { type, status: "Unknown", reason: "NamespacesNotReady", message };
}

function quotaEnforced(tenant: Tenant, seen: Seen): Draft {
  const type = "QuotaEnforced";
  if (seen.awaiting !== undefined) return { type, status: "False", reason: "AwaitingGrant", message: seen.awaiting };
  const pending = seen.held.filter((claim) => !quotaInForce(tenant, claim, seen.own)).map(({ name }) => name);
  if (pending.length === 0) {
    return (
      unheld(type, seen) ?? {
        type,
        status: "True",
        reason: "QuotaInForce",
        message: "Kubernetes enforces the quota of every namespace.",
      }
    );
  }
  return {
    type,
    status: "False",
    reason: "QuotaPending",
    message: `Waiting for Kubernetes to put the quota in force in ${pending.join(", ")}. If this stays, see that kube-controller-manager runs.`,
  };
}

function networkIsolated(tenant: Tenant, seen: Seen): Draft {
  const type = "NetworkIsolated";
  const { held, own, network } = seen;
  const pending = held.filter(({ name }) =>
    networkPolicies(name, tenant, {}).some(({ kind, metadata }) => own.get(kind, name, metadata.name) === undefined),
  );
  if (pending.length > 0) {
    const where = pending.map(({ name }) => name).join(", ");
    return {
      type,
      status: "False",
      reason: "PoliciesPending",
      message: `Network policies are being written in ${where}.`,
    };
  }
  return unheld(type, seen) ?? { type, ...isolationProof(network) };
}

function rbacReady(tenant: Tenant, seen: Seen): Draft {
  const type = "RBACReady";
  const { held, own } = seen;
  if ((tenant.spec.owners ?? []).length + (tenant.spec.members ?? []).length === 0) {
    return {
      type,
      status: "True",
      reason: "NoOwners",
      message: "spec.owners is empty: only cluster administrators work here.",
    };
  }
  const waiting = held.filter((claim) =>
    roleBindings(claim, tenant).some(({ metadata }) => own.get("RoleBinding", claim.name, metadata.name) === undefined),
  );
  if (waiting.length === 0) {
    return (
      unheld(type, seen) ?? {
        type,
        status: "True",
        reason: "OwnersBound",
        message: "The owners are bound in every namespace.",
      }
    );
  }
  const names = waiting.map(({ name }) => name).join(", ");
  return {
    type,
    status: "False",
    reason: "WaitingForFences",
    message: `Owners get their rights in ${names} as soon as its fences are in force.`,
  };
}

/** What the platform's accounts say; nothing where nobody keeps any. Never part of Ready: namespaces need no account. */
function accountReady({ status }: Tenant): Draft[] {
  const type = "AccountReady";
  const { state, tenantID, message = "" } = status?.account ?? {};
  if (state === undefined) return [];
  if (state === "Ready") {
    return [{ type, status: "True", reason: "AccountReady", message: `The API knows it as ${tenantID}.` }];
  }
  return [{ type, status: "False", reason: state, message }];
}

function suspended({ status }: Tenant, { suspension, stopped, resuming }: Seen): Draft {
  const type = "Suspended";
  if (resuming) {
    return { type, status: "True", reason: "Resuming", message: "What the suspension stopped is being brought back." };
  }
  if (suspension === undefined || stopped === undefined) {
    const before = status?.conditions?.find((condition) => condition.type === type);
    if (before === undefined || before.reason === "NotSuspended") {
      return { type, status: "False", reason: "NotSuspended", message: "It runs." };
    }
    return { type, status: "False", reason: "Resumed", message: "What a suspension had stopped was brought back." };
  }
  const ending = stopped.pods === 0 ? "nothing runs" : `pods still ending: ${stopped.pods}`;
  const message = `${suspension.message} Workloads at a stop: ${stopped.stopped}; ${ending}.`;
  return { type, status: "True", reason: suspension.reason, message };
}

function contested({ stopped }: Seen): Draft[] {
  if (stopped === undefined || stopped.contested.length === 0) return [];
  const which = stopped.contested.slice(0, 10).join(", ");
  return [
    {
      type: "Contested",
      status: "True",
      reason: "StartedWhileSuspended",
      message: `Started again by somebody else while the Tenant is suspended, and left so: ${which}. No pod gets in; it runs when the Tenant is resumed.`,
    },
  ];
}

/** Conditions of a Tenant on its way out, and what stands in the way. */
export function deletingConditions(
  tenant: Tenant,
  seen: { own: Children; policy: "Retain" | "Delete"; children: readonly Child[]; now: Date },
): { conditions: Condition[]; blockedBy: string[] } {
  const blockedBy = [
    ...seen.children.map(
      ({ name }) => `Tenant ${name}: it is a child of this one and lives on its quota; delete it first.`,
    ),
    ...(seen.policy === "Delete" ? seen.own.namespaces.flatMap(blockersOf) : []),
  ].slice(0, 50);
  const what =
    seen.policy === "Delete" ? "its namespaces are being deleted" : "its rights are being removed, its namespaces stay";
  const drafts: Draft[] = [
    { type: "Ready", status: "False", reason: "Deleting", message: `The Tenant is being deleted: ${what}.` },
  ];
  if (blockedBy.length > 0) {
    drafts.push({
      type: "DeletionBlocked",
      status: "True",
      reason: seen.children.length > 0 ? "ChildrenRemain" : "NamespaceBlocked",
      message: blockedBy.join(" "),
    });
  }
  return { conditions: stamp(tenant, drafts, seen.now), blockedBy };
}

/** The namespace controller writes into a namespace's conditions what keeps it from going. */
const BLOCKING_CONDITIONS = new Set([
  "NamespaceDeletionDiscoveryFailure",
  "NamespaceDeletionGroupVersionParsingFailure",
  "NamespaceDeletionContentFailure",
  "NamespaceContentRemaining",
  "NamespaceFinalizersRemaining",
]);

function blockersOf(namespace: KubeObject | undefined): string[] {
  const status = namespace?.["status"];
  if (namespace === undefined || typeof status !== "object" || status === null || !("conditions" in status)) return [];
  const conditions: unknown[] = Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.flatMap((condition) => {
    if (typeof condition !== "object" || condition === null) return [];
    const { type, status: value, message } = { type: "", status: "", message: "", ...condition };
    if (value !== "True" || !BLOCKING_CONDITIONS.has(type)) return [];
    return [oneLine(`Namespace ${namespace.metadata.name}: ${message}`)];
  });
}

/** As the schema bounds it: one line, no control characters, at most 512. A webhook's refusal may be a whole page. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .slice(0, 512)
    .trim();
}

/** By the Tenant's own ceilings: what a parent grants moves, and says nothing about whether Kubernetes has taken it in. */
export function quotaInForce(tenant: Tenant, { name }: FencedClaim, own: Children): boolean {
  return isInForce(own.get("ResourceQuota", name, CHILD_NAMES.quota), totalOf(tenant));
}

export function namespaceOf(children: Children, namespace: string): KubeObject | undefined {
  return children.get("Namespace", undefined, namespace);
}

export function isActive(namespace: KubeObject | undefined): boolean {
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined;
}

function stamp(tenant: Tenant, drafts: readonly Draft[], now: Date): Condition[] {
  return conditionsFrom(tenant.status?.conditions ?? [], drafts, { generation: tenant.metadata.generation ?? 0, now });
}
