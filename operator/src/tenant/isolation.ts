import type { Condition, ConditionDraft } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE, type TenantStatus } from "@leanvibe/schema";
import { NETWORK_FIX, type Verdict } from "../probe/verdict.ts";

/**
 * What NetworkIsolated says of policies that stand: True only where the cluster was seen to enforce such. By the verdict
 * alone: the probe's own words may name nodes and registries, which is nothing for owners, and change from probe to
 * probe, which would be a write to every Tenant.
 */
export function isolationProof(verdict: Verdict | undefined): Pick<ConditionDraft, "status" | "reason" | "message"> {
  switch (verdict) {
    case "Enforced":
      return {
        status: "True",
        reason: "Enforced",
        message: "The network policies stand, and this cluster was seen to refuse what such a policy forbids.",
      };
    case "NotEnforced":
      return {
        status: "Unknown",
        reason: "NotEnforced",
        message: `The network policies stand but keep nobody out: this cluster was seen to let pass what such a policy forbids. ${NETWORK_FIX}`,
      };
    case "Inconclusive":
      return {
        status: "Unknown",
        reason: "ProbeFailed",
        message: `The network policies stand; whether this cluster enforces them could not be found out: ConfigMap ${NETWORK_PROBE} in ${SYSTEM_NAMESPACE} says why.`,
      };
    case undefined:
      return {
        status: "Unknown",
        reason: "Unproven",
        message: `The network policies stand; whether this cluster enforces them has not been proved yet. ${NETWORK_FIX}`,
      };
  }
}

/** The same in one word, for the column; none for a Tenant on its way out. */
export function networkOf(conditions: readonly Condition[]): TenantStatus["network"] {
  const isolated = conditions.find(({ type }) => type === "NetworkIsolated");
  if (isolated === undefined) return undefined;
  return isolated.status === "True" ? "Enforced" : "Unproven";
}
