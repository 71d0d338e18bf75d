import { type Decision, eventsOfTransitions, type KubeObject, type Manifest } from "@leanvibe/runtime";
import { ANNOTATIONS, LABELS, type Tenant } from "@leanvibe/schema";
import type { Verdict } from "../probe/verdict.ts";
import { type Children, isRetained, isRight, ownChildren } from "./children.ts";
import { type Claim, claimsOf, isHeld } from "./claims.ts";
import { deletingConditions, livingConditions } from "./conditions.ts";
import type { Wanted } from "./demand.ts";
import { CHILD_NAMES, desiredTenant, type FencedClaim, fences, resourceQuota } from "./desired.ts";
import { allowanceOf, awaitingGrant, childrenStatus, type Family, standingGrants } from "./family.ts";
import { quotaStatus } from "./figures.ts";
import { type Leases, leasesOf } from "./leases.ts";
import { NAMESPACE_NAME_LABEL, type Way } from "./network.ts";
import { type Amounts, eachResource, isInForce, taskLimitOf, totalOf } from "./quota.ts";
import { statusOf } from "./status.ts";
import { isOrWasSuspended, resume, type Stop, stop, suspensionLabels, suspensionOf } from "./suspend.ts";

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
  family: Family;
  /** Workloads and pods in the Tenant's namespaces; looked at only while it is at a stop, or was. */
  workloads: readonly KubeObject[];
  /** What the probe of the cluster's network found; undefined while there is nothing. */
  network: Verdict | undefined;
  /** Where agents may go. */
  reach: readonly Way[];
  /** How many AgentTasks are in the namespace of that name. */
  tasks: (namespace: string) => number;
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
  const allowance = allowanceOf(tenant, world.family);
  const total = allowance ?? NOTHING;
  const suspension = suspensionOf(tenant, world.family.parent);
  const workloads = insideOf(own.namespaces, world.workloads);
  const suspended = suspension !== undefined;
  const stopped = suspended ? stop(workloads, { tenant, namespaces: own.namespaces, now }) : undefined;
  const suspensionLabelsOf = (live: KubeObject | undefined) =>
    suspensionLabels(live, { suspended, objects: workloads, now });
  const ours = claims.filter((claim) => isHeld(tenant, claim));
  const former = own.namespaces.filter(({ metadata }) => !claims.some(({ name }) => name === metadata.name));
  const { children } = world.family;
  const leases = leasesOf(total, { tenant, held: ours, left: former, own, children }, world.wanted);
  const held = ours.map((claim): FencedClaim => {
    const share = leases.shares.get(claim.name) ?? NOTHING;
    const fenced = mayHaveRights(tenant, { ...claim, share }, own);
    const quota = own.get("ResourceQuota", claim.name, CHILD_NAMES.quota);
    const tasks = taskLimitOf(tenant, { there: world.tasks(claim.name), namespaces: ours.length, quota });
    return { ...claim, share, tasks, fenced, suspension: suspensionLabelsOf(claim.live) };
  });
  const awaiting = allowance === undefined ? awaitingGrant(tenant, world.family) : undefined;
  const { network } = world;
  const resuming = !suspended && isOrWasSuspended(own.namespaces);
  const seen = { claims, held, own, now, awaiting, suspension, stopped, resuming, network };
  const conditions = livingConditions(tenant, seen);
  const figures = quotaStatus(tenant, { total, leases, own, children, now });
  const grants = childrenStatus(leases.grants);
  return {
    manifests: [
      ...desiredTenant(tenant, held, world.reach),
      ...leaving(tenant, former, tenant.spec.deletionPolicy, suspensionLabelsOf),
      ...leasesOfFormer(tenant, former, leases),
    ],
    kept: [...untouchable(own), ...fencesOutside(own, held)],
    interventions: stopped?.interventions ?? resume(workloads),
    status: statusOf(tenant, { held, former, quota: figures?.quota, children: grants, own, conditions, stopped }),
    settled:
      conditions.some(({ type, status }) => type === "Ready" && status === "True") ||
      someoneMustAct(claims, held) ||
      // A child waits for what its parent's status grants.
      grants !== undefined,
    events: eventsOf(tenant, conditions),
    ...requeueAt([leases.until, figures?.fresh, lookAgain(stopped, own.namespaces, now)], now),
    finished: false,
  };
}

/** A copy of a namespace carries its labels: what runs there is nobody's business of ours. */
function insideOf(namespaces: readonly KubeObject[], objects: readonly KubeObject[]): KubeObject[] {
  const names = new Set(namespaces.map(({ metadata }) => metadata.name));
  return objects.filter(({ metadata }) => names.has(metadata.namespace ?? ""));
}

/** A timer may fire a little before its time. */
const SLACK_SECONDS = 0.05;
const NOTHING: Amounts = eachResource(() => 0n);

function requeueAt(times: readonly (number | undefined)[], now: Date): { requeueAfterSeconds?: number } {
  const known = times.flatMap((at) => at ?? []);
  if (known.length === 0) return {};
  return { requeueAfterSeconds: Math.max(0, (Math.min(...known) - now.getTime()) / 1000) + SLACK_SECONDS };
}

/** Who starts something in a suspended Tenant is refused, and the refusal's Event wakes us; this is for what has none. */
const STOPPED_MILLISECONDS = 10 * 60_000;

