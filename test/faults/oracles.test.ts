import type { KubeObject } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import { broken, type Entry } from "./history.ts";
import { sampleOf } from "./plan.ts";
import { differences } from "./state.ts";

const labels = { "leanvibe.io/tenant": "acme" };
let version = 0n;

function wrote(kind: string, name: string, rest: object = {}, namespace?: string): Entry {
  version += 1n;
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  const metadata = { name, labels, ...(namespace === undefined ? {} : { namespace }) };
  return { version, kind, key, object: { apiVersion: "v1", kind, metadata, ...rest } satisfies KubeObject };
}

const tenant = (plan: string) => wrote("Tenant", "acme", { spec: { plan } });
const quota = (namespace: string, cpu: string, enforced: object) =>
  wrote("ResourceQuota", "leanvibe", { spec: { hard: { "limits.cpu": cpu } }, status: enforced }, namespace);
const inForce = (namespace: string, cpu: string) => quota(namespace, cpu, { hard: { "limits.cpu": cpu } });
const fences = (namespace: string) => ["LimitRange", "NetworkPolicy"].map((kind) => wrote(kind, "it", {}, namespace));
const rights = (namespace: string) => wrote("RoleBinding", "leanvibe-owners", {}, namespace);

describe("the order of writes", () => {
  it("is right when rights come after fences in force", () => {
    expect(broken([tenant("starter"), ...fences("a"), inForce("a", "2"), rights("a")])).toEqual([]);
  });

  it.each([
    ["before the quota", () => [...fences("a"), rights("a"), inForce("a", "2")], "quota in force"],
    ["before its status", () => [...fences("a"), quota("a", "2", {}), rights("a")], "quota in force"],
    ["before the others", () => [inForce("a", "2"), rights("a"), ...fences("a")], "LimitRange, NetworkPolicy"],
  ])("is wrong when rights come %s", (_when, writes, missing) => {
    expect(broken([tenant("starter"), ...writes()])).toEqual([expect.stringContaining(`rights without ${missing}`)]);
  });
});

describe("the sum of what is lent", () => {
  it("is wrong when it rises past the plan, by what is asked for or by what is enforced", () => {
    const writes = [tenant("starter"), inForce("a", "1"), inForce("b", "1"), quota("b", "1500m", {})];
    expect(broken(writes)).toEqual([expect.stringContaining("limits.cpu 2500000000 of 2000000000 lent")]);
    expect(broken([tenant("starter"), quota("a", "1", { hard: { "limits.cpu": "3" } })])).toHaveLength(1);
  });

  it("may be above a plan that was lowered, but not rise there", () => {
    const lowered = [tenant("professional"), inForce("a", "8"), tenant("starter"), inForce("a", "7")];
    expect(broken(lowered)).toEqual([]);
    expect(broken([...lowered, inForce("a", "8")])).toHaveLength(1);
  });
});

describe("two end states", () => {
  it("differ by an object too few, one too many, and one that says something else", () => {
    expect(differences({ a: "1", b: "2", c: "3" }, { b: "4", c: "3", d: "5" })).toEqual([
      "a is missing",
      "b: expected ...2... but found ...4...",
      "d should not be there",
    ]);
  });
});

describe("a sample", () => {
  it("is the same for a seed, and loses no plan to one that was added", () => {
    const plans = Array.from({ length: 40 }, (_, seed) => ({ workload: "create", seed, faults: [] }));
    const sample = sampleOf(plans, 10, 1);
    expect(sampleOf(plans.toReversed(), 10, 1)).toEqual(sample);
    expect(sampleOf(plans, 10, 2)).not.toEqual(sample);
    const grown = sampleOf([...plans, { workload: "delete", seed: 0, faults: [] }], 11, 1);
    expect(grown).toEqual(expect.arrayContaining(sample));
  });
});
