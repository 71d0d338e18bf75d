import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, type Kind, type KubeObject, recordOf } from "@leanvibe/runtime";
import { SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/cluster/command.ts";
import { imageReference } from "../../cli/src/images.ts";
import {
  type Api,
  apiOf,
  conditionOf,
  connectAs,
  DEPLOYMENTS,
  eventually,
  kubeconfigPath,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { buildAndLoad, type Deployed, deploy } from "./deployed.ts";

const SERVERS = "app.kubernetes.io/name=leanvibe-api";
const MIGRATIONS = "app.kubernetes.io/name=leanvibe-migrate";
const JOBS: Kind = KINDS.Job;
let api: Api;
let deployed: Deployed;

beforeAll(async () => {
  api = apiOf(await connectAs());
  await buildAndLoad(["operator", "api", "migrate"]);
  deployed = await deploy(api);
}, 900_000);
afterAll(async () => {
  await deployed?.remove();
  await api.transport.close();
});

const statusOf = (object: KubeObject | undefined) => recordOf(object?.["status"]);

/** Those that take requests: Ready, and not on their way out. */
async function servers(): Promise<KubeObject[]> {
  const isReady = (pod: KubeObject) => conditionOf(pod, "Ready")?.status === "True";
  return (await api.list(PODS, SERVERS)).filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
}

async function logs(label: string): Promise<string> {
  const args = [
    "--kubeconfig",
    kubeconfigPath(),
    "--namespace",
    SYSTEM_NAMESPACE,
    "logs",
    "--selector",
    label,
    "--tail",
    "-1",
  ];
  return await run(process.env["LEANVIBE_TEST_KUBECTL"] ?? "kubectl", args);
}

describe("the API as pods, by the shipped manifests", () => {
  it("migrates its database and has two servers ready, whatever was there first", { timeout: 120_000 }, async () => {
    await eventually(
      "the migrations are through",
      async () => (await api.list(JOBS, MIGRATIONS)).some((job) => statusOf(job)["succeeded"] === 1),
      90,
    );
    await eventually("two servers are ready", async () => (await servers()).length === 2, 90);
    const accounts = (await servers()).map((pod) => recordOf(pod["spec"])["serviceAccountName"]);
    expect(accounts).toEqual([SERVICE_ACCOUNTS.api, SERVICE_ACCOUNTS.api]);
  });

  it("answers through its Service from outside of the cluster, and has its rows", async () => {
    expect(await (await fetch(`${deployed.url}/health/ready`)).json()).toMatchObject({ status: "ready" });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ organization_name: "Pods", subdomain: "pods" });
    expect((await fetch(`${deployed.url}/tenants`, { method: "POST", headers, body })).status).toBe(201);
  });

  it("asks the cluster by its own account who a Kubernetes token is, and what they may", async () => {
    const account = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/${SERVICE_ACCOUNTS.operator}/token`;
    const spec = { audiences: ["leanvibe-api"], expirationSeconds: 600 };
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    const answer = await api.transport.send({ method: "POST", path: account, body: asked });
    const { token } = recordOf(recordOf(answer)["status"]);
    const list = (bearer: unknown) =>
      fetch(`${deployed.url}/api/v1/platform/tenants`, { headers: { authorization: `Bearer ${bearer}` } });
    expect((await list(token)).status).toBe(200);
    expect((await list(`${token}x`)).status).toBe(401);
  });

  it.each([
    // As far apart as that they last until it is gone; as near as that some come while nobody knows yet that it goes.
    ["connections that stay", { keepAlive: true, apartMilliseconds: 50 }],
    ["a connection each", { keepAlive: false, apartMilliseconds: 8 }],
  ])("loses none of 200 requests while one of its pods is deleted: %s", { timeout: 120_000 }, async (_how, options) => {
    const agent = new Agent({ keepAlive: options.keepAlive, maxSockets: 8 });
    await eventually("two servers are ready", async () => (await servers()).length === 2, 60);
    const [victim] = await servers();
    const answers: Promise<string>[] = [];
    for (let sent = 0; sent < 200; sent += 1) {
      if (sent === 25) await api.remove(PODS, { name: victim?.metadata.name ?? "", namespace: SYSTEM_NAMESPACE });
      answers.push(ask(agent));
      await sleep(options.apartMilliseconds);
    }
    const failed = (await Promise.all(answers)).filter((answer) => answer !== "401");
    expect(failed).toEqual([]);
    await eventually(
      "the pod is gone",
      async () => (await api.find(PODS, victim?.metadata.name ?? "", SYSTEM_NAMESPACE)) === undefined,
      60,
    );
    agent.destroy();
  });

  it("[who may read logs] says no password and no key in any of them", async () => {
    const said = `${await logs(SERVERS)}${await logs(MIGRATIONS)}`;
    expect(said).toContain("applied 0001_tenants");
    for (const secret of deployed.secrets) expect(said.includes(secret)).toBe(false);
  });

  it("keeps one server through an eviction: the budget lets the second one go later", {
    timeout: 150_000,
  }, async () => {
    await eventually("two servers are ready", async () => (await servers()).length === 2, 60);
    const evict = async ({ metadata }: KubeObject) => {
      const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods/${metadata.name}/eviction`;
      const at = { name: metadata.name, namespace: SYSTEM_NAMESPACE };
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: at };
      return await api.transport.send({ method: "POST", path, body }).then(
        () => "evicted",
        (error: unknown) => String(error),
      );
    };
    const [first, second] = await servers();
    if (first === undefined || second === undefined) throw new Error("there are not two");
    expect(await evict(first)).toBe("evicted");
    expect(await evict(second)).toMatch(/disruption budget/);
    await eventually(
      "two servers again",
      async () => statusOf(await api.get(DEPLOYMENTS, "leanvibe-api", SYSTEM_NAMESPACE))["readyReplicas"] === 2,
      60,
    );
  });
});

