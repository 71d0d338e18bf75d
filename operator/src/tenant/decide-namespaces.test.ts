import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { conditionsOf, FENCES, NOW, recorded, SmallCluster, tenant } from "./testing/cases.ts";

describe("namespaces of a Tenant", () => {
  const FOREIGN = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "tenant-acme", uid: "x", resourceVersion: "7" },
  };

  it("takes over a namespace that was there before only when it is listed by name and adopt is true", () => {
    const listed = { namespaces: [{ name: "tenant-acme" }] };
    const world = new SmallCluster();
    world.objects.set("Namespace tenant-acme", FOREIGN);
    const refused = decide(tenant(listed), world.world(), [], NOW);
    expect(conditionsOf(refused.status)).toMatchObject({ Ready: "False NamespaceTaken" });
    expect(JSON.stringify(refused.status)).toContain("Set spec.adopt to true");
    const first = decide(tenant({ ...listed, adopt: true }), world.world(), [], NOW);
    const taken = first.manifests.find(({ kind }) => kind === "Namespace");
    // Of two Tenants that list it at once only one finds it as it was seen.
    expect(taken?.metadata.resourceVersion).toBe("7");
    expect(conditionsOf(world.settle(tenant({ ...listed, adopt: true })).status)).toMatchObject({
      Ready: "True TenantReady",
    });
  });

  it("never takes over what another Tenant has or left, adopt or not", () => {
    const world = new SmallCluster();
    const labels = { "leanvibe.io/tenant": "other", "leanvibe.io/retained": "true" };
    world.objects.set("Namespace tenant-acme", { ...FOREIGN, metadata: { ...FOREIGN.metadata, labels } });
    const spec = { adopt: true, namespaces: [{ name: "tenant-acme" }] };
    const decision = decide(tenant(spec), world.world(), [], NOW);
    expect(conditionsOf(decision.status)).toMatchObject({ Ready: "False NamespaceTaken" });
    expect(decision.manifests.filter(({ kind }) => !kind.startsWith("Cluster"))).toEqual([]);
  });

  it("puts nothing into a namespace that has its default name by chance, adopt or not", () => {
    for (const adopt of [false, true]) {
      const world = new SmallCluster();
      world.objects.set("Namespace tenant-acme", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "tenant-acme", uid: "x" },
      });
      const decision = decide(tenant({ adopt }), world.world(), world.children(), NOW);
      expect(decision.manifests.filter(({ kind }) => !kind.startsWith("Cluster"))).toEqual([]);
      expect(conditionsOf(decision.status)).toMatchObject({ Ready: "False NamespaceTaken" });
      expect(decision.settled).toBe(true);
    }
  });

  it("takes back what an earlier Tenant of its name left only with adopt", () => {
    const world = new SmallCluster();
    world.settle(tenant());
    world.settle(tenant({}, { deletionTimestamp: "2026-11-23T11:00:00Z" }));
    const heir = { uid: "22222222-2222-4222-8222-222222222222" };
    const refused = decide(tenant({}, heir), world.world(), world.children(), NOW);
    expect(conditionsOf(refused.status)).toMatchObject({ Ready: "False NamespaceRetained" });
    expect(refused.manifests.filter(({ kind }) => kind === "Namespace")).toEqual([]);
    const adopted = world.settle(tenant({ adopt: true }, heir));
    expect(conditionsOf(adopted.status)).toMatchObject({ Ready: "True TenantReady" });
    expect(world.objects.get("Namespace tenant-acme")?.metadata.labels).not.toHaveProperty(["leanvibe.io/retained"]);
  });

  it.each([
    { policy: "Retain", crdTerminating: false, remains: ["LimitRange", "Namespace", ...FENCES] },
    { policy: "Delete", crdTerminating: false, remains: [] },
    { policy: "Delete", crdTerminating: true, remains: ["LimitRange", "Namespace", ...FENCES] },
  ])(
    "deleted with $policy, definition going: $crdTerminating: takes the rights and leaves $remains to stand",
    ({ policy, crdTerminating, remains }) => {
      const world = new SmallCluster();
      world.settle(tenant({ deletionPolicy: policy }));
      const deleted = tenant({ deletionPolicy: policy }, { deletionTimestamp: "2026-11-23T11:00:00Z" });
      expect(decide(deleted, world.world(crdTerminating), world.children(), NOW).finished).toBe(false);
      const decision = world.settle(deleted, crdTerminating);
      expect(world.kinds()).toEqual(remains);
      expect(decision.finished).toBe(true);
    },
  );

  it("leaves the fences up in a namespace that is going: running pods are never without them", () => {
    const world = new SmallCluster();
    world.settle(tenant({ deletionPolicy: "Delete" }));
    const deleted = tenant({ deletionPolicy: "Delete" }, { deletionTimestamp: "2026-11-23T11:00:00Z" });
    const decision = decide(deleted, world.world(), world.children(), NOW);
    expect(decision.manifests).toEqual([]);
    expect(decision.kept.map(({ kind }) => kind).toSorted()).toEqual(["LimitRange", ...FENCES]);
  });

  it("keeps what was kept once, though the policy says Delete by now", () => {
    const world = new SmallCluster();
    const both = [{ name: "a" }, { name: "b" }];
    world.settle(tenant({ plan: "professional", namespaces: both }));
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }] }, {}, recorded(world, "a", "b")));
    expect(world.objects.get("Namespace b")?.metadata.labels).toHaveProperty(["leanvibe.io/retained"]);
    const strict = { plan: "professional", namespaces: [{ name: "a" }], deletionPolicy: "Delete" };
    world.settle(tenant(strict, {}, recorded(world, "a", "b")));
    world.settle(tenant(strict, { deletionTimestamp: "2026-11-23T11:00:00Z" }, recorded(world, "a", "b")));
    expect(world.objects.has("Namespace a")).toBe(false);
    expect(world.objects.has("Namespace b")).toBe(true);
  });

  it("never touches a copy of its namespace: labels can be copied, its status cannot", () => {
    const world = new SmallCluster();
    world.settle(tenant({ deletionPolicy: "Delete" }));
    const real = world.objects.get("Namespace tenant-acme");
    const copy = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { ...real?.metadata, name: "kube-system", uid: "copy" },
    };
    world.objects.set("Namespace kube-system", copy);
    world.settle(tenant({ deletionPolicy: "Delete" }));
    world.settle(tenant({ deletionPolicy: "Delete" }, { deletionTimestamp: "2026-11-23T11:00:00Z" }));
    expect(world.objects.get("Namespace kube-system")).toBe(copy);
  });

  it("takes rights away also where it does not know why they carry its labels", () => {
    const world = new SmallCluster();
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }, { name: "b" }] }));
    expect(world.objects.has("RoleBinding b/leanvibe-owners")).toBe(true);
    // b left the list before any status could record it.
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }] }));
    expect(world.objects.has("RoleBinding b/leanvibe-owners")).toBe(false);
    expect(world.objects.has("ResourceQuota b/leanvibe")).toBe(true);
    expect(world.objects.has("Namespace b")).toBe(true);
  });

  it("puts the labels back on a namespace that it wrote down, and leaves its fences up meanwhile", () => {
    const world = new SmallCluster();
    world.settle(tenant());
    const namespace = world.objects.get("Namespace tenant-acme");
    world.objects.set("Namespace tenant-acme", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "tenant-acme", uid: "n" },
    });
    const unknown = decide(tenant(), world.world(), world.children(), NOW);
    expect(unknown.kept.map(({ kind }) => kind).toSorted()).toEqual(["LimitRange", ...FENCES]);
    world.settle(tenant({}, {}, recorded(world, "tenant-acme")));
    expect(world.objects.get("Namespace tenant-acme")?.metadata.labels).toEqual(namespace?.metadata.labels);
  });
});
