import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath } from "@leanvibe/runtime";
import { TENANTS } from "@leanvibe/schema";
import { type BenchCluster, freshCluster, type Requests } from "./cluster.ts";
import { type Command, type OperatorProcess, startProcess } from "./process.ts";
import { ourOperator, rawwrite, type Writing } from "./programs.ts";
import { recordSteps, type Step, tenantStep } from "./record.ts";

/** Writers that create the Tenants, whoever the operator is. */
const FEEDERS = 16;
/** Events come behind the status that is waited for. */
const SETTLE_MILLISECONDS = 2_000;

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
};

/** Runs `work` with an operator in a cluster that has seen nothing yet. */
export async function withOperator<T>(
  command: Command,
  work: (cluster: BenchCluster, operator: OperatorProcess) => Promise<T>,
): Promise<T> {
  const cluster = await freshCluster();
  try {
    const operator = await startProcess(command, cluster.operatorKubeconfig, join(cluster.folder, "operator.log"));
    try {
      return await work(cluster, operator);
    } finally {
      await operator.stop();
    }
  } finally {
    await cluster.stop();
  }
}

export async function operatorRun(command: Command, program: string, names: readonly string[]): Promise<OperatorRun> {
  return withOperator(command, async (cluster, operator) => {
    await sleep(SETTLE_MILLISECONDS);
    const before = { requests: requestsIn(await operator.metrics()), server: await cluster.requests() };
    const cpuBefore = operator.cpuSeconds();
    const watch = collectionPath(TENANTS);
    const fed = await rawwrite(program, cluster, { names, steps: [tenantStep()], writers: FEEDERS, watch });
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
    };
  });
}

/** The same writes with no operator. */
export type RawRun = { seconds: number; writesPerSecond: number };

export async function rawRun(program: string, writing: Writing): Promise<RawRun> {
  const cluster = await freshCluster();
  try {
    const { seconds } = await rawwrite(program, cluster, writing);
    return { seconds, writesPerSecond: (writing.names.length * writing.steps.length) / seconds };
  } finally {
    await cluster.stop();
  }
}

/** What our operator writes for one Tenant, recorded in a cluster of its own. */
export async function recordedSteps(): Promise<Step[]> {
  const cluster = await freshCluster();
  try {
    return await recordSteps(cluster, ourOperator());
  } finally {
    await cluster.stop();
  }
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
