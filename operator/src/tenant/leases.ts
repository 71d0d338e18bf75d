import type { KubeObject } from "@leanvibe/runtime";
import { CHILDREN_MAX, type Nanos, parseQuantity, type Tenant } from "@leanvibe/schema";
import type { Children } from "./children.ts";
import { type Claim, namespacesOf } from "./claims.ts";
import { type Wanted, withReserve } from "./demand.ts";
import { CHILD_NAMES } from "./desired.ts";
import { type Child, grantOf, heldBy, usedBy } from "./family.ts";
import { type Holding, lease, least, most, sum } from "./lease.ts";
import { type Amounts, eachResource, type Resource, readQuota, totalOf } from "./quota.ts";

/** What each namespace is lent and each child granted, by name, and when something that is remembered ends. */
export type Leases = {
  shares: ReadonlyMap<string, Amounts>;
  grants: ReadonlyMap<string, Amounts>;
  until: number | undefined;
};

/** Who holds a part of the total: a namespace, or a child with all of its own. */
type Member = {
  holding: (resource: Resource) => Omit<Holding, "wanted" | "floor">;
  /** What it needs, as far as is known. */
  needs: (resource: Resource) => Nanos;
  /** What it had before this process began to look. */
  kept: (resource: Resource) => Nanos;
  /** What it may have at most; a namespace may have all there is. */
  ceiling?: Amounts;
  standing: Standing;
};

/** Held ones may begin; those that left keep what they use; of those that are going nothing is changed. */
type Standing = "held" | "left" | "going";

/** Figures that people read: whole millicores, Mi and pods. */
const STEP: Amounts = {
  cpu: parseQuantity("1m"),
  memory: parseQuantity("1Mi"),
  pods: parseQuantity("1"),
  storage: parseQuantity("1Mi"),
};

type Seen = {
  tenant: Tenant;
  held: readonly Claim[];
  left: readonly KubeObject[];
  own: Children;
  children: readonly Child[];
};
type WantedBy = (namespace: string) => Wanted | undefined;

/**
 * Lends the total to the namespaces that hold a part of it, and to the children; namespaces that left count with what
 * they still hold. Where there is not enough for all, the Tenant's own namespaces come first.
 */
export function leasesOf(total: Amounts, seen: Seen, wantedBy: WantedBy): Leases {
  const quotaOf = (name: string) => seen.own.get("ResourceQuota", name, CHILD_NAMES.quota);
  const namespaces = [
    ...seen.held.map(({ name }) => ({ name, standing: "held" as const })),
    ...seen.left
      .map(({ metadata }) => ({
        name: metadata.name,
        standing: metadata.deletionTimestamp === undefined ? ("left" as const) : ("going" as const),
      }))
      .filter(({ name }) => quotaOf(name) !== undefined),
  ];
  const children = served(seen.tenant, seen.children);
  // Until Kubernetes has counted what was there before us, nobody else is lent more.
  const uncounted = new Set(
    seen.held.filter((claim) => isUncounted(claim, quotaOf(claim.name))).map(({ name }) => name),
  );
  const frozen = <M extends Member>(name: string, member: M): M =>
    uncounted.size === 0 || uncounted.has(name) ? member : { ...member, standing: "going" };
  const members = [
    ...namespaces.map(({ name, standing }) => frozen(name, namespaceMember(quotaOf(name), wantedBy(name), standing))),
    ...children.map((child) => frozen("", childMember(child, seen.tenant, wantedBy))),
  ];
  const lent = {
    cpu: lendOut("cpu", total, members),
    memory: lendOut("memory", total, members),
    pods: lendOut("pods", total, members),
    storage: lendOut("storage", total, members),
  };
  const parts = members.map((_, index) => eachResource((resource) => lent[resource][index] ?? 0n));
  const remembered = [...namespaces.map(({ name }) => name), ...children.flatMap(namespacesIn)];
  const untils = remembered.flatMap((name) => wantedBy(name)?.until ?? []);
  const partOf = (index: number): Amounts => parts[index] ?? eachResource(() => 0n);
  return {
    shares: new Map(namespaces.map(({ name }, index) => [name, partOf(index)])),
    grants: new Map(children.map(({ name }, index) => [name, partOf(namespaces.length + index)])),
    until: untils.length === 0 ? undefined : Math.min(...untils),
  };
}

/** A namespace that is taken over has pods of its own, and no quota of ours has counted them yet. */
function isUncounted({ standing, live }: Claim, quota: KubeObject | undefined): boolean {
  if (standing === "free") return false;
  if (standing !== "own") return true;
  const { enforced } = readQuota(quota);
  const [made, since] = [quota?.metadata.creationTimestamp, live?.metadata.creationTimestamp].map((at) =>
    Date.parse(at ?? ""),
  );
  // One that we made ourselves was empty when its quota came.
  const isOlder = made !== undefined && since !== undefined && made - since > MADE_TOGETHER_MILLISECONDS;
  return isOlder && Object.values(enforced).every((amount) => amount === 0n);
}

