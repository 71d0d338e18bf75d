import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, KINDS } from "@leanvibe/runtime";
import { LEASES, SYSTEM_NAMESPACE, TENANTS } from "@leanvibe/schema";
import type { BenchCluster } from "./cluster.ts";
import { atMost, type Bar, type Outcome, rounded, spreadOf } from "./figures.ts";
import type { Command, OperatorProcess } from "./process.ts";
import { goPrograms, ourOperator, peerOperator, rawwrite } from "./programs.ts";
import { tenantNames, tenantStep } from "./record.ts";
import { inCluster, operatorIn, reconcilesIn, requestsIn, unlessEnded, writesIn } from "./runs.ts";

export type MemoryOptions = {
  tenants: number;
  /** Of the Go operator. */
  workers: number;
  /** Go gives memory back some time after a collection, which it forces every two minutes. */
  quietSeconds: number;
  /** 1: the Go operator is only started on what ours has made. Saves half the time, and leaves out its filling. */
  fills: number;
  say: (line: string) => void;
};

/** After a while in which nothing happened, and the most that there ever was. */
type Memory = { settledMiB: number; peakMiB: number; cpuSeconds: number };
type Filled = Memory & { seconds: number; writesAtRest: number };
/** Of an operator that starts where everything stands already, as every update of it does. */
type Restarted = Memory & { readySeconds: number; lookedAtAllSeconds: number; writes: number };
type Standby = Memory & { readySeconds: number };
type Side = { filled?: Filled; restarted: Restarted };

/** One operator at one cluster. */
type Work = MemoryOptions & { who: string; command: Command; cluster: BenchCluster; program: string };

const MIB = 1024 * 1024;
const FEEDERS = 16;
const SAMPLES = 10;
const PROGRESS_MILLISECONDS = 15_000;
const LOOKED_AT_ALL_MILLISECONDS = 600_000;
/** Longer than any run. */
const HELD_SECONDS = 24 * 3600;

/** What N Tenants cost an operator: Ready with their children, made by it or found at its start; and merely known to it. */
export async function memory(options: MemoryOptions): Promise<Outcome> {
  const programs = await goPrograms();
  const ours = { ...options, program: programs.rawwrite, who: "ours", command: ourOperator() };
  const path = programs.peer;
  const go = { ...ours, who: "Go operator", command: peerOperator(path, options.workers, "default") };
  // No bar's: what it could save.
  const lean = { ...ours, who: "Go operator, lean cache", command: peerOperator(path, options.workers) };
  const others = async (cluster: BenchCluster, filled?: Filled) => ({
    ...(filled === undefined ? {} : { filled }),
    restarted: await restart({ ...go, cluster }),
    lean: await restart({ ...lean, cluster }),
  });
  const { us, shared } = await inCluster({ durable: false }, async (cluster) => {
    const filled = await fill({ ...ours, cluster });
    const restarted = await restart({ ...ours, cluster });
    return { us: { filled, restarted }, shared: options.fills === 1 ? await others(cluster) : undefined };
  });
  const peer =
    shared ?? (await inCluster({ durable: false }, async (cluster) => others(cluster, await fill({ ...go, cluster }))));
  const standby = await inCluster({ durable: false }, (cluster) => standBy({ ...ours, cluster }));
  const bars = [...barsBeside(us, peer), atMost("RSS of a standby that only knows them, MB", inMB(standby), 150)];
  return {
    name: "memory",
    ours: { ...us, standby },
    peer,
    ratio: spreadOf(bars.slice(0, -1).map(({ value }) => value)),
    counts: {
      tenants: options.tenants,
      writesAtRest: us.filled.writesAtRest,
      writesAfterRestart: us.restarted.writes,
      peerWritesAfterRestart: peer.restarted.writes,
    },
    bars,
  };
}

/** Makes the Tenants with it at work, from the first to the last Ready, and then leaves it alone. */
async function fill(work: Work): Promise<Filled> {
  const { cluster, command, program, tenants: count, who, say } = work;
  return operatorIn(cluster, command, async (operator) => {
    const stopTelling = tellProgress(work, operator);
    const writing = { names: tenantNames(count), steps: [tenantStep()], writers: FEEDERS };
    const written = rawwrite(program, cluster, { ...writing, watch: collectionPath(TENANTS) });
    const { seconds } = await unlessEnded(operator, written).finally(stopTelling);
    say(`${who}: ${count} Tenants Ready after ${seconds.toFixed(0)} s`);
    const { writes, ...settled } = await leftAlone(work, operator);
    return told(work, "filled", { seconds, ...settled, writesAtRest: writes });
  });
}

