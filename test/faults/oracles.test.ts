import type { KubeObject } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import type { Write } from "./events.ts";
import { broken, type Entry } from "./history.ts";
import { hadEffect, Leadership } from "./leadership.ts";
import { countsOf, crowded, excess, hurried, unguarded } from "./oracles.ts";
import { sampleOf } from "./plan.ts";
import { sectionsOf } from "./results.ts";
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

function sent(address: string, at = 0, status = 200): Write {
  const [method = "", ...object] = address.split(" ").slice(0, 3);
  return { address, object: object.join(" "), method, status, at, seen: "1" };
}

describe("creates and deletes", () => {
  const writes = [sent("POST Namespace a #1"), sent("POST Namespace a #2", 0, 409), sent("DELETE Namespace a #1")];

  it("count where they succeeded, and may not be more than without a fault", () => {
    const expected = countsOf({ writes });
    expect(excess(expected, { writes })).toEqual([]);
    expect(excess(expected, { writes: [...writes, sent("POST Namespace a #3")] })).toHaveLength(1);
    expect(excess(new Map(), { writes: writes.slice(2) })).toEqual(["Namespace a was deleted 1 times instead of 0"]);
  });

  it("may be more by what another editor had deleted", () => {
    const again = { writes: [sent("POST Namespace a #1"), sent("POST Namespace a #2")] };
    const expected = countsOf({ writes });
    expect(excess(expected, again, [(object) => object === "Namespace a"])).toEqual([]);
    expect(excess(expected, again, [(object) => object === "Namespace b"])).toHaveLength(1);
  });
});

describe("a deletion", () => {
  const ended = (uid: string, nth: number): Write => ({ ...sent(`DELETE Namespace a #${nth}`), uid });

  it("that is asked for again because no answer came is one, that of an heir another", () => {
    const expected = countsOf({ writes: [ended("first", 1)] });
    expect(excess(expected, { writes: [ended("first", 1), ended("first", 2)] })).toEqual([]);
    expect(excess(expected, { writes: [ended("first", 1), ended("heir", 2)] })).toHaveLength(1);
  });

  it("must say whom it means", () => {
    const writes = [ended("first", 1), sent("DELETE Namespace a #2"), sent("POST Namespace a #1")];
    expect(unguarded({ writes })).toEqual(["DELETE Namespace a #2 without preconditions.uid"]);
  });
});

describe("watches", () => {
  const open = (process: string, what: string, at: number) => ({ process, what, at });

  it("are opened once a second by a process and of a kind", () => {
    expect(crowded({ opens: [open("a1", "pods", 0), open("a1", "pods", 1_000), open("a2", "pods", 1_100)] })).toEqual(
      [],
    );
    const opens = [open("a1", "pods", 0), open("a1", "tenants", 100), open("a1", "pods", 400)];
    expect(crowded({ opens })).toEqual(["pods was watched anew after 400 ms"]);
  });
});

describe("a fight", () => {
  const undone = (...seconds: number[]) => seconds.map((second) => sent("APPLY LimitRange a/it #1", second * 1_000));

  it("is three answers at once and then one in ten seconds", () => {
    expect(hurried(undone(1, 2, 3, 13, 23), "LimitRange a/it", 0)).toEqual([]);
    expect(hurried(undone(1, 2, 3, 4), "LimitRange a/it", 0)).toHaveLength(1);
    expect(hurried(undone(1, 2, 3, 4), "LimitRange b/it", 0)).toEqual([]);
  });
});

describe("a leader", () => {
  const lease = (method: string, at: number) => ({
    ...{ method, at, path: "/leases/it", query: "", contentType: "", body: "", status: 200 },
  });
  const answer = { status: 200, headers: {}, body: "{}" };

  it("may write until its deadline, and not when another one was seen to lead", () => {
    let taken = 0;
    const leadership = new Leadership(() => {
      taken += 1;
    });
    leadership.answered("a1", lease("PATCH", 0), answer);
    leadership.answered("b1", lease("GET", 100), answer);
    expect(leadership.over("a1", 3_000)).toBeUndefined();
    expect(leadership.over("a1", 5_000)).toBe("5.0 s after its last renewal");
    leadership.answered("b1", lease("PATCH", 4_500), answer);
    expect(leadership.over("a1", 4_600)).toBe("b1 led by then");
    expect([leadership.over("b1", 4_600), taken]).toEqual([undefined, 2]);
  });

  it("changed something when the answer has a version that nobody has seen", () => {
    const said = (resourceVersion: string) => ({ ...answer, body: JSON.stringify({ metadata: { resourceVersion } }) });
    expect(hadEffect(said("8"), "7")).toBe(true);
    expect(hadEffect(said("7"), "7")).toBe(false);
    expect(hadEffect({ ...answer, status: 409 }, "7")).toBe(false);
  });
});

describe("the results", () => {
  it("are kept in sections, of which each command writes its own", () => {
    const sections = sectionsOf("# Head\n\n## Plans\n\n- one\n\n### Divergences\n\n## Trial: quiet 5\n\n- two\n");
    expect([...sections.keys()]).toEqual(["Plans", "Trial: quiet 5"]);
    expect(sections.get("Plans")).toContain("### Divergences");
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
