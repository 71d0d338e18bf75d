import { isApiError, KINDS, labelOf } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import { install } from "../../cli/src/install.ts";
import {
  CHILD_KINDS,
  clusterWithOperator,
  conditionOf,
  DEPLOYMENTS,
  eventually,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const owners = [{ kind: "User", name: "jane@example.com" }];

const cluster = clusterWithOperator();

const deployment = (namespace: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "leanvibe.io/hello:1" }] },
    },
  },
});

async function readyTenant(name: string, spec: Record<string, unknown>): Promise<void> {
  await cluster.api.create(TENANTS, tenantManifest(name, { owners, ...spec }));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
}

async function gone(name: string): Promise<void> {
  await eventually(`Tenant ${name} is gone`, async () => (await cluster.api.find(TENANTS, name)) === undefined);
}

const childrenOf = async (name: string) =>
  (await Promise.all(CHILD_KINDS.map((kind) => cluster.api.list(kind, `leanvibe.io/tenant=${name}`)))).flat();

describe("deletionPolicy Retain", () => {
  it("keeps namespace, fences and workloads, and takes the rights", async () => {
    const name = uniqueName("retain");
    await readyTenant(name, { deletionPolicy: "Retain" });
    await cluster.api.create(DEPLOYMENTS, deployment(`tenant-${name}`));
    const before = await cluster.api.get(KINDS.ResourceQuota, "leanvibe", `tenant-${name}`);
    await cluster.api.remove(TENANTS, { name });
    await gone(name);

    const namespace = await cluster.api.get(KINDS.Namespace, `tenant-${name}`);
    expect(namespace.metadata.deletionTimestamp).toBeUndefined();
    expect(labelOf(namespace, "leanvibe.io/retained")).toBe("true");
    expect(labelOf(namespace, "pod-security.kubernetes.io/enforce")).toBe("restricted");
    await cluster.api.get(DEPLOYMENTS, "web", `tenant-${name}`);
    expect((await cluster.api.get(KINDS.ResourceQuota, "leanvibe", `tenant-${name}`)).metadata.uid).toBe(
      before.metadata.uid,
    );
    const kinds = (await childrenOf(name)).map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual([
      "LimitRange",
      "Namespace",
      "NetworkPolicy",
      "NetworkPolicy",
      "ResourceQuota",
      "ServiceAccount",
    ]);
  });

  it("gives a new Tenant of that name nothing unasked, and everything with adopt", async () => {
    const name = uniqueName("adopt");
    await readyTenant(name, { deletionPolicy: "Retain" });
    await cluster.api.create(DEPLOYMENTS, deployment(`tenant-${name}`));
    await cluster.api.remove(TENANTS, { name });
    await gone(name);

    await cluster.api.create(TENANTS, tenantManifest(name, { owners }));
    const refused = await untilCondition(cluster.api, name, ["Ready", "False"]);
    expect(conditionOf(refused, "Ready")).toMatchObject({ reason: "NamespaceRetained" });
    expect(conditionOf(refused, "Ready")?.message).toContain("Set spec.adopt to true");
    expect(await cluster.api.find(KINDS.RoleBinding, "leanvibe-owners", `tenant-${name}`)).toBeUndefined();

    await cluster.api.patch(TENANTS, { name }, { spec: { adopt: true } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const namespace = await cluster.api.get(KINDS.Namespace, `tenant-${name}`);
    expect(labelOf(namespace, "leanvibe.io/retained")).toBeUndefined();
    await cluster.api.get(DEPLOYMENTS, "web", `tenant-${name}`);
    await cluster.api.get(KINDS.RoleBinding, "leanvibe-owners", `tenant-${name}`);
  });

  it("holds for one namespace that leaves the list, and listing it again brings its owners back", async () => {
    const name = uniqueName("shrink");
    const both = [{ name: `${name}-a` }, { name: `${name}-b` }];
    await readyTenant(name, { plan: "professional", namespaces: both });
    await cluster.api.patch(TENANTS, { name }, { spec: { namespaces: both.slice(0, 1) } });
    await eventually(
      "the rights in b are gone",
      async () => (await cluster.api.find(KINDS.RoleBinding, "leanvibe-owners", `${name}-b`)) === undefined,
    );
    const tenant = await untilCondition(cluster.api, name, ["Ready", "True"]);
    expect(tenant).toMatchObject({
      status: { namespaceCount: 1, namespaces: [{ name: `${name}-a` }, { name: `${name}-b`, retained: true }] },
    });

    await cluster.api.patch(TENANTS, { name }, { spec: { namespaces: both } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await eventually("the rights in b are back", () =>
      cluster.api.find(KINDS.RoleBinding, "leanvibe-owners", `${name}-b`),
    );
  });
});

describe("deletionPolicy Delete", () => {
  it("leaves no object", async () => {
    const name = uniqueName("delete");
    await readyTenant(name, {
      deletionPolicy: "Delete",
      plan: "professional",
      namespaces: [{ name: `${name}-a` }, { name: `${name}-b` }],
    });
    await cluster.api.create(DEPLOYMENTS, deployment(`${name}-a`));
    await cluster.api.remove(TENANTS, { name });
    await gone(name);
    expect(await childrenOf(name)).toEqual([]);
  });

  it("says what stands in the way, and goes on when it is gone", async () => {
    const name = uniqueName("blocked");
    const namespace = `tenant-${name}`;
    await readyTenant(name, { deletionPolicy: "Delete" });
    const finalizers = ["example.com/not-yet"];
    await cluster.api.create(KINDS.ConfigMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "stuck", namespace, finalizers },
    });
    await cluster.api.remove(TENANTS, { name });
    const tenant = await untilCondition(cluster.api, name, ["DeletionBlocked", "True"]);
    expect(conditionOf(tenant, "DeletionBlocked")?.message).toMatch(
      new RegExp(`Namespace ${namespace}: .*example.com/not-yet`),
    );
    expect(await cluster.api.find(KINDS.RoleBinding, "leanvibe-owners", namespace)).toBeUndefined();

    await cluster.api.patch(KINDS.ConfigMap, { name: "stuck", namespace }, { metadata: { finalizers: null } });
    await gone(name);
    expect(await childrenOf(name)).toEqual([]);
  });
});

describe("deleting the definition of Tenants", () => {
  it("wipes nobody, whatever their deletionPolicy, and the operator goes on when it is back", async () => {
    const name = uniqueName("crd");
    await readyTenant(name, { deletionPolicy: "Delete" });
    await cluster.api.create(DEPLOYMENTS, deployment(`tenant-${name}`));
    const crd = { name: "tenants.leanvibe.io" };
    await cluster.api.remove(KINDS.CustomResourceDefinition, crd);
    await eventually(
      "the definition is gone",
      async () => (await cluster.api.find(KINDS.CustomResourceDefinition, crd.name)) === undefined,
    );

    const namespace = await cluster.api.get(KINDS.Namespace, `tenant-${name}`);
    expect(namespace.metadata.deletionTimestamp).toBeUndefined();
    await cluster.api.get(DEPLOYMENTS, "web", `tenant-${name}`);
    await expect(cluster.api.list(TENANTS, "")).rejects.toSatisfy((error) => isApiError(error, 404));

    await install(cluster.api.transport);
    await cluster.api.create(TENANTS, tenantManifest(name, { owners, adopt: true, deletionPolicy: "Delete" }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.get(DEPLOYMENTS, "web", `tenant-${name}`);
  });
});
