import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, type KubeObject, type Manifest } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_IMAGE } from "../../cli/cluster/index.ts";
import {
  type Api,
  apiOf,
  clear,
  conditionOf,
  connectAs,
  eventually,
  Operator,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { PlayedPlugin } from "../harness/network-plugin.ts";

let api: Api;
let operator: Operator | undefined;
let plugin: PlayedPlugin | undefined;

const RESULT = { name: NETWORK_PROBE, namespace: SYSTEM_NAMESPACE };
const PROBE_PODS = "app.kubernetes.io/name=leanvibe-network-probe";

beforeAll(async () => {
  api = apiOf(await connectAs());
  await api.remove(KINDS.ConfigMap, RESULT);
  operator = await Operator.start(api.transport, { env: { NETWORK_PROBE_IMAGE: LOCAL_IMAGE } });
});

afterEach(async () => {
  await plugin?.stop();
  plugin = undefined;
});

afterAll(async () => {
  await clear(api);
  await operator?.stop();
  // The tests of other files begin where nothing is known.
  await api.remove(KINDS.ConfigMap, RESULT);
});

// Whose plugin enforces already proves the opposite of the first tests.
describe.runIf(PlayedPlugin.possible())("the network of a cluster", () => {
  it("whose plugin enforces nothing is seen through, and Tenants say how to mend it", {
    timeout: 120_000,
  }, async () => {
    const name = await readyTenant("open");
    await found("NotEnforced");
    const tenant = await eventually("the Tenant says so", async () => {
      const live = await api.get(TENANTS, name);
      return conditionOf(live, "NetworkIsolated")?.reason === "NotEnforced" && live;
    });
    expect(conditionOf(tenant, "NetworkIsolated")?.status).toBe("Unknown");
    expect(conditionOf(tenant, "NetworkIsolated")?.message).toContain("minikube start --cni=calico");
    expect(conditionOf(tenant, "Ready")?.status).toBe("True");
    expect(tenant["status"]).toMatchObject({ network: "Unproven" });
    await nothingIsLeft();
    const told = (await api.list(KINDS.Event, "")).filter(({ reason }) => reason === "NetworkNotEnforced");
    expect(told).toHaveLength(1);
  });

  it("that begins to enforce is believed when the result is deleted to have it proved anew", {
    timeout: 120_000,
  }, async () => {
    const name = await readyTenant("proved");
    plugin = PlayedPlugin.start(api);
    await api.remove(KINDS.ConfigMap, RESULT);
    await found("Enforced");
    const tenant = await untilCondition(api, name, ["NetworkIsolated", "True"]);
    expect(tenant["status"]).toMatchObject({ network: "Enforced" });
    await nothingIsLeft();
    await plugin.stop();
    expect(plugin.dropped, "the kernel refused, not the probe's imagination").toBeGreaterThan(0);
  });

  it("that stopped enforcing loses its proof at the next start of the operator", { timeout: 120_000 }, async () => {
    const name = await readyTenant("lost");
    await untilCondition(api, name, ["NetworkIsolated", "True"]);
    await operator?.stop();
    await operator?.restart();
    // The earlier verdict stands until there is a new one.
    expect(conditionOf(await api.get(TENANTS, name), "NetworkIsolated")?.status).toBe("True");
    await found("NotEnforced");
    await untilCondition(api, name, ["NetworkIsolated", "Unknown"]);
    await nothingIsLeft();
  });

  it("is probed anew, and nothing is left, when the operator was killed in the middle", {
    timeout: 120_000,
  }, async () => {
    plugin = PlayedPlugin.start(api);
    await api.remove(KINDS.ConfigMap, RESULT);
    await eventually("the probe's server exists", () =>
      api.find(PODS, "leanvibe-network-probe-server", SYSTEM_NAMESPACE),
    );
    operator?.kill();
    await sleep(1_000);
    expect(await probePods()).not.toEqual([]);
    await operator?.restart();
    await found("Enforced");
    await nothingIsLeft();
    expect(readFileSync(operator?.log ?? "", "utf8")).not.toContain("reconcile failed");
  });

  it("is left in peace by an operator that is stopped in the middle: it takes its pods along", async () => {
    await api.remove(KINDS.ConfigMap, RESULT);
    await eventually("the probe's server exists", () =>
      api.find(PODS, "leanvibe-network-probe-server", SYSTEM_NAMESPACE),
    );
    await operator?.stop();
    await nothingIsLeft();
    await operator?.restart();
  });
});

async function readyTenant(prefix: string): Promise<string> {
  const name = uniqueName(prefix);
  await api.create(TENANTS, tenantManifest(name));
  await untilCondition(api, name, ["Ready", "True"]);
  return name;
}

async function found(verdict: string): Promise<KubeObject> {
  return eventually(
    `the verdict ${verdict}`,
    async () => {
      const result = await api.find(KINDS.ConfigMap, NETWORK_PROBE, SYSTEM_NAMESPACE);
      return (result as Manifest & { data?: { verdict: string } })?.data?.verdict === verdict && result;
    },
    90,
  );
}

async function probePods(): Promise<KubeObject[]> {
  return api.list(PODS, PROBE_PODS);
}

async function nothingIsLeft(): Promise<void> {
  await eventually("the probe's pods are gone", async () => (await probePods()).length === 0);
  expect(await api.list(KINDS.NetworkPolicy, PROBE_PODS)).toEqual([]);
}
