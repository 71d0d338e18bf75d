import type { KubeObject } from "@leanvibe/runtime";
import { parseQuantity, parseTenant, type Tenant } from "@leanvibe/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownChildren } from "./children.ts";
import type { Wanted } from "./demand.ts";
import { allowanceOf, awaitingGrant, childrenStatus, type Family } from "./family.ts";
import { leasesOf } from "./leases.ts";
import { type Amounts, eachResource, hardOf, totalOf } from "./quota.ts";

const cores = (count: number) => parseQuantity(String(count));
const cpu = (count: number): Amounts => ({ ...eachResource(() => 0n), cpu: cores(count) });
const TOTAL = 16;

function tenant(name: string, namespaces: readonly string[], rest: { parent?: string; status?: unknown } = {}): Tenant {
  const parsed = parseTenant({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "Tenant",
    metadata: { name, uid: `uid of ${name}` },
    spec: {
      organizationName: name,
      adminEmail: "a@example.com",
      plan: "professional",
      namespaces: namespaces.map((each) => ({ name: each })),
      ...(rest.parent === undefined ? {} : { parentRef: { name: rest.parent } }),
    },
    status: rest.status,
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

type Quota = { lent: Amounts; enforced: Amounts; used: Amounts };
const NONE = eachResource(() => 0n);

type Step =
  | { do: "acme" | "east" | "west" }
  | { do: "enforce"; index: number }
  | { do: "use" | "want"; index: number; amount: number };

/** A parent with two namespaces, and children with one and with three; quotas as Kubernetes would keep them. */
class SmallFamily {
  readonly members: Record<string, readonly string[]> = {
    acme: ["acme-0", "acme-1"],
    east: ["east-0"],
    west: ["west-0", "west-1", "west-2"],
  };
  readonly quotas = new Map<string, Quota>();
  readonly wanted = new Map<string, Amounts>();
  /** What was lent before the operator was started again. */
  readonly kept = new Map<string, Amounts>();
  grants = new Map<string, Amounts>();

  get namespaces(): string[] {
    return Object.values(this.members).flat();
  }

  tenantOf(name: string): Tenant {
    const namespaces = this.members[name] ?? [];
    return name === "acme"
      ? tenant(name, namespaces, { status: { children: childrenStatus(this.grants) } })
      : tenant(name, namespaces, { parent: "acme" });
  }

  quotaObjects(name: string): KubeObject[] {
    return (this.members[name] ?? []).flatMap((namespace) => {
      const quota = this.quotas.get(namespace);
      if (quota === undefined) return [];
      const labels = { "leanvibe.io/tenant": name, "leanvibe.io/tenant-uid": `uid of ${name}` };
      return [
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "leanvibe", namespace, labels },
          spec: { hard: hardOf(quota.lent) },
          status: { hard: hardOf(quota.enforced), used: hardOf(quota.used) },
        },
      ];
    });
  }

  /** Parent and children are worked one after another, never at once: that is what the family's key is for. */
  work(name: string): void {
    const one = this.tenantOf(name);
    const family: Family =
      name === "acme"
        ? {
            parent: undefined,
            children: ["east", "west"].map((child) => ({
              name: child,
              tenant: this.tenantOf(child),
              quotas: this.quotaObjects(child),
            })),
          }
        : { parent: this.tenantOf("acme"), children: [] };
    const own = ownChildren(one, this.quotaObjects(name));
    const held = (this.members[name] ?? []).map((namespace) => {
      return {
        name: namespace,
        labels: {},
        podSecurity: "restricted" as const,
        standing: "own" as const,
        live: undefined,
      };
    });
    const total = allowanceOf(one, family) ?? NONE;
    const wanted = (namespace: string): Wanted | undefined => {
      const amounts = this.wanted.get(namespace) ?? NONE;
      return { amounts, kept: this.kept.get(namespace) ?? NONE, until: 1 };
    };
    const leases = leasesOf(total, { tenant: one, held, left: [], own, children: family.children }, wanted);
    for (const [namespace, lent] of leases.shares) {
      const before = this.quotas.get(namespace) ?? { lent, enforced: NONE, used: NONE };
      this.quotas.set(namespace, { ...before, lent });
    }
    if (name === "acme") this.grants = new Map(leases.grants);
  }

  enforce(namespace: string): void {
    const quota = this.quotas.get(namespace);
    if (quota !== undefined) this.quotas.set(namespace, { ...quota, enforced: quota.lent });
  }

  /** Admission: by what is enforced, and pods may go at any time. */
  use(namespace: string, amount: Amounts): void {
    const quota = this.quotas.get(namespace);
    if (quota === undefined) return;
    if (amount.cpu <= quota.enforced.cpu || amount.cpu <= quota.used.cpu)
      this.quotas.set(namespace, { ...quota, used: amount });
  }

  take(step: Step): void {
    const namespace = this.namespaces["index" in step ? step.index : 0] ?? "";
    if (step.do === "enforce") this.enforce(namespace);
    else if (step.do === "use") this.use(namespace, cpu(step.amount));
    else if (step.do === "want") this.wanted.set(namespace, cpu(step.amount));
    else this.work(step.do);
  }

  /** The most that could run, whatever is admitted next. */
  held(): bigint {
    return [...this.quotas.values()].reduce((sum, { lent, enforced, used }) => {
      return sum + [lent.cpu, enforced.cpu, used.cpu].reduce((a, b) => (a > b ? a : b));
    }, 0n);
  }

  settle(rounds = 8): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of Object.keys(this.members)) this.work(name);
      for (const namespace of this.namespaces) this.enforce(namespace);
    }
  }
}

