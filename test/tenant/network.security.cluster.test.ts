import { KINDS, type Manifest } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, describe, expect, it } from "vitest";
import {
  apiOf,
  clusterWithOperator,
  conditionOf,
  connectAs,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const OWNER = "jane@example.com";
const RESULT = { name: NETWORK_PROBE, namespace: SYSTEM_NAMESPACE };

const cluster = clusterWithOperator();

afterAll(async () => {
  await apiOf(await connectAs()).remove(KINDS.ConfigMap, RESULT);
});

function resultManifest(namespace: string, verdict = "Enforced"): Manifest {
  const data = { verdict, message: `${verdict}, it says.`, time: "2026-11-25T12:00:00Z" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NETWORK_PROBE, namespace }, data };
}

async function ownedTenant(): Promise<string> {
  const name = uniqueName("network");
  await cluster.api.create(TENANTS, tenantManifest(name, { owners: [{ kind: "User", name: OWNER }] }));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
  return name;
}

describe("what is known about the cluster's network", () => {
  it("cannot be written by an owner, nor can a probe be played", async () => {
    await ownedTenant();
    const jane = apiOf(await connectAs({ user: OWNER }));
    await expect(jane.create(KINDS.ConfigMap, resultManifest(SYSTEM_NAMESPACE))).rejects.toThrow(/forbidden/);
    await expect(jane.patch(KINDS.ConfigMap, RESULT, resultManifest(SYSTEM_NAMESPACE))).rejects.toThrow(/forbidden/);
    const pod = { name: "leanvibe-network-probe-server", namespace: SYSTEM_NAMESPACE };
    await expect(
      jane.create(PODS, { apiVersion: "v1", kind: "Pod", metadata: pod, spec: { containers: [] } }),
    ).rejects.toThrow(/forbidden/);
  });

  it("is not what an owner says in a ConfigMap of that name in its own namespace", async () => {
    const name = await ownedTenant();
    const jane = apiOf(await connectAs({ user: OWNER }));
    await jane.create(KINDS.ConfigMap, resultManifest(`tenant-${name}`));
    // Something later that the operator must have seen: its watch is past the ConfigMap then.
    await cluster.api.patch(TENANTS, { name }, { spec: { organizationName: "Renamed" } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    expect(conditionOf(await cluster.api.get(TENANTS, name), "NetworkIsolated")?.status).toBe("Unknown");
  });

  it("reaches every Tenant when it changes, and is gone when it is deleted", async () => {
    const name = await ownedTenant();
    await cluster.api.create(KINDS.ConfigMap, resultManifest(SYSTEM_NAMESPACE));
    const proved = await untilCondition(cluster.api, name, ["NetworkIsolated", "True"]);
    expect(proved["status"]).toMatchObject({ network: "Enforced" });
    await cluster.api.patch(KINDS.ConfigMap, RESULT, resultManifest(SYSTEM_NAMESPACE, "NotEnforced"));
    await untilReason(name, "NotEnforced");
    await cluster.api.remove(KINDS.ConfigMap, RESULT);
    await untilReason(name, "Unproven");
  });

  it("is no riddle: a result that makes no sense counts for nothing", async () => {
    const name = await ownedTenant();
    await cluster.api.create(KINDS.ConfigMap, resultManifest(SYSTEM_NAMESPACE));
    await untilCondition(cluster.api, name, ["NetworkIsolated", "True"]);
    await cluster.api.patch(KINDS.ConfigMap, RESULT, { data: { verdict: "Certainly" } });
    await untilReason(name, "Unproven");
    await cluster.api.remove(KINDS.ConfigMap, RESULT);
  });
});

async function untilReason(name: string, reason: string): Promise<void> {
  await eventually(`NetworkIsolated is ${reason}`, async () => {
    const condition = conditionOf(await cluster.api.get(TENANTS, name), "NetworkIsolated");
    return condition?.reason === reason && condition.status === "Unknown";
  });
}
