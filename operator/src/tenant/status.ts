import {
  type Condition,
  type ConditionDraft,
  conditionsFrom,
  type EventDraft,
  eventsOfTransitions,
  type KubeObject,
} from "@leanvibe/runtime";
import { LABELS, TENANT, type Tenant, type TenantStatus } from "@leanvibe/schema";
import type { Children } from "./children.ts";
import { isActive, namespaceOf, quotaInForce } from "./conditions.ts";
import { CHILD_NAMES, type FencedClaim } from "./desired.ts";
import { networkOf } from "./isolation.ts";
import type { Stop } from "./suspend.ts";

/** maxItems of status.namespaces. */
const NAMESPACES_AT_MOST = 200;

/** The whole status; every field in every answer, an absent one as undefined, so that none of an earlier state is left behind. */
export function statusOf(
  tenant: Tenant,
  seen: {
    held: readonly FencedClaim[];
    former: readonly KubeObject[];
    quota: TenantStatus["quota"];
    children: TenantStatus["children"];
    own: Children;
    conditions: Condition[];
    stopped?: Stop | undefined;
    blockedBy?: string[];
  },
): TenantStatus {
  const namespaces = [
    ...seen.held.map((claim) => ({
      name: claim.name,
      uid: namespaceOf(seen.own, claim.name)?.metadata.uid,
      ready: isActive(namespaceOf(seen.own, claim.name)),
      quotaInForce: quotaInForce(tenant, claim, seen.own),
    })),
    ...seen.former.map(({ metadata }) => ({
      name: metadata.name,
      uid: metadata.uid,
      ready: false,
      quotaInForce: seen.own.get("ResourceQuota", metadata.name, CHILD_NAMES.quota) !== undefined,
      retained: metadata.labels?.[LABELS.retained] === "true",
    })),
  ].slice(0, NAMESPACES_AT_MOST);
  return {
    observedGeneration: tenant.metadata.generation ?? 0,
    plan: tenant.spec.plan,
    // Trap: to server-side apply an empty list of a keyed list type means null, which the schema refuses.
    namespaces: namespaces.length === 0 ? undefined : namespaces,
    namespaceCount: namespaces.filter(({ ready }) => ready).length,
    quota: seen.quota,
    children: seen.children,
    network: networkOf(seen.conditions),
    suspended: seen.stopped === undefined ? undefined : { workloads: seen.stopped.stopped, pods: seen.stopped.pods },
    deletion: seen.blockedBy === undefined ? undefined : { blockedBy: seen.blockedBy },
    conditions: seen.conditions,
  };
}

/** Of an object that no decision can be made for, or whose children the API server refuses: what stood before, and why not. */
export function refusedStatus(
  object: KubeObject,
  why: string,
  now: Date,
): { status: TenantStatus; events: EventDraft[] } {
  const parsed = TENANT.status.safeParse(object["status"]);
  // What the platform's accounts say is theirs to write.
  const { account: _, ...before }: TenantStatus = parsed.success ? parsed.data : {};
  const previous = before.conditions ?? [];
  const generation = object.metadata.generation ?? 0;
  const draft: ConditionDraft = { type: "Ready", status: "False", reason: "Refused", message: why };
  const ready = conditionsFrom(previous, [draft], { generation, now });
  // The others were judged for an earlier generation, and go on saying so.
  const conditions = [...ready, ...previous.filter(({ type }) => type !== "Ready")];
  return {
    status: { ...before, observedGeneration: generation, conditions },
    events: eventsOfTransitions(previous, conditions),
  };
}
