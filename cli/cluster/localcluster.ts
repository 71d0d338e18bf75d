import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, apiClient } from "./apiclient.ts";
import { run } from "./command.ts";
import { apiServer, type Component, controllerManager, etcd, nodeComponents, scheduler } from "./components.ts";
import { cniConfig, componentKubeconfig, containerdConfig, kubeconfig, kubeletConfig } from "./configs.ts";
import type { Layout } from "./layout.ts";
import { markerOf } from "./marker.ts";
import type { Processes } from "./processes.ts";
import { API_SERVICE_ADDRESS, type Order, type Site } from "./site.ts";

/** What a place (namespaces, or this machine itself) offers to the cluster that runs in it. */
export interface Place {
  readonly site: Site;
  readonly processes: Processes;
  /** First process of its namespaces; undefined where it has none. */
  readonly inside: number | undefined;
  /** Makes the local images known to the node; nothing for simulated nodes. */
  loadImages(): Promise<void>;
  /** Ends everything and removes what this cluster left outside its folder. */
  leave(): Promise<void>;
}

/** How the start is followed and ended. */
export interface Watch {
  readonly report: (step: string, message: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

const START_TIMEOUT_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 200;

/** Writes the configuration, starts every component in order and returns when the node is Ready. Throws with the reason. */
export async function bringUp(order: Order, layout: Layout, place: Place, { report, signal }: Watch): Promise<void> {
  const { site, processes } = place;
  const server = `https://${site.address}:${site.ports.api}`;
  const token = await writeFiles(order, layout, site, server);
  const client = apiClient(server, readFileSync(join(layout.pki, "ca.crt"), "utf8"), { token });
  const [runtime, ...node] = nodeComponents(site);

  // To the second, as Kubernetes writes times. kwok repeats itself only every few minutes, and has nothing to get ready.
  const startedAt = site.nodes === "real" ? `${new Date().toISOString().slice(0, 19)}Z` : "";
  report("control-plane", "Starting etcd and the API server");
  processes.start(etcd(site));
  processes.start(apiServer(site));
  if (site.nodes === "real" && runtime) processes.start(runtime);
  const until = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MILLISECONDS)]);
  const wait = (what: string, condition: () => Promise<boolean>) =>
    Promise.race([processes.failed, poll(what, condition, until)]);
  const images = place.loadImages();
  images.catch(() => undefined); // Awaited below; it may fail while the API server is still starting.
  await wait("the API server", async () => (await client.call("GET", "/readyz")).status === 200);

  report("node", site.nodes === "real" ? "Waiting for the node" : "Waiting for the simulated nodes");
  processes.start(controllerManager(site));
  processes.start(scheduler(site));
  await Promise.race([processes.failed, images]);
  for (const component of startable(site, runtime, node)) processes.start(component);
  if (site.nodes === "simulated") await createSimulatedNode(client, site);
  await wait("the node", async () => readyNodes((await client.call("GET", "/api/v1/nodes")).body, startedAt) > 0);
  // The first pod of a namespace needs its ServiceAccount: that it exists shows that the controllers work.
  await wait("the controllers", async () => {
    const path = "/api/v1/namespaces/default/serviceaccounts/default";
    return (await client.call("GET", path)).status === 200;
  });
  await client.call("POST", "/api/v1/namespaces/kube-system/configmaps", markerOf(order));
}

function startable(site: Site, runtime: Component | undefined, node: Component[]): Component[] {
  return site.nodes === "real" || !runtime ? node : [runtime, ...node];
}

/** Certificates, tokens and configuration of every component. Returns the administrator's token. */
export async function writeFiles(order: Order, layout: Layout, site: Site, server: string): Promise<string> {
  for (const folder of [layout.config, layout.logs, layout.etcd, join(layout.config, "cni")]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const kubernetes = order.programs["kubernetes"] ?? "kubernetes";
  await run(kubernetes, ["certificates", layout.pki, site.nodeName, site.address, API_SERVICE_ADDRESS]);
  const token = keptToken(layout);
  const ca = readFileSync(join(layout.pki, "ca.crt"), "utf8");
  const components = ["kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kwok"];
  const files: [path: string, text: string][] = [
    [layout.kubeconfig, kubeconfig(`leanvibe-${order.name}`, server, ca, { token })],
    [join(layout.config, "tokens.csv"), `${token},admin,admin,system:masters\n`],
    [join(layout.config, "kubelet.yaml"), kubeletConfig(site)],
    [join(layout.config, "containerd.toml"), containerdConfig(site)],
    [join(layout.config, "cni", "10-leanvibe.conflist"), cniConfig()],
    ...components.map((name): [string, string] => [
      join(layout.config, `${name}.kubeconfig`),
      componentKubeconfig(name, server, layout.pki),
    ]),
  ];
  const kwok = order.programs["kwok"];
  if (kwok && site.nodes === "simulated") files.push([join(layout.config, "kwok.yaml"), await run(kwok, ["stages"])]);
  for (const [path, text] of files) writeFileSync(path, text, { mode: 0o600 });
  return token;
}

/** The admin's token lives as long as the cluster's data: a kubeconfig that was copied stays good over a restart. */
function keptToken(layout: Layout): string {
  const file = join(layout.pki, "admin.token");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

/**
 * How many nodes of a NodeList are Ready, take pods, and have said so since `since` (an ISO time without fractions): a
 * restarted cluster still holds the word of the kubelet that was stopped.
 */
export function readyNodes(list: unknown, since: string): number {
  const items = fieldOf(list, "items");
  if (!Array.isArray(items)) return 0;
  return items.filter((node) => {
    const conditions = fieldOf(fieldOf(node, "status"), "conditions");
    const ready =
      Array.isArray(conditions) &&
      conditions.some(
        (each) =>
          fieldOf(each, "type") === "Ready" &&
          fieldOf(each, "status") === "True" &&
          String(fieldOf(each, "lastHeartbeatTime")) >= since,
      );
    const taints = fieldOf(fieldOf(node, "spec"), "taints");
    return ready && !(Array.isArray(taints) && taints.some((each) => fieldOf(each, "effect") === "NoSchedule"));
  }).length;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** One large simulated node: nothing runs on it, so its size only decides how many pods may say that they run. */
async function createSimulatedNode(client: ApiClient, site: Site): Promise<void> {
  const capacity = { cpu: "256", memory: "1Ti", pods: "10000" };
  await client.call("POST", "/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: site.nodeName,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: { "kubernetes.io/hostname": site.nodeName, "kubernetes.io/os": "linux", type: "kwok" },
    },
    status: { capacity, allocatable: capacity },
  });
}

async function poll(what: string, condition: () => Promise<boolean>, until: AbortSignal): Promise<void> {
  let last = "it did not answer";
  while (!until.aborted) {
    try {
      if (await condition()) return;
      last = "it answered that it is not";
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(POLL_MILLISECONDS);
  }
  throw new Error(`${what} was not ready within ${START_TIMEOUT_MILLISECONDS / 1000} s (${last})`);
}