function lookAgain(stopped: Stop | undefined, namespaces: readonly KubeObject[], now: Date): number | undefined {
  if (stopped === undefined) return undefined;
  if (stopped.pods === 0) return now.getTime() + STOPPED_MILLISECONDS;
  const starts = namespaces.flatMap(({ metadata }) => metadata.labels?.[LABELS.suspendedSince] ?? []).map(Number);
  const lasting = starts.length === 0 ? 0 : now.getTime() - Math.max(...starts) * 1000;
  // A pod on a dead node never ends: who has waited for it long asks less and less often.
  return now.getTime() + Math.min(60_000, Math.max(2_000, lasting / 5));
}

/** What left keeps its fences; of its quota what is not used comes back. One that is going is left to Kubernetes. */
function leasesOfFormer(tenant: Tenant, former: readonly KubeObject[], { shares }: Leases): Manifest[] {
  return former.flatMap(({ metadata }) => {
    const share = shares.get(metadata.name);
    return share === undefined || metadata.deletionTimestamp !== undefined
      ? []
      : [resourceQuota({ name: metadata.name, share }, tenant)];
  });
}

function decideDeleting(tenant: Tenant, world: World, own: Children, now: Date): Decision {
  const policy = world.crdTerminating ? "Retain" : tenant.spec.deletionPolicy;
  const rights = own.all.filter(isRight);
  // Its children live on its quota: it waits for them, and what it granted stands.
  const { children } = world.family;
  const finished = rights.length === 0 && own.namespaces.every(isRetained) && children.length === 0;
  const { conditions, blockedBy } = deletingConditions(tenant, { own, policy, children, now });
  return {
    manifests: leaving(tenant, own.namespaces, policy, keptSuspension),
    kept: [...untouchable(own), ...fencesOutside(own, [])],
    status: statusOf(tenant, {
      held: [],
      former: own.namespaces,
      quota: undefined,
      children: childrenStatus(standingGrants(tenant, world.family)),
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
function leaving(
  tenant: Tenant,
  namespaces: readonly KubeObject[],
  policy: "Retain" | "Delete",
  suspensionOfLive: (live: KubeObject) => Record<string, string>,
): Manifest[] {
  // What was kept once stays kept: a later change of the policy is not about what had left before it.
  const staying = namespaces.filter((namespace) => policy === "Retain" || isRetained(namespace));
  return staying.map((live) => retained(live, tenant, suspensionOfLive(live)));
}

/** What was at a stop stays at a stop; who takes it over brings it back. */
function keptSuspension({ metadata: { labels = {} } }: KubeObject): Record<string, string> {
  return Object.fromEntries(
    [LABELS.suspended, LABELS.suspendedSince].flatMap((label) => {
      const value = labels[label];
      return value === undefined ? [] : [[label, value]];
    }),
  );
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

function retained(live: KubeObject, tenant: Tenant, suspension: Record<string, string>): Manifest {
  // Kubernetes keeps the first itself, the others are about now; all else is ours or was asked for by the Tenant, and stays.
  const {
    [NAMESPACE_NAME_LABEL]: _,
    [LABELS.suspended]: _now,
    [LABELS.suspendedSince]: _since,
    ...labels
  } = live.metadata.labels ?? {};
  const registries = live.metadata.annotations?.[ANNOTATIONS.registries];
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: live.metadata.name,
      labels: {
        ...labels,
        ...suspension,
        [LABELS.tenant]: tenant.metadata.name,
        [LABELS.retained]: "true",
      },
      // A fence as well: without the list its policy would let no pod in.
      ...(registries === undefined ? {} : { annotations: { [ANNOTATIONS.registries]: registries } }),
    },
  };
}

/** Conditions whose news are told. Of the parts Ready says the first that fails; a second Event would say the same. */
const TOLD: readonly string[] = ["Ready", "NetworkIsolated", "Suspended", "Contested", "DeletionBlocked"];

function eventsOf({ status }: Tenant, conditions: Parameters<typeof eventsOfTransitions>[1]): Decision["events"] {
  const before = status?.conditions ?? [];
  const news = conditions.filter(
    ({ type, reason }) =>
      TOLD.includes(type) &&
      // That a Tenant which never was suspended is not is no news, and missing policies are Ready's.
      reason !== "NotSuspended" &&
      reason !== "PoliciesPending",
  );
  return eventsOfTransitions(before, news, ["DeletionBlocked", "Suspended", "Contested"]);
}

/**
 * A right is given when its fence has been seen in force. One that was given stays: a change of plan must not throw the
 * owners out for the second in which the quota's status catches up.
 */
function mayHaveRights(tenant: Tenant, claim: Claim & { share: Amounts }, own: Children): boolean {
  if (own.all.some(({ kind, metadata }) => kind === "RoleBinding" && metadata.namespace === claim.name)) return true;
  return (
    isInForce(own.get("ResourceQuota", claim.name, CHILD_NAMES.quota), totalOf(tenant)) &&
    fences(claim, tenant).every(({ kind, metadata }) => own.get(kind, metadata.namespace, metadata.name) !== undefined)
  );
}

/** What is left waits for a human: a name that is taken stays so, however often we look. */
function someoneMustAct(claims: readonly Claim[], held: readonly FencedClaim[]): boolean {
  return held.length < claims.length && held.every(({ fenced }) => fenced);
}
