import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { collectionPath, type Transport } from "@leanvibe/runtime";
import { GROUP, TENANT, VERSION } from "@leanvibe/schema";
import { type Cluster, type ClusterOptions, planCluster, startCluster } from "../cluster/index.ts";
import { connectTo, writeOperatorKubeconfig } from "./credentials.ts";
import { install, waitForTenant } from "./install.ts";
import { applyManifests, manifestsIn, ROOT } from "./manifests.ts";
import { findOperator, operatorFiles, startOperator, stopOperator } from "./operator.ts";
import { duration, type Reporter } from "./terminal.ts";

export const DEV_CLUSTER = "dev";

export type UpOptions = { context?: string; detach: boolean; reporter: Reporter; signal: AbortSignal };

/** From nothing to a Ready Tenant. In the foreground it then stays until the signal, and stops what it started. */
export async function up(options: UpOptions): Promise<void> {
  const { reporter, signal } = options;
  const begun = performance.now();
  const cluster = await ensureCluster(options);
  // One operator a cluster: the local one and each context have their own.
  const name = cluster.rung === "context" ? `context-${encodeURIComponent(cluster.context)}` : cluster.name;
  const files = operatorFiles(name, process.env);
  const transport = await connectTo(cluster.kubeconfig);
  let running = findOperator(files);
  const found = running !== undefined && cluster.reused;
  try {
    await timed(reporter, "kinds, policies and the operator's rights", () => install(transport));
    if (running === undefined) {
      await writeOperatorKubeconfig(transport, cluster.kubeconfig, files.kubeconfig);
      running = await timed(reporter, "operator ready", () =>
        startOperator(files, { detached: options.detach, signal }),
      );
    }
    await timed(reporter, "tenant/acme Ready", () => exampleTenant(transport, reporter));
  } finally {
    await transport.close();
  }
  const seconds = (performance.now() - begun) / 1000;
  const { rung, nodes, kubeconfig, context, kubectl } = cluster;
  const result = {
    rung,
    nodes,
    kubeconfig,
    context,
    kubectl,
    alreadyUp: found,
    operator: { ...running, log: files.log },
    seconds,
  };
  reporter.result(result, nextLines(cluster, { found, seconds, log: files.log }));
  if (options.detach || found) return;
  reporter.say(
    "\nRunning in the foreground; Ctrl-C stops it and keeps the data. In the background: npm start -- --detach",
  );
  await untilAborted(signal);
  reporter.say("\nStopping...");
  await stopOperator(files);
  await cluster.stop();
  reporter.done("stopped; the data is kept (npm run reset removes it)");
}

async function ensureCluster({ context, detach, reporter, signal }: UpOptions): Promise<Cluster> {
  const clusterOptions: ClusterOptions = {
    name: DEV_CLUSTER,
    purpose: "dev",
    lifetime: detach ? "detached" : "parent",
    progress: (event) => reporter.progress(event),
    signal,
    ...(context === undefined ? {} : { context }),
    ...(process.stdin.isTTY ? { confirm } : {}),
  };
  const plan = await planCluster(clusterOptions);
  reporter.say(`Cluster: ${plan.why}`);
  for (const { rung, why } of plan.passedOver) reporter.say(`  not ${rung}: ${why}`);
  reporter.say(`  expected: about ${duration(plan.expectedSeconds)}. ${plan.howToChooseOtherwise}`);
  const begun = performance.now();
  const cluster = await startCluster({ ...clusterOptions, plan });
  const nodes = cluster.nodes === "real" ? "real nodes" : "simulated nodes: pods are scheduled, but none really runs";
  reporter.done(
    `cluster ${cluster.context} ${cluster.reused ? "is up already" : "up"} (${nodes})`,
    (performance.now() - begun) / 1000,
  );
  return cluster;
}

async function exampleTenant(transport: Transport, reporter: Reporter): Promise<void> {
  await applyManifests(transport, await manifestsIn(join(ROOT, "examples", "tenant.yaml")));
  const kind = { group: GROUP, version: VERSION, kind: TENANT.kind, plural: TENANT.plural, namespaced: false };
  const path = `${collectionPath(kind)}/acme`;
  const begun = performance.now();
  await waitForTenant(transport, path, {
    seconds: 60,
    tell: (message) =>
      reporter.progress({ step: "tenant", message, elapsedSeconds: (performance.now() - begun) / 1000 }),
  });
}

function nextLines(cluster: Cluster, about: { found: boolean; seconds: number; log: string }): string[] {
  const own = cluster.rung !== "context";
  const kubectl = hasKubectl() ? "kubectl" : cluster.kubectl;
  return [
    "",
    about.found ? "LeanVibe is up already." : `LeanVibe is up after ${duration(about.seconds)}. Next:`,
    "",
    ...(own ? [`  export KUBECONFIG=${cluster.kubeconfig}`] : [`  kubectl config use-context ${cluster.context}`]),
    `  ${kubectl} get tenants`,
    `  ${kubectl} describe tenant acme`,
    `  ${kubectl} --as jane@acme.example -n acme-dev auth can-i create deployments`,
    "",
    `  operator's log: ${about.log}`,
  ];
}

/** Ours is for those who have none. */
function hasKubectl(): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, "kubectl")));
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Type yes to go on: `);
  terminal.close();
  return answer.trim() === "yes";
}

async function timed<T>(reporter: Reporter, what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const value = await work();
  reporter.done(what, (performance.now() - begun) / 1000);
  return value;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
