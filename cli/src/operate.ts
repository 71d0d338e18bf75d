import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { messageOf, type Transport } from "@leanvibe/runtime";
import {
  type Cluster,
  type ClusterOptions,
  LOCAL_IMAGE,
  loadAgentImage,
  type Plan,
  startCluster,
} from "../cluster/index.ts";
import { findProgram } from "../cluster/requirements.ts";
import { apiKubeconfig } from "./api.ts";
import { line } from "./command-line.ts";
import { connectTo, writeAccountKubeconfig } from "./credentials.ts";
import { GATEWAY_HOST, leadToGateway, type Way } from "./gateway.ts";
import { install, waitForTenant } from "./install.ts";
import { createMissing, manifestsIn, ROOT } from "./manifests.ts";
import {
  bundleOperator,
  findOperator,
  isReady,
  type OperatorFiles,
  operatorFiles,
  startOperator,
  stopOperator,
} from "./operator.ts";
import { DEV_CLUSTER, never, type Part, type PartOptions, timed, type UpOptions } from "./part.ts";
import type { Started } from "./process.ts";
import type { Reporter } from "./terminal.ts";

/** What `up` asks of the cluster ladder. */
export function clusterOptions({ context, detach, reporter, signal }: UpOptions): ClusterOptions {
  return {
    name: DEV_CLUSTER,
    purpose: "dev",
    lifetime: detach ? "detached" : "parent",
    progress: (event) => reporter.progress(event),
    signal,
    ...(context === undefined ? {} : { context }),
    ...(process.stdin.isTTY ? { confirm: (question) => confirm(question, signal) } : {}),
  };
}

/** The cluster of that plan, the operator on it, and the example Ready. */
export async function operate(name: string, plan: Plan, options: PartOptions): Promise<Part> {
  // Beside the cluster's start, which takes longer.
  const [cluster] = await Promise.all([ensureCluster(plan, options), bundleOperator()]);
  const files = { ...operatorFiles(name, process.env), api: apiKubeconfig(name, process.env) };
  const stop = async () => {
    await stopOperator(files);
    if (!cluster.reused) await cluster.stop();
  };
  try {
    const started = await populate(cluster, files, options);
    if (cluster.nodes === "real") await provideAgents(cluster, options);
    const { rung, nodes, kubeconfig, context, kubectl } = cluster;
    return {
      alreadyUp: started === undefined,
      result: { rung, nodes, kubeconfig, context, kubectl, log: files.log },
      lines: nextLines(cluster, { example: options.context === undefined }),
      logs: { "the operator": files.log },
      ended: started?.ended.then(() => `the operator ended by itself; its log is ${files.log}`) ?? never(),
      stop: started === undefined ? async () => undefined : stop,
    };
  } catch (error) {
    if (!options.detach || options.signal.aborted) await stop();
    throw error;
  }
}

/** Installs, starts the operator and brings the example to Ready. Undefined when the operator ran already. */
async function populate(
  cluster: Cluster,
  files: OperatorFiles & { api: string },
  { context, detach, reporter, signal, gatewayPort }: PartOptions,
): Promise<Started | undefined> {
  const transport = await connectTo(cluster.kubeconfig);
  const { api } = files;
  try {
    await timed(reporter, "kinds, policies and the operator's rights", () => install(transport, signal));
    const way = await leadToGateway(transport, gatewayPort, process.env);
    if (way === undefined) {
      reporter.say(
        `  Agents reach no model by this API: their pods have no way to this machine that is known. ${GATEWAY_HOST}=ADDRESS says one.`,
      );
    }
    const running = findOperator(files);
    const useful = running !== undefined && cluster.reused && (await isReady(running));
    let started: Started | undefined;
    if (!useful) {
      // One that is left from an earlier life of the cluster speaks to nobody.
      await stopOperator(files);
      const expires = await writeAccountKubeconfig(transport, "operator", {
        admin: cluster.kubeconfig,
        path: files.kubeconfig,
      });
      started = await timed(reporter, "operator ready", () =>
        startOperator(files, { detached: detach, signal, env: settingsFor(cluster, way) }),
      );
      warnOfExpiry(reporter, expires);
    }
    // From now on the API knows the cluster, and what kubectl applies can be signed in to.
    await writeAccountKubeconfig(transport, "api", { admin: cluster.kubeconfig, path: api });
    // Whoever names a context has a use for it: nothing is put there but what was asked for.
    if (context === undefined)
      await timed(reporter, "tenant/acme Ready", () => exampleTenant(transport, reporter, signal));
    return started;
  } finally {
    await transport.close();
  }
}