/** Starts it where all of them stand, and leaves it alone when it has looked at each. */
async function restart(work: Work): Promise<Restarted> {
  const { cluster, command, tenants: count } = work;
  return operatorIn(cluster, command, async (operator) => {
    const begun = performance.now();
    const end = begun + LOOKED_AT_ALL_MILLISECONDS;
    while (reconcilesIn(await operator.metrics()) < count) {
      if (performance.now() > end) throw new Error(`${work.who} has not looked at every Tenant within ten minutes`);
      await sleep(100);
    }
    const readySeconds = operator.readyMilliseconds / 1000;
    const lookedAtAllSeconds = readySeconds + (performance.now() - begun) / 1000;
    const { writes: _, ...settled } = await leftAlone(work, operator);
    const writes = writesIn(requestsIn(await operator.metrics()));
    return told(work, "restarted", { readySeconds, lookedAtAllSeconds, ...settled, writes });
  });
}

/** Tenants that nobody works on, and an operator that stands by: somebody else holds the Lease. */
async function standBy(work: Work): Promise<Standby> {
  const { cluster, command, program, tenants: count } = work;
  await holdLease(cluster);
  await rawwrite(program, cluster, { names: tenantNames(count), steps: [tenantStep()], writers: FEEDERS });
  return operatorIn(cluster, command, async (operator) => {
    const { writes: _, ...settled } = await leftAlone(work, operator);
    if (reconcilesIn(await operator.metrics()) > 0) throw new Error("it was to stand by, and worked");
    return told(work, "standing by", { readySeconds: operator.readyMilliseconds / 1000, ...settled });
  });
}

async function holdLease({ admin }: BenchCluster): Promise<void> {
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  await admin.send({
    method: "POST",
    path: collectionPath(KINDS.Lease, SYSTEM_NAMESPACE),
    body: {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: LEASES.operator, namespace: SYSTEM_NAMESPACE },
      spec: { holderIdentity: "bench", leaseDurationSeconds: HELD_SECONDS, acquireTime: renewTime, renewTime },
    },
  });
}

/** Nothing happens; the RSS is the median of the last seconds. `writes` are those of a while in which there was no reason. */
async function leftAlone({ quietSeconds }: Work, operator: OperatorProcess): Promise<Memory & { writes: number }> {
  // What the last Tenants bring along, their quotas' renewed figures included, takes no more than half of it.
  await sleep(quietSeconds * 500);
  const before = writesIn(requestsIn(await operator.metrics()));
  await sleep(quietSeconds * 500);
  const writes = writesIn(requestsIn(await operator.metrics())) - before;
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    samples.push(operator.rssMiB());
    await sleep(1_000);
  }
  const settledMiB = spreadOf(samples).median;
  return { settledMiB, peakMiB: operator.peakRssMiB(), cpuSeconds: operator.cpuSeconds(), writes };
}

/** @returns what ends it. */
function tellProgress({ who, tenants: count, say }: Work, operator: OperatorProcess): () => void {
  const begun = performance.now();
  const timer = setInterval(async () => {
    const metrics = await operator.metrics().catch(() => undefined);
    if (metrics === undefined) return;
    const seconds = Math.round((performance.now() - begun) / 1000);
    const rss = Math.round(operator.rssMiB());
    say(`${who}: filling for ${seconds} s, ${writesIn(requestsIn(metrics))} writes for ${count} Tenants, ${rss} MiB`);
  }, PROGRESS_MILLISECONDS);
  return () => clearInterval(timer);
}

function told<T extends Memory>({ who, say }: Work, what: string, figures: T): T {
  say(`${who}, ${what}: ${JSON.stringify(figures, (_, value: unknown) => shortened(value))}`);
  return figures;
}

function shortened(value: unknown): unknown {
  return typeof value === "number" ? rounded(value) : value;
}

function barsBeside(us: Side, peer: Side): Bar[] {
  return (["filled", "restarted"] as const).flatMap((when) =>
    (["settledMiB", "peakMiB"] as const).flatMap((figure) => {
      const [ours, others] = [us[when]?.[figure], peer[when]?.[figure]];
      if (ours === undefined || others === undefined) return [];
      return atMost(
        `${when}, ${figure === "peakMiB" ? "peak" : "settled"} RSS, of the Go operator's`,
        ours / others,
        1,
      );
    }),
  );
}

/** 10^6 bytes, as the bar has it. */
function inMB({ settledMiB }: Memory): number {
  return (settledMiB * MIB) / 1e6;
}
