import type { KubeObject } from "@leanvibe/runtime";
import { type Nanos, parseQuantity } from "@leanvibe/schema";
import type { Children } from "./children.ts";
import { type Wanted, withReserve } from "./demand.ts";
import { CHILD_NAMES } from "./desired.ts";
import { type Holding, lease } from "./lease.ts";
import { type Amounts, eachResource, type Resource, readQuota } from "./quota.ts";

/** What each namespace is lent, by its name, and when something that is remembered ends. */
export type Leases = { shares: ReadonlyMap<string, Amounts>; until: number | undefined };

/** A namespace that holds a part of the total. */
type Member = { name: string; quota: KubeObject | undefined; wanted: Wanted | undefined; standing: Standing };

/** Held ones may begin; those that left keep what they use; of those that are going nothing is changed. */
type Standing = "held" | "left" | "going";

/** Figures that people read: whole millicores, Mi and pods. */
const STEP: Amounts = {
  cpu: parseQuantity("1m"),
  memory: parseQuantity("1Mi"),
  pods: parseQuantity("1"),
  storage: parseQuantity("1Mi"),
};

/** Lends the total to the namespaces that hold a part of it; those that left count with what they still hold. */
export function leasesOf(
  total: Amounts,
  seen: { held: readonly string[]; left: readonly KubeObject[]; own: Children },
  wantedBy: (namespace: string) => Wanted | undefined,
): Leases {
  const member = (name: string, standing: Standing): Member => ({
    name,
    standing,
    quota: seen.own.get("ResourceQuota", name, CHILD_NAMES.quota),
    wanted: wantedBy(name),
  });
  const members = [
    ...seen.held.map((name) => member(name, "held")),
    ...seen.left
      .map(({ metadata }) => member(metadata.name, metadata.deletionTimestamp === undefined ? "left" : "going"))
      .filter(({ quota }) => quota !== undefined),
  ];
  const lent = {
    cpu: lendOut("cpu", total, members),
    memory: lendOut("memory", total, members),
    pods: lendOut("pods", total, members),
    storage: lendOut("storage", total, members),
  };
  const untils = members.flatMap(({ wanted }) => wanted?.until ?? []);
  return {
    shares: new Map(members.map(({ name }, index) => [name, eachResource((resource) => lent[resource][index] ?? 0n)])),
    until: untils.length === 0 ? undefined : Math.min(...untils),
  };
}

function lendOut(resource: Resource, total: Amounts, members: readonly Member[]): Nanos[] {
  const held = members.filter(({ standing }) => standing === "held").length;
  const step = STEP[resource];
  const holdings = members.map(({ quota, wanted, standing }): Holding => {
    const { lent, enforced, used } = readQuota(quota);
    const [has, inForce, inUse] = [lent[resource], enforced[resource], used[resource]];
    const holding = { lent: has, enforced: inForce, used: inUse };
    if (standing === "going") return { ...holding, wanted: has, floor: 0n };
    // A namespace alone would leave the rest to nobody.
    if (standing === "held" && members.length === 1) return { ...holding, wanted: total[resource], floor: 0n };
    const needed = [withReserve(used)[resource], wanted?.amounts[resource] ?? 0n].map((amount) => up(amount, step));
    const floor = standing === "held" ? down(total[resource] / BigInt(4 * held), step) : 0n;
    return { ...holding, wanted: needed.reduce((a, b) => (a > b ? a : b)), floor };
  });
  return lease(total[resource], holdings);
}

function up(amount: Nanos, step: Nanos): Nanos {
  return down(amount + step - 1n, step);
}

function down(amount: Nanos, step: Nanos): Nanos {
  return amount - (amount % step);
}