const index = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constantFrom("acme" as const, "east" as const, "west" as const) }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant("enforce" as const), index }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant("use" as const), index, amount: fc.nat(TOTAL) }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant("want" as const), index, amount: fc.nat(TOTAL) }), weight: 3 },
);

describe("a family", () => {
  it("never holds more than the parent has, in whatever order its members are worked and its pods come and go", {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 200, size: "max" }), (steps) => {
        const family = new SmallFamily();
        for (const next of steps) {
          family.take(next);
          expect(family.held()).toBeLessThanOrEqual(cores(TOTAL));
        }
      }),
      { numRuns: 150 },
    );
  });

  it("gives one namespace of a child what it needs, past the floors of all others", () => {
    for (const namespace of ["east-0", "west-1"]) {
      const family = new SmallFamily();
      family.settle();
      family.wanted.set(namespace, cpu(8));
      family.settle();
      expect(family.quotas.get(namespace)?.enforced.cpu).toBeGreaterThanOrEqual(cores(8));
    }
  });

  it("of two children that race for one remainder serves the first whole, and takes it back when it is not needed", () => {
    const family = new SmallFamily();
    family.settle();
    family.wanted.set("east-0", cpu(10));
    family.wanted.set("west-0", cpu(10));
    family.settle();
    expect(family.quotas.get("east-0")?.enforced.cpu).toBe(cores(10));
    expect(family.quotas.get("west-0")?.enforced.cpu).toBeLessThan(cores(10));
    family.wanted.clear();
    family.wanted.set("west-0", cpu(8));
    family.settle();
    expect(family.quotas.get("west-0")?.enforced.cpu).toBeGreaterThanOrEqual(cores(8));
  });
});

describe("a namespace that is taken over", () => {
  it("with pods that nobody has counted yet keeps all others from being lent more until they are", () => {
    const one = tenant("acme", ["old", "new"]);
    const own = ownChildren(one, []);
    const claim = { labels: {}, podSecurity: "restricted" as const, live: undefined };
    const lend = (standing: "foreign" | "free") =>
      leasesOf(
        totalOf(one),
        {
          tenant: one,
          held: [
            { ...claim, name: "old", standing },
            { ...claim, name: "new", standing: "own" },
          ],
          left: [],
          own,
          children: [],
        },
        (namespace) => (namespace === "new" ? { amounts: cpu(12), kept: NONE, until: 1 } : undefined),
      ).shares.get("new")?.cpu;
    expect(lend("foreign")).toBe(0n);
    expect(lend("free")).toBe(cores(12));
  });
});

describe("a child without a grant", () => {
  const child = tenant("east", ["east-0"], { parent: "acme" });

  it("has nothing, not even its own plan", () => {
    expect(allowanceOf(child, { parent: tenant("acme", ["acme-0"]), children: [] })).toBeUndefined();
    expect(allowanceOf(child, { parent: undefined, children: [] })).toBeUndefined();
  });

  it("is told why and what to do", () => {
    const say = (parent: Tenant | undefined, of = child) => awaitingGrant(of, { parent, children: [] });
    expect(say(undefined)).toMatch(/Tenant acme, named by spec.parentRef, does not exist; create it/);
    expect(say(tenant("acme", ["a"], { parent: "top" }))).toMatch(/itself a child of top; there are two levels/);
    expect(say(child, tenant("east", ["east-0"], { parent: "east" }))).toMatch(/names the Tenant itself/);
    expect(say(tenant("acme", ["a"]))).toMatch(/Waiting for Tenant acme/);
  });

  it("has no more than its own plan, however much is granted", () => {
    const granted = { cpu: "64", memory: "1Ti", pods: 9_000, storage: "1Ti" };
    const parent = tenant("acme", ["acme-0"], { status: { children: [{ name: "east", granted }] } });
    expect(allowanceOf(child, { parent, children: [] })).toEqual(totalOf(child));
  });

  it("lets every member begin although all was lent to one before the operator was started again", () => {
    const family = new SmallFamily();
    family.quotas.set("acme-0", { lent: cpu(TOTAL), enforced: cpu(TOTAL), used: NONE });
    family.kept.set("acme-0", cpu(TOTAL));
    family.settle();
    for (const namespace of family.namespaces)
      expect(family.quotas.get(namespace)?.enforced.cpu, namespace).toBeGreaterThan(0n);
    // Who is seen to need nothing yet keeps the rest, because nobody has looked for long enough.
    expect(family.quotas.get("acme-0")?.enforced.cpu).toBeGreaterThan(cores(8));
  });
});
