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

const securityContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
const container = (cpu: string) => ({
  name: "main",
  image: "leanvibe.io/hello:1",
  resources: { requests: { cpu, memory: "64Mi" }, limits: { cpu, memory: "64Mi" } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
});

function deployment(namespace: string, cpu: string, replicas = 1): KubeObject {
  const matchLabels = { app: "big" };
  const template = { metadata: { labels: matchLabels }, spec: { securityContext, containers: [container(cpu)] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "big", namespace },
    spec: { replicas, selector: { matchLabels }, template },
  };
}

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
    await cluster.api.create(DEPLOYMENTS, deployment(first, "12"));
    await eventually("the pod is admitted", async () => (await podsIn(first)).length === 1, GRANT_SECONDS);
    // A ReplicaSet tries again after 5, 10, 20 and 40 ms; more than these would mean that it waits for us.
    expect(await failuresIn(first)).toBeLessThanOrEqual(5);
    await eventually("status says so", async () => {
      const { status } = (await cluster.api.get(TENANTS, name)) as { status?: { quota?: { cpu?: string } } };
      return status?.quota?.cpu === "12/16";
    });
  });

  it("grants what a ConfigMap asks for in advance within two seconds, so that a bare pod fits at once", async () => {
    const { namespaces } = await tenantWith(4);
    const [first = ""] = namespaces;
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare", namespace: first },
      spec: { securityContext, containers: [container("10")] },
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
    await Promise.all([one, other].map((each) => cluster.api.create(DEPLOYMENTS, deployment(each, "12"))));
    const admitted = async () => (await Promise.all([one, other].map(podsIn))).flat().length;
    await eventually("one pod is admitted", async () => (await admitted()) === 1);
    const lent = (await Promise.all(namespaces.map(cpuOf))).reduce((sum, cpu) => sum + parseQuantity(cpu), 0n);
    expect(lent).toBeLessThanOrEqual(parseQuantity("16"));
    expect(await admitted()).toBe(1);
  });
});
