import type { KubeObject } from "@leanvibe/runtime";
import { canonicalQuantity, divideQuantity, isQuantity, minQuantity, PLANS, type Tenant } from "@leanvibe/schema";

/** CPU and memory bound requests and limits alike. Quantities as Kubernetes writes them. */
export type Amounts = { cpu: string; memory: string; pods: number; storage: string };

/** The Tenant's total: its plan's ceilings, lowered where spec.resourceQuota asks for less. */
export function totalOf({ spec }: Tenant): Amounts {
  const { cpu, memory, pods, storage } = PLANS[spec.plan].ceilings;
  const lower = spec.resourceQuota ?? {};
  return {
    cpu: minQuantity(cpu, lower.cpu ?? cpu),
    memory: minQuantity(memory, lower.memory ?? memory),
    pods: Math.min(pods, lower.pods ?? pods),
    storage: minQuantity(storage, lower.storage ?? storage),
  };
}

/** One of `parts` equal shares; the shares together never exceed the total. */
export function shareOf(total: Amounts, parts: number): Amounts {
  return {
    cpu: divideQuantity(total.cpu, parts, "cpu"),
    memory: divideQuantity(total.memory, parts, "memory"),
    pods: Math.floor(total.pods / parts),
    storage: divideQuantity(total.storage, parts, "storage"),
  };
}

/** The share as spec.hard of a ResourceQuota. */
export function hardOf({ cpu, memory, pods, storage }: Amounts): Record<string, string> {
  return {
    "requests.cpu": cpu,
    "limits.cpu": cpu,
    "requests.memory": memory,
    "limits.memory": memory,
    "requests.storage": storage,
    pods: String(pods),
  };
}

/**
 * Is the quota in force with these amounts? Admission goes by status.hard: a quota whose status has not been filled in
 * yet admits everything, so neither the object's existence nor its spec says that anything is fenced.
 */
export function isInForce(quota: KubeObject | undefined, hard: Record<string, string>): boolean {
  const inForce = quota === undefined ? undefined : statusHard(quota["status"]);
  if (inForce === undefined) return false;
  return Object.entries(hard).every(([name, amount]) => {
    const live = inForce[name];
    return typeof live === "string" && sameQuantity(amount, live);
  });
}

function statusHard(status: unknown): Record<string, unknown> | undefined {
  if (typeof status !== "object" || status === null || !("hard" in status)) return undefined;
  return typeof status.hard === "object" && status.hard !== null ? { ...status.hard } : undefined;
}

/** Are these two spellings of one amount, such as `1000m` and `1`? */
export function sameQuantity(a: string, b: string): boolean {
  return a === b || (isQuantity(a) && isQuantity(b) && canonicalQuantity(a) === canonicalQuantity(b));
}
