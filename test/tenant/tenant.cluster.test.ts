import { KINDS, labelOf, recordOf } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import {
  clusterWithOperator,
  conditionOf,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const cluster = clusterWithOperator();

/** A container that asks for so much CPU, allowed under PSS restricted. */
function podManifest(name: string, namespace: string, cpu: string) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: "leanvibe.io/hello:1",
          resources: { requests: { cpu, memory: "16Mi" }, limits: { cpu, memory: "16Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}

describe("a Tenant that is applied", () => {
  it("becomes Ready with a namespace, quota, limits, isolation and its owners' rights", async () => {
    const name = uniqueName("ready");
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: "jane@example.com" }] }));
    const tenant = await untilCondition(cluster.api, name, ["Ready", "True"]);

    const namespace = await cluster.api.get(KINDS.Namespace, `tenant-${name}`);
    expect(namespace.metadata.labels).toMatchObject({
      "leanvibe.io/tenant": name,
      "pod-security.kubernetes.io/enforce": "restricted",
    });
    const quota = await cluster.api.get(KINDS.ResourceQuota, "leanvibe", `tenant-${name}`);
    expect(quota).toMatchObject({ status: { hard: { "requests.cpu": "2", "limits.memory": "4Gi", pods: "20" } } });
    await cluster.api.get(KINDS.LimitRange, "leanvibe", `tenant-${name}`);
    await cluster.api.get(KINDS.NetworkPolicy, "leanvibe-isolation", `tenant-${name}`);
    await cluster.api.get(KINDS.RoleBinding, "leanvibe-owners", `tenant-${name}`);
    expect(tenant).toMatchObject({ status: { plan: "starter", namespaceCount: 1, observedGeneration: 1 } });
    expect(conditionOf(tenant, "NetworkIsolated")).toMatchObject({ status: "Unknown", reason: "Unproven" });
  });

  it("costs one create per child, a finalizer and at most two status writes", async () => {
    const name = uniqueName("writes");
    const before = await cluster.operator.requests();
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: "jane@example.com" }] }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const after = await cluster.operator.requests();
    const children = 10;
    const events = (await eventually("its Events", () => eventsAbout(name))).length;
    expect((after["POST"] ?? 0) - (before["POST"] ?? 0)).toBeLessThanOrEqual(children + events);
    expect((after["PATCH"] ?? 0) - (before["PATCH"] ?? 0)).toBeLessThanOrEqual(3);
  });

  it("refuses the first CPU over the plan", async () => {
    const name = uniqueName("plan");
    await cluster.api.create(TENANTS, tenantManifest(name));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.create(PODS, podManifest("all-of-it", `tenant-${name}`, "2"));
    await expect(cluster.api.create(PODS, podManifest("one-more", `tenant-${name}`, "1m"))).rejects.toThrow(
      /exceeded quota: leanvibe/,
    );
  });

  it("lends the plan to its namespaces and follows a change of plan without throwing the owners out", async () => {
    const name = uniqueName("parts");
    const namespaces = [1, 2, 3].map((part) => ({ name: `${name}-${part}` }));
    const owners = [{ kind: "User", name: "jane@example.com" }];
    await cluster.api.create(TENANTS, tenantManifest(name, { plan: "professional", namespaces, owners }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const bindings = await Promise.all(
      namespaces.map((at) => cluster.api.get(KINDS.RoleBinding, "leanvibe-owners", at.name)),
    );

    await cluster.api.patch(TENANTS, { name }, { spec: { plan: "enterprise" } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await eventually("the floor of a third namespace, 128 CPU / 12 in whole millicores", async () => {
      const quota = await cluster.api.get(KINDS.ResourceQuota, "leanvibe", `${name}-1`);
      return recordOf(recordOf(quota["status"])["hard"])["limits.cpu"] === "10666m";
    });
    const after = await Promise.all(
      namespaces.map((at) => cluster.api.get(KINDS.RoleBinding, "leanvibe-owners", at.name)),
    );
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(bindings.map(({ metadata }) => metadata.uid));
  });
});

describe("what is the operator's", () => {
  it("comes back when somebody deletes or changes it, and what is not the operator's stays", async () => {
    const name = uniqueName("drift");
    const at = { name: "leanvibe", namespace: `tenant-${name}` };
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: "jane@example.com" }] }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.patch(KINDS.ResourceQuota, at, { metadata: { annotations: { "example.com/mine": "stays" } } });

    await cluster.api.patch(KINDS.ResourceQuota, at, { spec: { hard: { "limits.cpu": "1000" } } });
    const quota = await eventually("the quota is back", async () => {
      const live = await cluster.api.get(KINDS.ResourceQuota, at.name, at.namespace);
      return (live as { spec?: { hard?: Record<string, string> } }).spec?.hard?.["limits.cpu"] === "2"
        ? live
        : undefined;
    });
    expect(quota.metadata.annotations).toMatchObject({ "example.com/mine": "stays" });

    await cluster.api.remove(KINDS.NetworkPolicy, { name: "leanvibe-isolation", namespace: at.namespace });
    await eventually("the policy is back", () =>
      cluster.api.find(KINDS.NetworkPolicy, "leanvibe-isolation", at.namespace),
    );

    await cluster.api.patch(
      KINDS.RoleBinding,
      { name: "leanvibe-owners", namespace: at.namespace },
      { metadata: { labels: null } },
    );
    await eventually("the label is back", async () => {
      const live = await cluster.api.get(KINDS.RoleBinding, "leanvibe-owners", at.namespace);
      return labelOf(live, "leanvibe.io/tenant") === name;
    });
  });

  it("comes back to a namespace whose labels were taken off, and its fences never go meanwhile", async () => {
    const name = uniqueName("labels");
    const namespace = `tenant-${name}`;
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: "jane@example.com" }] }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const before = await cluster.api.get(KINDS.NetworkPolicy, "leanvibe-isolation", namespace);
    await cluster.api.patch(
      KINDS.Namespace,
      { name: namespace },
      { metadata: { labels: { "leanvibe.io/tenant": null, "leanvibe.io/tenant-uid": null } } },
    );
    await eventually("the labels are back", async () => {
      const live = await cluster.api.get(KINDS.Namespace, namespace);
      return labelOf(live, "leanvibe.io/tenant") === name && labelOf(live, "leanvibe.io/tenant-uid") !== undefined;
    });
    expect((await cluster.api.get(KINDS.NetworkPolicy, "leanvibe-isolation", namespace)).metadata.uid).toBe(
      before.metadata.uid,
    );
  });

  it("does not include a copy of its namespace, labels and all", async () => {
    const name = uniqueName("copied");
    await cluster.api.create(TENANTS, tenantManifest(name, { deletionPolicy: "Delete" }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const { labels } = (await cluster.api.get(KINDS.Namespace, `tenant-${name}`)).metadata;
    const { "kubernetes.io/metadata.name": _, ...copied } = labels ?? {};
    const copy = `${name}-copy`;
    const made = await cluster.api.create(KINDS.Namespace, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: copy, labels: copied },
    });
    await cluster.api.remove(TENANTS, { name });
    await eventually("the Tenant is gone", async () => (await cluster.api.find(TENANTS, name)) === undefined);
    const after = await cluster.api.get(KINDS.Namespace, copy);
    expect(after.metadata).toMatchObject({ uid: made.metadata.uid, labels: copied });
    expect(after.metadata.deletionTimestamp).toBeUndefined();
    await cluster.api.remove(KINDS.Namespace, { name: copy });
  });

  it("goes when it is no longer asked for: a quota's amount, an owner, a label of the namespace", async () => {
    const name = uniqueName("less");
    const spec = {
      owners: [{ kind: "User", name: "jane@example.com" }],
      namespaces: [{ name, labels: { "example.com/stage": "dev" } }],
      networkPolicy: { mode: "Custom", egressCIDRs: ["0.0.0.0/0"] },
    };
    await cluster.api.create(TENANTS, tenantManifest(name, spec));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.get(KINDS.NetworkPolicy, "leanvibe-custom", name);

    await cluster.api.patch(TENANTS, { name }, { spec: { owners: null, namespaces: [{ name }], networkPolicy: null } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    expect(await cluster.api.find(KINDS.NetworkPolicy, "leanvibe-custom", name)).toBeUndefined();
    expect(await cluster.api.find(KINDS.RoleBinding, "leanvibe-owners", name)).toBeUndefined();
    expect(await cluster.api.find(KINDS.ClusterRole, `leanvibe-tenant-${name}`)).toBeUndefined();
    const namespace = await cluster.api.get(KINDS.Namespace, name);
    expect(labelOf(namespace, "example.com/stage")).toBeUndefined();
  });
});