const MADE_TOGETHER_MILLISECONDS = 30_000;

/** Who has a grant keeps it, however many come later. */
function served(tenant: Tenant, children: readonly Child[]): Child[] {
  const isGranted = ({ name }: Child) => grantOf(tenant, name) !== undefined;
  const first = [...children.filter(isGranted), ...children.filter((child) => !isGranted(child))];
  return first.slice(0, CHILDREN_MAX).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function namespaceMember(quota: KubeObject | undefined, wanted: Wanted | undefined, standing: Standing): Member {
  const { lent, enforced, used } = readQuota(quota);
  const asked =
    wanted?.rest === "untouched"
      ? lent
      : eachResource((resource) => most(lent[resource], wanted?.amounts[resource] ?? 0n));
  const needs = wanted?.rest === undefined ? needsOf(used, wanted) : asked;
  return {
    standing,
    holding: (resource) => ({ lent: lent[resource], enforced: enforced[resource], used: used[resource] }),
    needs: (resource) => needs[resource],
    kept: (resource) => wanted?.kept[resource] ?? 0n,
  };
}

/** A child that cannot be read, or is on its way out, keeps what it was granted. */
function childMember(child: Child, parent: Tenant, wantedBy: WantedBy): Member {
  const { tenant, quotas } = child;
  const granted = grantOf(parent, child.name) ?? eachResource(() => 0n);
  const ceilings = tenant === undefined ? granted : totalOf(tenant);
  const names = namespacesIn(child);
  const each = quotas.map((quota) => needsOf(readQuota(quota).used, wantedBy(quota.metadata.namespace ?? "")));
  return {
    standing: tenant === undefined || tenant.metadata.deletionTimestamp !== undefined ? "going" : "held",
    holding: (resource) => ({
      lent: granted[resource],
      enforced: heldBy(child, resource),
      used: usedBy(child, resource),
    }),
    needs: (resource) => {
      const needed = sum(each.map((needs) => needs[resource]));
      // Of what it is granted it gives each of its namespaces a floor, a quarter at most, before it gives one what it needs.
      return names.length > 1 ? needed + needed / 3n + 1n : needed;
    },
    kept: (resource) => sum(names.map((name) => wantedBy(name)?.kept[resource] ?? 0n)),
    ceiling: ceilings,
  };
}

function namespacesIn({ tenant, quotas }: Child): string[] {
  const listed = tenant === undefined ? [] : namespacesOf(tenant).map(({ name }) => name);
  return [...new Set([...listed, ...quotas.flatMap(({ metadata }) => metadata.namespace ?? [])])];
}

function needsOf(used: Amounts, wanted: Wanted | undefined): Amounts {
  const reserved = withReserve(used);
  return eachResource((resource) => most(reserved[resource], wanted?.amounts[resource] ?? 0n));
}

function lendOut(resource: Resource, total: Amounts, members: readonly Member[]): Nanos[] {
  const held = members.filter(({ standing }) => standing === "held").length;
  const step = STEP[resource];
  const holdings = members.map((member): Holding => {
    const holding = member.holding(resource);
    if (member.standing === "going") return { ...holding, wanted: holding.lent, floor: 0n };
    // A namespace alone would leave the rest to nobody.
    if (member.standing === "held" && members.length === 1) return { ...holding, wanted: total[resource], floor: 0n };
    const bounded = (amount: Nanos) =>
      member.ceiling === undefined ? amount : least(member.ceiling[resource], amount);
    const floor = member.standing === "held" ? bounded(down(total[resource] / BigInt(4 * held), step)) : 0n;
    return { ...holding, wanted: bounded(up(member.needs(resource), step)), floor };
  });
  const kept = keptBeside(
    total[resource],
    holdings,
    members.map((member) => least(member.kept(resource), member.ceiling?.[resource] ?? total[resource])),
  );
  return lease(
    total[resource],
    holdings.map((holding, index) => ({ ...holding, wanted: most(holding.wanted, down(kept[index] ?? 0n, step)) })),
  );
}

/**
 * What was lent before a restart nobody has been seen to need, nor not to need: it is kept, in proportion, of what is left
 * when each has what it needs and what it needs to begin. Else a Tenant that is made after a restart would get nothing.
 */
function keptBeside(total: Nanos, holdings: readonly Holding[], kept: readonly Nanos[]): Nanos[] {
  const due = holdings.map(({ used, wanted, floor }) => most(used, most(wanted, floor)));
  const beyond = due.map((amount, index) => most(0n, least(kept[index] ?? 0n, holdings[index]?.lent ?? 0n) - amount));
  const [room, all] = [most(0n, total - sum(due)), sum(beyond)];
  return beyond.map((idle, index) =>
    idle === 0n ? 0n : (due[index] ?? 0n) + (all <= room ? idle : (idle * room) / all),
  );
}

function up(amount: Nanos, step: Nanos): Nanos {
  return down(amount + step - 1n, step);
}

function down(amount: Nanos, step: Nanos): Nanos {
  return amount - (amount % step);
}
