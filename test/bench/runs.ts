import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath } from "@leanvibe/runtime";
import { TENANTS } from "@leanvibe/schema";
import { type BenchCluster, freshCluster, type Requests } from "./cluster.ts";
import { type Fields, fieldsOf } from "./compared.ts";
import { type Command, type OperatorProcess, startProcess } from "./process.ts";
import { ourOperator, rawwrite, type Writing } from "./programs.ts";
import { recordSteps, type Step, tenantStep } from "./record.ts";

/** Writers that create the Tenants, whoever the operator is. */
const FEEDERS = 16;
/** Events come behind the status that is waited for, and a new API server is still busy with itself. */
const SETTLE_MILLISECONDS = 3_000;
/** Not counted: at the first Tenant the API server builds what it needs to know of the kind, which took it a second. */
const WARM_UP = ["bench-00000"];

/** What one operator took for all Tenants, from the first POST to the last Ready. */
export type OperatorRun = {
  seconds: number;
  /** Of the operator alone, by method. */
  requests: Record<string, number>;
  /** All that the API server answered meanwhile, whoever asked. */
  server: Requests;
  cpuSeconds: number;
  rssMiB: number;
  peakRssMiB: number;
  readyMilliseconds: number;
  /** The first Tenant with all that belongs to it. */
  example: Fields;
};

/** Runs `work` with an operator in a cluster that has seen nothing yet. */
export async function withOperator<T>(
  command: Command,
  work: (cluster: BenchCluster, operator: OperatorProcess) => Promise<T>,
): Promise<T> {
  return inCluster({}, (cluster) => operatorIn(cluster, command, (operator) => work(cluster, operator)));
}

/** Runs `work` in a cluster that has seen nothing yet. */
export async function inCluster<T>(
  how: { durable?: boolean },
  work: (cluster: BenchCluster) => Promise<T>,
): Promise<T> {
  const cluster = await freshCluster(how);
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

/** Runs `work` with an operator in a cluster that is there already. */
export async function operatorIn<T>(
  cluster: BenchCluster,
  command: Command,
  work: (operator: OperatorProcess) => Promise<T>,
): Promise<T> {
  const operator = await startProcess(command, cluster.operatorKubeconfig, join(cluster.folder, "operator.log"));
  try {
    return await work(operator);
  } finally {
    await operator.stop();
  }
}

export async function operatorRun(command: Command, program: string, names: readonly string[]): Promise<OperatorRun> {
  return withOperator(command, async (cluster, operator) => {
    const watch = collectionPath(TENANTS);
    const feeding = { steps: [tenantStep()], writers: FEEDERS, watch };
    await rawwrite(program, cluster, { ...feeding, names: WARM_UP });
    await sleep(SETTLE_MILLISECONDS);
    const before = { requests: requestsIn(await operator.metrics()), server: await cluster.requests() };
    const cpuBefore = operator.cpuSeconds();
    const fed = await unlessEnded(operator, rawwrite(program, cluster, { ...feeding, names }));
    await sleep(SETTLE_MILLISECONDS);
    const cpuSeconds = operator.cpuSeconds() - cpuBefore;
    return {
      seconds: fed.seconds,
      cpuSeconds,
      requests: difference(requestsIn(await operator.metrics()), before.requests),
      server: difference(await cluster.requests(), before.server),
      rssMiB: operator.rssMiB(),
      peakRssMiB: operator.peakRssMiB(),
      readyMilliseconds: operator.readyMilliseconds,
      example: await fieldsOf(cluster, names[0] ?? ""),
    };
  });
}

/** The same writes with no operator. */
export type RawRun = { seconds: number; writesPerSecond: number };

export async function rawRun(program: string, writing: Writing): Promise<RawRun> {
  const { seconds } = await inCluster({}, async (cluster) => {
    await rawwrite(program, cluster, { ...writing, names: WARM_UP });
    await sleep(SETTLE_MILLISECONDS);
    return rawwrite(program, cluster, writing);
  });
  return { seconds, writesPerSecond: (writing.names.length * writing.steps.length) / seconds };
}

/** What our operator writes for one Tenant, recorded in a cluster of its own. */
export async function recordedSteps(): Promise<Step[]> {
  return inCluster({}, (cluster) => recordSteps(cluster, ourOperator()));
}

/** What is waited for would never come from an operator that is gone. */
export function unlessEnded<T>(operator: OperatorProcess, awaited: Promise<T>): Promise<T> {
  const ended = operator.ended.then((code) => {
    throw new Error(`the operator ended at its work, with exit code ${code ?? "of a signal"}`);
  });
  return Promise.race([awaited, ended]);
}

/** How often an operator says that it has looked at an object. */
export function reconcilesIn(metrics: string): number {
  const counts = metrics.matchAll(/^controller_runtime_reconcile_total\{.*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What an operator says that it has sent, by method. */
export function requestsIn(metrics: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, method = "", count] of metrics.matchAll(/^rest_client_requests_total\{.*method="(\w+)".*\} (\S+)$/gm)) {
    counts[method] = (counts[method] ?? 0) + Number(count);
  }
  return counts;
}

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

/** Those that change something. */
export function writesIn(requests: Record<string, number>): number {
  return Object.entries(requests).reduce((sum, [method, count]) => (method === "GET" ? sum : sum + count), 0);
}
