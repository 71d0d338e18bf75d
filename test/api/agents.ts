import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KINDS, type Kind, type KubeObject, objectPath } from "@leanvibe/runtime";
import { AGENT_NAME, AGENT_TASKS, agentJobName, GATEWAY_AUDIENCE, LABELS, TENANTS } from "@leanvibe/schema";
import { afterAll, beforeAll } from "vitest";
import { freePorts } from "../../cli/cluster/ports.ts";
import { agentBinding } from "../../operator/src/tenant/agents.ts";
import { type ApiServer, type ApiWorld, apiWorld } from "../harness/api-server.ts";
import { type Api, apiOf, clear, connectAs, eventually, PODS, uniqueName } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";
import { createByApi, signIn } from "./tenants.ts";

const ACCOUNTS: Kind = { ...KINDS.ConfigMap, kind: "ServiceAccount", plural: "serviceaccounts" };

/**
 * An API server beside a cluster, with the gateway; what the operator would do a test does in its place. At the end no
 * Tenant is left: the next file's operator would work at them, and its agents take the node's CPU.
 */
export type AgentWorld = ApiWorld & { gateway: string; gatewayPort: number };

/** @param host where pods are to reach the gateway too, every address of this machine */
export async function agentWorld(api: Api, models: readonly object[], host = "127.0.0.1"): Promise<AgentWorld> {
  const file = join(scratchFolder("models"), "models.json");
  writeFileSync(file, JSON.stringify({ models }));
  const [port = 0] = await freePorts(1);
  const world = await apiWorld(api, { GATEWAY_ADDRESS: `${host}:${port}`, GATEWAY_MODELS: file });
  const close = async () => {
    // First: it puts back the Tenants that it manages.
    await world.close();
    await clear(api);
  };
  return { ...world, close, gateway: `http://127.0.0.1:${port}/v1`, gatewayPort: port };
}

export type Org = { name: string; namespace: string; headers: Record<string, string> };

/** An organization with a namespace, as it is when the operator has seen to it. */
export async function organization(api: Api, server: ApiServer, namespaceSuffix = ""): Promise<Org> {
  const name = uniqueName("org");
  const headers = await signIn(server, await createByApi(server, name), `owner@${name}.example`);
  const tenant = await eventually(`Tenant ${name} is there`, () => api.find(TENANTS, name));
  const namespace = `tenant-${name}${namespaceSuffix}`;
  const labels = { [LABELS.tenant]: name };
  await api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  await api.create(KINDS.RoleBinding, agentBinding(namespace, {}));
  await setStatus(api, TENANTS, tenant, { namespaces: [{ name: namespace, ready: true, quotaInForce: true }] });
  return { name, namespace, headers };
}

export type AgentsBeside = { api: Api; world: AgentWorld; org: Org };

/**
 * For the tests of a file: an API with its gateway beside the cluster, and an organization in it, from before the first of
 * them until after the last.
 * @param use is handed them before the first
 * @param models the gateway's table
 */
export function withAgents(
  use: (made: AgentsBeside) => void | Promise<void>,
  models: () => Promise<readonly object[]> = async () => [],
): void {
  let api: Api | undefined;
  let world: AgentWorld | undefined;
  beforeAll(async () => {
    api = apiOf(await connectAs());
    world = await agentWorld(api, await models());
    await world.server.start();
    await use({ api, world, org: await organization(api, world.server) });
  });
  afterAll(async () => {
    await world?.close();
    await api?.transport.close();
  });
}

/** As the operator writes it. */
export async function setStatus(api: Api, kind: Kind, { metadata }: KubeObject, status: object): Promise<KubeObject> {
  const path = `${objectPath(kind, metadata)}/status`;
  const contentType = "application/merge-patch+json";
  return (await api.transport.send({ method: "PATCH", path, contentType, body: { status } })) as KubeObject;
}

export const POD_SUFFIX = "-abcde";

/** An agent's Job that runs nothing, and the pod of it that no node takes. */
export async function agentPod(api: Api, task: KubeObject): Promise<{ job: KubeObject; pod: KubeObject }> {
  const { name, namespace = "", uid = "" } = task.metadata;
  const jobName = agentJobName(name, uid);
  const template = {
    spec: { restartPolicy: "Never", containers: [{ name: "agent", image: "none", resources: {} }] },
  };
  const job = await api.create(KINDS.Job, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName, namespace },
    spec: { suspend: true, template },
  });
  return { job, pod: await podIn(api, namespace, `${jobName}${POD_SUFFIX}`) };
}

/** A pod of that ServiceAccount which never runs: a token can be bound to it all the same. */
export async function podIn(api: Api, namespace: string, name: string, account = AGENT_NAME): Promise<KubeObject> {
  await api
    .create(ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } })
    .catch(() => undefined);
  return await api.create(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      serviceAccountName: account,
      nodeSelector: { "leanvibe.io/no-such": "node" },
      containers: [{ name: "agent", image: "none" }],
    },
  });
}

export type TokenOptions = { account?: string; audience?: string | undefined };

/** As a node asks for the pods that it runs. */
export async function podToken(
  api: Api,
  { metadata: { name, namespace = "", uid } }: KubeObject,
  { account = AGENT_NAME, audience = GATEWAY_AUDIENCE }: TokenOptions = {},
): Promise<string> {
  const boundObjectRef = { apiVersion: "v1", kind: "Pod", name, uid };
  return await tokenOf(api, namespace, account, { audiences: [audience], boundObjectRef });
}

export async function tokenOf(api: Api, namespace: string, account: string, spec: object): Promise<string> {
  const answer = await api.transport.send({
    method: "POST",
    path: `${objectPath(ACCOUNTS, { name: account, namespace })}/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 600, ...spec },
    },
  });
  return (answer as { status: { token: string } }).status.token;
}

/** As somebody with kubectl applies it. */
export async function applyTask(api: Api, namespace: string, spec: object = {}): Promise<KubeObject> {
  return await api.create(AGENT_TASKS, {
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { name: `task-${randomUUID().slice(0, 8)}`, namespace },
    spec: { title: "By kubectl", description: "Made by kubectl.", ...spec },
  });
}
