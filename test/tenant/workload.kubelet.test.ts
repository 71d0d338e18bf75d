import { describe, expect, it } from "vitest";
import {
  apiOf,
  clusterWithOperator,
  connectAs,
  DEPLOYMENTS,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const OWNER = "jane@example.com";

const cluster = clusterWithOperator();

/** As an owner would write it: nothing about quota, which the namespace's limits fill in. */
function deployment(name: string, namespace: string, cpu?: string) {
  const resources = cpu === undefined ? {} : { requests: { cpu, memory: "32Mi" }, limits: { cpu, memory: "32Mi" } };
  const labels = { app: name };
  const containers = [
    {
      name: "web",
      image: "leanvibe.io/hello:1",
      imagePullPolicy: "IfNotPresent",
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      resources,
    },
  ];
  const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { securityContext, containers } },
    },
  };
}

describe("a Deployment inside a Tenant", () => {
  it("made by an owner runs on the kubelet, ready by its own HTTP probe, with the namespace's limits", async () => {
    const name = uniqueName("runs");
    const namespace = `tenant-${name}`;
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: OWNER }] }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const jane = apiOf(await connectAs({ user: OWNER }));
    await jane.create(DEPLOYMENTS, deployment("web", namespace));
    await eventually("one replica is available", async () => {
      const { status } = (await jane.get(DEPLOYMENTS, "web", namespace)) as { status?: { availableReplicas?: number } };
      return status?.availableReplicas === 1;
    });
    const { items } = (await jane.transport.send({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods` })) as {
      items: { spec: { nodeName: string; containers: { resources: unknown }[] }; status: { podIP: string } }[];
    };
    expect(items).toHaveLength(1);
    expect(items[0]?.status.podIP).toMatch(/^[0-9a-f.:]+$/);
    expect(items[0]?.spec.containers[0]?.resources).toEqual({
      requests: { cpu: "100m", memory: "128Mi" },
      limits: { cpu: "250m", memory: "256Mi" },
    });
  });

  it("that asks for the first CPU over the plan gets no pod, and says why", async () => {
    const name = uniqueName("over");
    const namespace = `tenant-${name}`;
    await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: OWNER }] }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.create(DEPLOYMENTS, deployment("most", namespace, "1900m"));
    // Nobody promises that the pods of two Deployments come in the order of these: the larger one must have its share.
    await eventually("the first one's pod is there", async () => {
      const { status } = (await cluster.api.get(DEPLOYMENTS, "most", namespace)) as { status?: { replicas?: number } };
      return (status?.replicas ?? 0) > 0;
    });
    await cluster.api.create(DEPLOYMENTS, deployment("more", namespace, "101m"));
    const refusal = await eventually("the refusal is told", async () => {
      const live = (await cluster.api.get(DEPLOYMENTS, "more", namespace)) as {
        status?: { conditions?: { type: string; message: string }[] };
      };
      return live.status?.conditions?.find(({ type }) => type === "ReplicaFailure")?.message;
    });
    expect(refusal).toMatch(
      /exceeded quota: leanvibe, requested: limits.cpu=101m,requests.cpu=101m, used: .*=1900m.*limited: .*=2/,
    );
    expect(await cluster.api.find(PODS, "more", namespace)).toBeUndefined();
  });
});
