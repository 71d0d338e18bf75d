import { type Decision, eventsOfTransitions, type KubeObject, type Manifest } from "@leanvibe/runtime";
import { ANNOTATIONS, LABELS, type Tenant } from "@leanvibe/schema";
import { type Children, isRetained, isRight, ownChildren } from "./children.ts";
import { type Claim, claimsOf, isHeld } from "./claims.ts";
import type { Wanted } from "./demand.ts";
import { CHILD_NAMES, desiredTenant, type FencedClaim, fences, resourceQuota } from "./desired.ts";
import { quotaStatus } from "./figures.ts";
import { type Leases, leasesOf } from "./leases.ts";
import { NAMESPACE_NAME_LABEL } from "./network.ts";
import { type Amounts, eachResource, isInForce, totalOf } from "./quota.ts";
import { deletingConditions, livingConditions, statusOf } from "./status.ts";

/** What a Tenant's decision depends on besides its own children. */
export type World = {
  /** The namespace of that name, whoever has it. */
  namespace: (name: string) => KubeObject | undefined;
  /**
   * Is the CustomResourceDefinition itself being deleted? Then every Tenant is, and nobody meant to wipe them: whatever
   * their deletionPolicy says, namespaces stay.
   */
  crdTerminating: boolean;
  /** What the namespace of that name was seen to need lately; undefined for nothing beyond what it uses. */
  wanted: (namespace: string) => Wanted | undefined;
};

/** From a Tenant and what is there, to what should be there and what its status says. Pure. */
export function decide(tenant: Tenant, world: World, children: readonly KubeObject[], now: Date): Decision {
  const own = ownChildren(tenant, children);
  return tenant.metadata.deletionTimestamp === undefined
    ? decideLiving(tenant, world, own, now)
    : decideDeleting(tenant, world, own, now);
}

function decideLiving(tenant: Tenant, world: World, own: Children, now: Date): Decision {
  const claims = claimsOf(tenant, world.namespace);
  const total = totalOf(tenant);
  const ours = claims.filter((claim) => isHeld(tenant, claim));
  const former = own.namespaces.filter(({ metadata }) => !claims.some(({ name }) => name === metadata.name));
  const seen = { held: ours.map(({ name }) => name), left: former, own };
  const leases = leasesOf(total, seen, world.wanted);
  const held = ours.map((claim): FencedClaim => {
    const withShare = { ...claim, share: leases.shares.get(claim.name) ?? NOTHING };
    return { ...withShare, fenced: mayHaveOwners(tenant, withShare, own, total) };
  });
  const conditions = livingConditions(tenant, { claims, held, own, now, total });
  const figures = quotaStatus(tenant, { total, leases, own, now });
  const seconds = [leases.until, figures?.fresh].flatMap((at) =>
    at === undefined ? [] : [(at - now.getTime()) / 1000],
  );
  return {
    manifests: [
      ...desiredTenant(tenant, held),
      ...leaving(tenant, former, tenant.spec.deletionPolicy),
      ...leasesOfFormer(tenant, former, leases),
    ],
    kept: [...untouchable(own), ...fencesOutside(own, held)],
    status: statusOf(tenant, { held, former, quota: figures?.quota, own, total, conditions, blockedBy: undefined }),
    settled:
      conditions.some(({ type, status }) => type === "Ready" && status === "True") || someoneMustAct(claims, held),
    events: eventsOf(tenant, conditions),
    ...(seconds.length === 0 ? {} : { requeueAfterSeconds: Math.max(0, Math.min(...seconds)) + SLACK_SECONDS }),
    finished: false,
  };
}

/** A timer may fire a little before its time. */
const SLACK_SECONDS = 0.05;
const NOTHING: Amounts = eachResource(() => 0n);

/** What left keeps its fences; of its quota what is not used comes back. One that is going is left to Kubernetes. */
function leasesOfFormer(tenant: Tenant, former: readonly KubeObject[], { shares }: Leases): Manifest[] {
  return former.flatMap(({ metadata }) => {
    const share = shares.get(metadata.name);
    return share === undefined || metadata.deletionTimestamp !== undefined
      ? []
      : [resourceQuota(metadata.name, share, tenant)];
  });
}

