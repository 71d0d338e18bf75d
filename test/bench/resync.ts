import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, KINDS, type Kind, objectPath } from "@leanvibe/runtime";
import { LABELS, TENANTS } from "@leanvibe/schema";
import { z } from "zod";
import type { BenchCluster } from "./cluster.ts";
import { atMost, type Outcome, spreadOf, tell } from "./figures.ts";
import type { Command, OperatorProcess } from "./process.ts";
import { goPrograms, ourOperator, peerOperator, rawwrite } from "./programs.ts";
import { tenantNames, tenantStep } from "./record.ts";
import { requestsIn, withOperator, writesIn } from "./runs.ts";

const DELETED = 100;
const QUIET_MILLISECONDS = 10_000;
const HEAL_MILLISECONDS = 60_000;
/** One of each namespace's fences and its rights. */
const KINDS_DELETED: readonly { kind: Kind; name: string }[] = [
  { kind: KINDS.NetworkPolicy, name: "leanvibe-isolation" },
  { kind: KINDS.RoleBinding, name: "leanvibe-owners" },
];

type Healed = { writes: number; milliseconds: number[] };
type ResyncOptions = { tenants: number; pairs: number; workers: number; say: (line: string) => void };

/** All Ready and nothing changes: no writes. Then children are deleted, and each is timed from its deletion's event. */
export async function resync({ tenants, pairs, workers, say }: ResyncOptions): Promise<Outcome> {
  const programs = await goPrograms();
  const names = tenantNames(tenants);
  const run = (command: Command) =>
    withOperator(command, async (cluster, operator) => {
      const watch = collectionPath(TENANTS);
      await rawwrite(programs.rawwrite, cluster, { names, steps: [tenantStep()], writers: 16, watch });
      return quietThenHealed(cluster, operator, names);
    });
  const rounds: { ours: Healed; peer: Healed }[] = [];
  for (let round = 0; round < pairs; round += 1) {
    rounds.push({ ours: await run(ourOperator()), peer: await run(peerOperator(programs.peer, workers)) });
  }
  const side = (who: "ours" | "peer") => ({
    healedMilliseconds: spreadOf(rounds.flatMap((round) => round[who].milliseconds)),
    healedP99Milliseconds: spreadOf(rounds.map((round) => p99(round[who].milliseconds))),
  });
  const sides = { ours: side("ours"), peer: side("peer") };
  for (const [who, figures] of Object.entries(sides)) {
    for (const [name, spread] of Object.entries(figures)) say(`${who} ${name}: ${tell(spread)}`);
  }
  const writes = Math.max(...rounds.map((round) => round.ours.writes));
  return {
    name: "resync",
    ...sides,
    ratio: spreadOf(rounds.map((round) => p99(round.ours.milliseconds) / p99(round.peer.milliseconds))),
    counts: { writes, deleted: rounds[0]?.ours.milliseconds.length ?? 0 },
    bars: [
      atMost("writes while nothing changes", writes, 0),
      atMost("healed p99, milliseconds", sides.ours.healedP99Milliseconds.median, 250),
    ],
  };
}

async function quietThenHealed(
  cluster: BenchCluster,
  operator: OperatorProcess,
  names: readonly string[],
): Promise<Healed> {
  // What the last Tenants bring along, their quotas' renewed figures included.
  await sleep(QUIET_MILLISECONDS);
  const before = writesIn(requestsIn(await operator.metrics()));
  await sleep(QUIET_MILLISECONDS);
  const writes = writesIn(requestsIn(await operator.metrics())) - before;
  const milliseconds: number[] = [];
  for (const { kind, name } of KINDS_DELETED) {
    const namespaces = names.slice(0, DELETED / KINDS_DELETED.length).map((tenant) => `tenant-${tenant}`);
    milliseconds.push(...(await healed(cluster, { kind, name, namespaces })));
  }
  return { writes, milliseconds };
}

/** Deletes that child in each namespace, one after the other, and times it from the DELETED event to the next ADDED. */
async function healed(
  { admin }: BenchCluster,
  { kind, name, namespaces }: { kind: Kind; name: string; namespaces: readonly string[] },
): Promise<number[]> {
  const stop = new AbortController();
  const late = AbortSignal.timeout(HEAL_MILLISECONDS);
  const gone = new Map<string, number>();
  const milliseconds: number[] = [];
  const request = {
    method: "GET" as const,
    path: collectionPath(kind),
    query: { watch: true, labelSelector: LABELS.tenant },
    signal: AbortSignal.any([stop.signal, late]),
  };
  const opened = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const line of admin.lines(request, opened.resolve)) {
      const { type, object } = seen.parse(JSON.parse(line));
      const { namespace } = object.metadata;
      const since = gone.get(namespace);
      if (type === "DELETED") gone.set(namespace, performance.now());
      if (type !== "ADDED" || since === undefined) continue;
      milliseconds.push(performance.now() - since);
      if (milliseconds.length === namespaces.length) return stop.abort();
    }
  })();
  await opened.promise;
  for (const namespace of namespaces) {
    await admin.send({ method: "DELETE", path: objectPath(kind, { name, namespace }) });
  }
  await watching.catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return milliseconds;
}

const seen = z.object({ type: z.string(), object: z.object({ metadata: z.object({ namespace: z.string() }) }) });

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