/**
 * A local cluster reaches no registry; the image that it has knows the network probe's commands too. Nor has it names:
 * agents find the gateway by its Service's address.
 */
function settingsFor({ rung }: Cluster, way: Way | "pods" | undefined): Record<string, string> {
  if (rung !== "local") return {};
  const gateway =
    typeof way === "object" && way.serviceIP !== "" ? { AGENT_GATEWAY_URL: `http://${way.serviceIP}/v1` } : {};
  return { NETWORK_PROBE_IMAGE: LOCAL_IMAGE, ...gateway };
}

/** A local cluster reaches no registry: the agents' image is put together of what this machine has. Others are left alone. */
async function provideAgents(cluster: Cluster, { context, reporter, signal }: PartOptions): Promise<void> {
  if (cluster.rung !== "local") {
    const to = context === undefined ? [] : ["--context", context];
    const how = `${line("images", "build", "--only", "agent")} && ${line("images", "load", "--only", "agent", ...to)}`;
    if (!process.env["AGENT_IMAGE"]) reporter.say(`  AgentTasks need their image in this cluster, once: ${how}`);
    return;
  }
  const begun = performance.now();
  const progress = (message: string) =>
    reporter.progress({ step: "agents", message, elapsedSeconds: (performance.now() - begun) / 1000 });
  try {
    const { python } = await timed(reporter, "agents' image", () =>
      loadAgentImage(cluster, { env: process.env, signal, progress }),
    );
    if ("missing" in python) reporter.say(`  AgentTasks in Python are refused here: ${python.missing}`);
  } catch (error) {
    signal.throwIfAborted();
    // Everything else works without it.
    reporter.say(`  AgentTasks do not run on this cluster: ${messageOf(error)}`);
  }
}

const MONTH_MILLISECONDS = 30 * 24 * 3600 * 1000;

function warnOfExpiry(reporter: Reporter, expires: Date): void {
  if (expires.getTime() - Date.now() > MONTH_MILLISECONDS) return;
  reporter.say(
    `  This cluster gave the operator a token until ${expires.toISOString()}; run npm stop and npm start before then.`,
  );
}

async function ensureCluster(plan: Plan, options: UpOptions): Promise<Cluster> {
  const { reporter } = options;
  const begun = performance.now();
  const cluster = await startCluster({ ...clusterOptions(options), plan });
  const nodes = cluster.nodes === "real" ? "real nodes" : "simulated nodes: pods are scheduled, but none really runs";
  reporter.done(
    `cluster ${cluster.context} ${cluster.reused ? "is up already" : "up"} (${nodes})`,
    (performance.now() - begun) / 1000,
  );
  return cluster;
}

async function exampleTenant(transport: Transport, reporter: Reporter, signal: AbortSignal): Promise<void> {
  await createMissing(transport, await manifestsIn(join(ROOT, "examples", "tenant.yaml")));
  const begun = performance.now();
  await waitForTenant(transport, "acme", {
    seconds: 60,
    signal,
    tell: (message) =>
      reporter.progress({ step: "tenant", message, elapsedSeconds: (performance.now() - begun) / 1000 }),
  });
}

function nextLines(cluster: Cluster, { example }: { example: boolean }): string[] {
  const own = cluster.rung !== "context";
  // Ours is for those who have none.
  const kubectl = findProgram("kubectl", process.env) === undefined ? cluster.kubectl : "kubectl";
  return [
    own ? `export KUBECONFIG=${cluster.kubeconfig}` : `kubectl config use-context ${cluster.context}`,
    ...(example ? [] : [`${kubectl} apply -f examples/tenant.yaml`]),
    `${kubectl} get tenants`,
    `${kubectl} describe tenant acme`,
    `${kubectl} --as jane@acme.example -n acme-dev auth can-i create deployments`,
  ];
}

async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Type yes to go on: `, { signal }).finally(() => terminal.close());
  return answer.trim() === "yes";
}