function decideDeleting(tenant: Tenant, world: World, own: Children, now: Date): Decision {
  const policy = world.crdTerminating ? "Retain" : tenant.spec.deletionPolicy;
  const rights = own.all.filter(isRight);
  const finished = rights.length === 0 && own.namespaces.every(isRetained);
  const { conditions, blockedBy } = deletingConditions(tenant, { own, policy, now });
  return {
    manifests: leaving(tenant, own.namespaces, policy),
    kept: [...untouchable(own), ...fencesOutside(own, [])],
    status: statusOf(tenant, {
      held: [],
      former: own.namespaces,
      quota: undefined,
      total: totalOf(tenant),
      own,
      conditions,
      blockedBy,
    }),
    settled: blockedBy.length > 0,
    events: eventsOf(tenant, conditions),
    // What blocks a namespace is written in its status and comes as an event; this is for whatever does not.
    requeueAfterSeconds: 30,
    finished,
  };
}

/**
 * Namespaces on their way out. Retain: the namespace is marked. Delete: it is absent from the answer, so it goes. Rights
 * inside it are absent either way, so they go first.
 */
function leaving(tenant: Tenant, namespaces: readonly KubeObject[], policy: "Retain" | "Delete"): Manifest[] {
  // What was kept once stays kept: a later change of the policy is not about what had left before it.
  const staying = namespaces.filter((namespace) => policy === "Retain" || isRetained(namespace));
  return staying.map((live) => retained(live, tenant));
}

/** What carries our labels without our knowing why stays, but for rights: in doubt nobody has any. */
function untouchable({ strangers }: Children): readonly KubeObject[] {
  return strangers.filter((child) => !isRight(child));
}

/**
 * Fences in namespaces that we do not hold (any more, or just now) stay as they are. Pods may be running behind them:
 * in a namespace that goes, Kubernetes removes the fences after the pods.
 */
function fencesOutside(own: Children, held: readonly FencedClaim[]): readonly KubeObject[] {
  const names = new Set(held.map(({ name }) => name));
  return own.all.filter(
    (child) => child.metadata.namespace !== undefined && !names.has(child.metadata.namespace) && !isRight(child),
  );
}

function retained(live: KubeObject, tenant: Tenant): Manifest {
  // Kubernetes keeps this one itself; everything else is ours or was asked for by the Tenant, and stays.
  const { [NAMESPACE_NAME_LABEL]: _, ...labels } = live.metadata.labels ?? {};
  const registries = live.metadata.annotations?.[ANNOTATIONS.registries];
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: live.metadata.name,
      labels: { ...labels, [LABELS.tenant]: tenant.metadata.name, [LABELS.retained]: "true" },
      // A fence as well: without the list its policy would let no pod in.
      ...(registries === undefined ? {} : { annotations: { [ANNOTATIONS.registries]: registries } }),
    },
  };
}

function eventsOf({ status }: Tenant, conditions: Parameters<typeof eventsOfTransitions>[1]): Decision["events"] {
  return eventsOfTransitions(status?.conditions ?? [], conditions, ["DeletionBlocked"]);
}

/**
 * A right is given when its fence has been seen in force. One that was given stays: a change of plan must not throw the
 * owners out for the second in which the quota's status catches up.
 */
function mayHaveOwners(tenant: Tenant, claim: Claim & { share: Amounts }, own: Children, total: Amounts): boolean {
  if (own.get("RoleBinding", claim.name, CHILD_NAMES.owners) !== undefined) return true;
  return (
    isInForce(own.get("ResourceQuota", claim.name, CHILD_NAMES.quota), total) &&
    fences(claim, tenant).every(({ kind, metadata }) => own.get(kind, metadata.namespace, metadata.name) !== undefined)
  );
}

/** What is left waits for a human: a name that is taken stays so, however often we look. */
function someoneMustAct(claims: readonly Claim[], held: readonly FencedClaim[]): boolean {
  return held.length < claims.length && held.every(({ fenced }) => fenced);
}
