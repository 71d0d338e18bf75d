import type { Condition, ConditionDraft } from "@leanvibe/runtime";
import type { TenantStatus } from "@leanvibe/schema";
import { type Finding, NETWORK_FIX } from "../probe/verdict.ts";

/**
 * What NetworkIsolated says of policies that stand: True only where the cluster was seen to enforce such. Without the
 * time of the probe, which would be a write to every Tenant, every day.
 */
export function isolationProof(found: Finding | undefined): Pick<ConditionDraft, "status" | "reason" | "message"> {
  switch (found?.verdict) {
    case "Enforced":
      return { status: "True", reason: "Enforced", message: `The network policies stand. ${found.message}` };
    case "NotEnforced":
      return {
        status: "Unknown",
        reason: "NotEnforced",
        message: `The network policies stand, but keep nobody out. ${found.message}`,
      };
    case "Inconclusive":
      return {
        status: "Unknown",
        reason: "ProbeFailed",
        message: `The network policies stand; whether this cluster enforces them is unknown. ${found.message} ${NETWORK_FIX}`,
      };
    default:
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
