import { sameJson, secondsPrecision } from "@leanvibe/runtime";
import type { Tenant, TenantStatus } from "@leanvibe/schema";
import type { Children } from "./children.ts";
import { CHILD_NAMES } from "./desired.ts";
import { type Child, usedBy } from "./family.ts";
import type { Leases } from "./leases.ts";
import { type Amounts, eachResource, readQuota, textsOf } from "./quota.ts";

/** Figures move with every pod; who reads them needs no more than one every so often. */
const FIGURES_MILLISECONDS = 10_000;

type Seen = { total: Amounts; leases: Leases; own: Children; children: readonly Child[]; now: Date };

/**
 * Total, use and division of the quota. Figures that moved are kept back until those in status are ten seconds old;
 * `fresh` says when that is. A new total or another list of namespaces is said at once.
 */
export function quotaStatus(
  { status }: Tenant,
  { total, leases, own, children, now }: Seen,
): { quota: NonNullable<TenantStatus["quota"]>; fresh: number | undefined } | undefined {
  if (leases.shares.size === 0) return undefined;
  const parts = [...leases.shares].map(([namespace, share]) => {
    const { used } = readQuota(own.get("ResourceQuota", namespace, CHILD_NAMES.quota));
    return { namespace, share, used };
  });
  // A child counts inside its parent's quota.
  const used = eachResource(
    (resource) =>
      parts.reduce((sum, part) => sum + part.used[resource], 0n) +
      children.reduce((sum, child) => sum + usedBy(child, resource), 0n),
  );
  const [hard, inUse] = [textsOf(total), textsOf(used)];
  const figures = {
    hard,
    used: inUse,
    cpu: `${inUse.cpu}/${hard.cpu}`,
    memory: `${inUse.memory}/${hard.memory}`,
    perNamespace: parts.map(({ namespace, share, used }) => ({ namespace, hard: textsOf(share), used: textsOf(used) })),
  };
  const before = status?.quota;
  if (before?.time === undefined) return { quota: { ...figures, time: secondsPrecision(now) }, fresh: undefined };
  const { time, ...told } = before;
  const fresh = Date.parse(time) + FIGURES_MILLISECONDS;
  const namesOf = (list: readonly { namespace: string }[]) => list.map(({ namespace }) => namespace).join();
  const sameShape = sameJson(told.hard, hard) && namesOf(told.perNamespace) === namesOf(figures.perNamespace);
  if (sameJson(told, figures)) return { quota: before, fresh: undefined };
  if (sameShape && fresh > now.getTime()) return { quota: before, fresh };
  return { quota: { ...figures, time: secondsPrecision(now) }, fresh: undefined };
}
