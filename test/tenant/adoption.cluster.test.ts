import { setTimeout as sleep } from "node:timers/promises";
import { KINDS } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import {
  clusterWithOperator,
  conditionOf,
  eventually,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const cluster = clusterWithOperator();

const SETTINGS = { apiVersion: "v1", kind: "ConfigMap", data: { kept: "yes" } };

/** A namespace as somebody made it long before LeanVibe came. */
async function foreignNamespace(): Promise<string> {
  const name = uniqueName("foreign");
  const labels = { "acme.example/team": "red" };
  await cluster.api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  await cluster.api.create(KINDS.ConfigMap, { ...SETTINGS, metadata: { name: "settings", namespace: name } });
  return name;
}

describe("a namespace that was there before", () => {
  it("is not touched without adopt; with it, it is fenced, and keeps what is in it and its own labels", async () => {
    const namespace = await foreignNamespace();
    const name = uniqueName("adopts");
    await cluster.api.create(TENANTS, tenantManifest(name, { namespaces: [{ name: namespace }] }));
    const refused = await untilCondition(cluster.api, name, ["NamespacesReady", "False"]);
    expect(conditionOf(refused, "NamespacesReady")?.message).toContain("Set spec.adopt to true");
    const before = await cluster.api.get(KINDS.Namespace, namespace);
    expect(before.metadata.labels).not.toHaveProperty(["leanvibe.io/tenant"]);

    await cluster.api.patch(TENANTS, { name }, { spec: { adopt: true } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const after = await cluster.api.get(KINDS.Namespace, namespace);
    expect(after.metadata).toMatchObject({
      uid: before.metadata.uid,
      labels: {
        "leanvibe.io/tenant": name,
        "acme.example/team": "red",
        "pod-security.kubernetes.io/enforce": "restricted",
      },
    });
    expect(await cluster.api.get(KINDS.ConfigMap, "settings", namespace)).toMatchObject({ data: { kept: "yes" } });
    await cluster.api.get(KINDS.NetworkPolicy, "leanvibe-isolation", namespace);
  });

  it("goes to one of two Tenants that list it at once, and stays with that one", async () => {
    const namespace = await foreignNamespace();
    const names = [uniqueName("twin"), uniqueName("twin")];
    const spec = { adopt: true, namespaces: [{ name: namespace }] };
    await Promise.all(names.map((name) => cluster.api.create(TENANTS, tenantManifest(name, spec))));
    const states = async () =>
      Promise.all(names.map(async (name) => conditionOf(await cluster.api.get(TENANTS, name), "Ready")));
    const settled = await eventually("one has it, the other is told", async () => {
      const both = await states();
      const reasons = both.map((ready) => ready?.reason ?? "").toSorted();
      return reasons.join() === "NamespaceTaken,TenantReady" ? both : undefined;
    });
    await sleep(1_000);
    expect(await states()).toEqual(settled);
  });

  it.each(["kube-system", "kube-public", "default", "leanvibe-system"])("is never %s", async (namespace) => {
    const spec = { adopt: true, namespaces: [{ name: namespace }] };
    await expect(cluster.api.create(TENANTS, tenantManifest(uniqueName("greedy"), spec))).rejects.toThrow(
      /spec.namespaces\[\].name must not be kube-\*/,
    );
  });
});