describe("a namespace that is somebody else's", () => {
  it("is not touched, is named with the fix, and is taken as soon as its name is free", async () => {
    const name = uniqueName("taken");
    await cluster.api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const before = await cluster.api.get(KINDS.Namespace, name);
    await cluster.api.create(TENANTS, tenantManifest(name, { namespaces: [{ name }] }));
    const tenant = await untilCondition(cluster.api, name, ["Ready", "False"]);
    expect(conditionOf(tenant, "NamespacesReady")).toMatchObject({ status: "False", reason: "NamespaceTaken" });
    expect(conditionOf(tenant, "NamespacesReady")?.message).toMatch(
      new RegExp(`Namespace ${name} exists and is no Tenant's; it was not touched.*spec.adopt.*spec.namespaces`),
    );
    const after = await cluster.api.get(KINDS.Namespace, name);
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect(await cluster.api.list(KINDS.ResourceQuota, `leanvibe.io/tenant=${name}`)).toEqual([]);

    await cluster.api.remove(KINDS.Namespace, { name });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
  });

  it("stays with the Tenant that has it when two list the same name", async () => {
    const first = uniqueName("first");
    const second = uniqueName("second");
    await cluster.api.create(TENANTS, tenantManifest(first, { namespaces: [{ name: first }] }));
    await untilCondition(cluster.api, first, ["Ready", "True"]);
    await cluster.api.create(TENANTS, tenantManifest(second, { namespaces: [{ name: first }], adopt: true }));
    const tenant = await untilCondition(cluster.api, second, ["Ready", "False"]);
    expect(conditionOf(tenant, "Ready")?.message).toContain(`belongs to Tenant ${first}`);
    expect(labelOf(await cluster.api.get(KINDS.Namespace, first), "leanvibe.io/tenant")).toBe(first);
  });
});

async function eventsAbout(tenant: string) {
  const { items } = (await cluster.api.transport.send({
    method: "GET",
    path: "/api/v1/namespaces/default/events",
    query: { fieldSelector: `involvedObject.kind=Tenant,involvedObject.name=${tenant}` },
  })) as { items: unknown[] };
  return items.length >= 1 ? items : undefined;
}