describe("the operator's image", () => {
  it("runs as any user without a writable disk, and makes a Tenant Ready that the API beside it gives an account", {
    timeout: 120_000,
  }, async () => {
    const at = { name: "leanvibe-operator", namespace: SYSTEM_NAMESPACE };
    const container = {
      name: "operator",
      image: imageReference("operator"),
      imagePullPolicy: "Never",
      env: [
        { name: "HEALTH_ADDRESS", value: ":8081" },
        { name: "NETWORK_PROBE_IMAGE", value: "" },
      ],
      readinessProbe: { httpGet: { path: "/readyz", port: 8081 }, periodSeconds: 1 },
      securityContext: {
        runAsUser: 4321,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
    };
    const spec = {
      serviceAccountName: SERVICE_ACCOUNTS.operator,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container],
    };
    const name = uniqueName("by-pod");
    await api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata: at, spec });
    try {
      await eventually(
        "it is ready",
        async () => conditionOf(await api.get(PODS, at.name, at.namespace), "Ready")?.status === "True",
      );
      await api.create(TENANTS, tenantManifest(name));
      await untilCondition(api, name, ["Ready", "True"]);
      // Written by one of the API's pods, under the policies that bound its account.
      await untilCondition(api, name, ["AccountReady", "True"]);
      await api.remove(TENANTS, { name });
      await eventually("the Tenant is gone", async () => (await api.find(TENANTS, name)) === undefined);
    } finally {
      await api.remove(PODS, at);
    }
  });
});

/** A question that the database must answer; the status, or what went wrong. */
function ask(agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const headers = { "X-Tenant-ID": "pods" };
    const sent = request(`${deployed.url}/api/v1/projects`, { agent, headers, timeout: 20_000 }, (answer) => {
      answer.on("error", (error) => resolve(String(error)));
      answer.on("end", () => resolve(String(answer.statusCode))).resume();
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer for 20 s")));
    sent.on("error", (error) => resolve(String(error)));
    sent.end();
  });
}
