import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Transport } from "@leanvibe/runtime";
import { type Cluster, type ClusterOptions, LOCAL_IMAGE, planCluster, startCluster } from "../cluster/index.ts";
import { findProgram } from "../cluster/requirements.ts";
import { connectTo, writeOperatorKubeconfig } from "./credentials.ts";
import { install, waitForTenant } from "./install.ts";
import { createMissing, manifestsIn, ROOT } from "./manifests.ts";
import {
  bundleOperator,
  findOperator,
  isReady,
  operatorFiles,
  type StartedOperator,
  startOperator,
  stopOperator,
} from "./operator.ts";
import { duration, type Reporter } from "./terminal.ts";

export const DEV_CLUSTER = "dev";

export type UpOptions = { context?: string; detach: boolean; reporter: Reporter; signal: AbortSignal };

/**
 * From nothing to a Ready Tenant. In the foreground it then stays until the signal, and stops what it started.
 * @throws whatever failed; an interrupted run, and a failed one in the foreground, has stopped what it started.
 */
export async function up(options: UpOptions): Promise<void> {
  const { reporter, signal, detach } = options;
  const begun = performance.now();
  // Beside the cluster's start, which takes longer.
  const [cluster] = await Promise.all([ensureCluster(options), bundleOperator()]);
  // One operator a cluster: the local one and each context have their own.
  const name = cluster.rung === "context" ? `context-${encodeURIComponent(cluster.context)}` : cluster.name;
  const files = operatorFiles(name, process.env);
  const stop = async () => {
    await stopOperator(files);
    if (!cluster.reused) await cluster.stop();
  };
  try {
    const operator = await populate(cluster, files, options);
    const seconds = (performance.now() - begun) / 1000;
    const { rung, nodes, kubeconfig, context, kubectl } = cluster;
    const found = operator === undefined;
    const result = { rung, nodes, kubeconfig, context, kubectl, alreadyUp: found, log: files.log, seconds };
    reporter.result(
      result,
      nextLines(cluster, { found, seconds, log: files.log, example: options.context === undefined }),
    );
    if (detach || operator === undefined) return;
    reporter.say(
      "\nRunning in the foreground; Ctrl-C stops it and keeps the data. In the background: npm start -- --detach",
    );
    await Promise.race([untilAborted(signal), operator.ended]);
    if (!signal.aborted) throw new Error(`the operator ended by itself; its log is ${files.log}`);
    reporter.say("\nStopping...");
    await stop();
    reporter.done("stopped; the data is kept (npm run reset removes it)");
  } catch (error) {
    if (!detach || signal.aborted) await stop();
    throw error;
  }
}

/** Installs, starts the operator and brings the example to Ready. Undefined when the operator ran already. */
async function populate(
  cluster: Cluster,
  files: ReturnType<typeof operatorFiles>,
  { context, detach, reporter, signal }: UpOptions,
): Promise<StartedOperator | undefined> {
  const transport = await connectTo(cluster.kubeconfig);
  try {
    await timed(reporter, "kinds, policies and the operator's rights", () => install(transport, signal));
    const running = findOperator(files);
    const useful = running !== undefined && cluster.reused && (await isReady(running));
    let started: StartedOperator | undefined;
    if (!useful) {
      // One that is left from an earlier life of the cluster speaks to nobody.
      await stopOperator(files);
      const expires = await writeOperatorKubeconfig(transport, cluster.kubeconfig, files.kubeconfig);
      started = await timed(reporter, "operator ready", () =>
        startOperator(files, { detached: detach, signal, env: settingsFor(cluster) }),
      );
      warnOfExpiry(reporter, expires);
    }
    // Whoever names a context has a use for it: nothing is put there but what was asked for.
    if (context === undefined)
      await timed(reporter, "tenant/acme Ready", () => exampleTenant(transport, reporter, signal));
    return started;
  } finally {
    await transport.close();
  }
}

/** A local cluster reaches no registry; the image that it has knows the network probe's commands too. */
function settingsFor({ rung }: Cluster): Record<string, string> {
  return rung === "local" ? { NETWORK_PROBE_IMAGE: LOCAL_IMAGE } : {};
}

const MONTH_MILLISECONDS = 30 * 24 * 3600 * 1000;

function warnOfExpiry(reporter: Reporter, expires: Date): void {
  if (expires.getTime() - Date.now() > MONTH_MILLISECONDS) return;
  reporter.say(
    `  This cluster gave the operator a token until ${expires.toISOString()}; run npm stop and npm start before then.`,
  );
}

async function ensureCluster({ context, detach, reporter, signal }: UpOptions): Promise<Cluster> {
  const clusterOptions: ClusterOptions = {
    name: DEV_CLUSTER,
    purpose: "dev",
    lifetime: detach ? "detached" : "parent",
    progress: (event) => reporter.progress(event),
    signal,
    ...(context === undefined ? {} : { context }),
    ...(process.stdin.isTTY ? { confirm: (question) => confirm(question, signal) } : {}),
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

function nextLines(
  cluster: Cluster,
  about: { found: boolean; seconds: number; log: string; example: boolean },
): string[] {
  const own = cluster.rung !== "context";
  // Ours is for those who have none.
  const kubectl = findProgram("kubectl", process.env) === undefined ? cluster.kubectl : "kubectl";
  return [
    "",
    about.found ? "LeanVibe is up already." : `LeanVibe is up after ${duration(about.seconds)}. Next:`,
    "",
    ...(own ? [`  export KUBECONFIG=${cluster.kubeconfig}`] : [`  kubectl config use-context ${cluster.context}`]),
    ...(about.example ? [] : [`  ${kubectl} apply -f examples/tenant.yaml`]),
    `  ${kubectl} get tenants`,
    `  ${kubectl} describe tenant acme`,
    `  ${kubectl} --as jane@acme.example -n acme-dev auth can-i create deployments`,
    "",
    `  operator's log: ${about.log}`,
  ];
}

async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Type yes to go on: `, { signal }).finally(() => terminal.close());
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
