import { KINDS, type KubeObject } from "@leanvibe/runtime";
import { parseQuantity } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import {
  clusterWithOperator,
  DEPLOYMENTS,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { deployment, podSpec } from "../harness/workloads.ts";

const cluster = clusterWithOperator();
const GRANT_SECONDS = 2;

async function tenantWith(count: number): Promise<{ name: string; namespaces: string[] }> {
  const name = uniqueName("lease");
  const namespaces = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const spec = {
    plan: "professional",
    deletionPolicy: "Delete",
    namespaces: namespaces.map((each) => ({ name: each })),
  };
  await cluster.api.create(TENANTS, tenantManifest(name, spec));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
  return { name, namespaces };
}

const cpuOf = async (namespace: string) => {
  const quota = await cluster.api.get(KINDS.ResourceQuota, "leanvibe", namespace);
  return (quota as unknown as { status: { hard: Record<string, string> } }).status.hard["limits.cpu"] ?? "";
};

async function podsIn(namespace: string): Promise<KubeObject[]> {
  return (await cluster.api.list(PODS, "app=big")).filter(({ metadata }) => metadata.namespace === namespace);
}

async function failuresIn(namespace: string): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  const query = { fieldSelector: "reason=FailedCreate" };
  const answer = (await cluster.api.transport.send({ method: "GET", path, query })) as { items: { count?: number }[] };
  return answer.items.reduce((sum, { count = 1 }) => sum + count, 0);
}

describe("a Tenant of four namespaces and 16 CPU", () => {
  it("admits a Deployment's pod of 12 CPU within two seconds, by what its controller was refused", async () => {
    const { name, namespaces } = await tenantWith(4);
    const [first = ""] = namespaces;
    expect(await cpuOf(first)).toBe("1");
    await cluster.api.create(DEPLOYMENTS, deployment({ name: "big", namespace: first }, { cpu: "12" }));
    const begun = performance.now();
    const raised = async () => parseQuantity(await cpuOf(first)) >= parseQuantity("12");
    await eventually("the quota is raised", raised, GRANT_SECONDS);
    const milliseconds = performance.now() - begun;
    await eventually("the pod is admitted", async () => (await podsIn(first)).length === 1, GRANT_SECONDS);
    // A ReplicaSet tries again after 5, 10, 20, 40, ... ms. Those before the quota was raised are its own affair; after
    // that one is enough.
    const before = 1 + Math.floor(Math.log2(milliseconds / 5 + 1));
    expect(await failuresIn(first)).toBeLessThanOrEqual(before + 1);
    process.stdout.write(`  lent after ${Math.round(milliseconds)} ms\n`);
    await eventually("status says so", async () => {
      const { status } = (await cluster.api.get(TENANTS, name)) as { status?: { quota?: { cpu?: string } } };
      return status?.quota?.cpu === "12/16";
    }).catch(async (error: unknown) => {
      const quota = await cluster.api.get(KINDS.ResourceQuota, "leanvibe", first);
      const { status } = await cluster.api.get(TENANTS, name);
      throw new Error(`${String(error)}; quota ${JSON.stringify(quota["status"])}, Tenant ${JSON.stringify(status)}`);
    });
  });

  it("grants what a ConfigMap asks for in advance within two seconds, so that a bare pod fits at once", async () => {
    const { namespaces } = await tenantWith(4);
    const [first = ""] = namespaces;
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare", namespace: first },
      spec: podSpec({ cpu: "10" }),
    };
    await expect(cluster.api.create(PODS, pod)).rejects.toThrow(/exceeded quota: leanvibe/);
    await cluster.api.create(KINDS.ConfigMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "leanvibe-quota-ask", namespace: first },
      data: { cpu: "10" },
    });
    await eventually(
      "the quota is raised",
      async () => parseQuantity(await cpuOf(first)) >= parseQuantity("10"),
      GRANT_SECONDS,
    );
    await cluster.api.create(PODS, pod);
  });

  it("never lends one remainder twice: of two Deployments that race for 12 CPU one gets it", async () => {
    const { namespaces } = await tenantWith(4);
    const [one = "", other = ""] = namespaces;
    await Promise.all(
      [one, other].map((each) =>
        cluster.api.create(DEPLOYMENTS, deployment({ name: "big", namespace: each }, { cpu: "12" })),
      ),
    );
    const admitted = async () => (await Promise.all([one, other].map(podsIn))).flat().length;
    await eventually("one pod is admitted", async () => (await admitted()) === 1);
    const lent = (await Promise.all(namespaces.map(cpuOf))).reduce((sum, cpu) => sum + parseQuantity(cpu), 0n);
    expect(lent).toBeLessThanOrEqual(parseQuantity("16"));
    expect(await admitted()).toBe(1);
  });
});
