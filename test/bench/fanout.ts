import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCluster } from "./cluster.ts";
import { atMost, type Outcome, spreadOf, tell } from "./figures.ts";
import { urgentWhenFull, type Wait } from "./full.ts";
import { rawJobs } from "./jobs.ts";
import { startProcess } from "./process.ts";
import { goPrograms, ourOperator } from "./programs.ts";
import { inCluster, requestsIn, unlessEnded, writesIn } from "./runs.ts";
import { EACH, prepare, SETTLE_MILLISECONDS, submitUrgent, URGENT, until, watching } from "./tasks.ts";

export type FanoutOptions = { tasks: number; pairs: number; writers: number; say: (line: string) => void };

/** Tenants whose tasks wait while all slots are in use. */
const CROWD = 4;

type Run = {
  seconds: number;
  urgentMilliseconds: number;
  writesPerTask: number;
  /** Apart from those. */
  eventsPerTask: number;
  progressPerTask: number;
  readyMilliseconds: number;
  rssMiB: number;
  /** When the first, the middle and the last Job was made. */
  quarters: number[];
  /** For a task, by method; conflicts and Events included. */
  requests: Record<string, number>;
};

type Round = { ours: Run; raw: number; full: Wait[] };

const namesOf = (count: number) => Array.from({ length: count }, (_, at) => `bench-${String(at).padStart(5, "0")}`);

/** Accepted tasks that wait for an operator, from its start to the last Job; and as many plain Jobs by rawwrite. */
export async function fanout({ tasks, pairs, writers, say }: FanoutOptions): Promise<Outcome> {
  const { rawwrite: program } = await goPrograms();
  const names = namesOf(Math.ceil(tasks / EACH));
  const rounds: Round[] = [];
  for (let round = 1; round <= pairs; round += 1) {
    const [load = 0] = loadavg();
    const ours = await inCluster({}, async (cluster) => {
      await prepare(program, cluster, names);
      return operatorRun(cluster, names.length * EACH);
    });
    const raw = await inCluster({}, async (cluster) => {
      await prepare(program, cluster, names);
      return rawJobs(program, cluster, { names, writers });
    });
    const full = await inCluster({}, async (cluster) => {
      const crowd = namesOf(CROWD);
      await prepare(program, cluster, crowd);
      return urgentWhenFull(cluster, crowd.length * EACH);
    });
    rounds.push({ ours, raw, full });
    say(
      `round ${round}: ours ${ours.seconds.toFixed(2)} s (ready after ${Math.round(ours.readyMilliseconds)} ms), rawwrite ${raw.toFixed(2)} s, urgent after ${Math.round(ours.urgentMilliseconds)} ms, with no slot free ${Math.round(worstOf(full))} ms behind the next one (load before it ${load.toFixed(1)})`,
    );
  }
  return outcomeOf(rounds, names.length * EACH, say);
}

function outcomeOf(rounds: readonly Round[], tasks: number, say: (line: string) => void): Outcome {
  const over = (value: (round: Round) => number) => spreadOf(rounds.map(value));
  const ratio = over(({ ours, raw }) => ours.seconds / raw);
  const urgent = over(({ ours }) => ours.urgentMilliseconds);
  const waits = rounds.flatMap(({ full }) => full);
  const [whenFull, whenFullInAll] = [
    spreadOf(waits.map(({ sinceFree }) => sinceFree)),
    spreadOf(waits.map(({ inAll }) => inAll)),
  ];
  const writes = over(({ ours }) => ours.writesPerTask);
  const [events, progress] = [over(({ ours }) => ours.eventsPerTask), over(({ ours }) => ours.progressPerTask)];
  const seconds = over(({ ours }) => ours.seconds);
  const rssMiB = over(({ ours }) => ours.rssMiB);
  const told = { seconds, ratio, urgent, whenFull, whenFullInAll, writes, events, progress, rssMiB };
  for (const [name, spread] of Object.entries(told)) say(`${name}: ${tell(spread)}`);
  say(
    `first Job and each quarter of them after ${rounds
      .at(-1)
      ?.ours.quarters.map((each) => each.toFixed(2))
      .join(", ")} s`,
  );
  const requests = rounds.at(-1)?.ours.requests ?? {};
  say(`requests for a task: ${JSON.stringify(requests)}`);
  return {
    name: "fanout",
    ours: {
      seconds,
      urgentMilliseconds: urgent,
      urgentWhenFullMilliseconds: whenFull,
      writesPerTask: writes,
      eventsPerTask: events,
      progressPerTask: progress,
      rssMiB,
    },
    peer: { seconds: over(({ raw }) => raw) },
    ratio,
    counts: { tasks, writesPerTask: writes.median, urgentWhenFull: waits.length },
    bars: [
      atMost("time from the operator's start to the last Job, of rawwrite's for plain Jobs", ratio.median, 1.15),
      atMost("milliseconds until an urgent task in the middle has its Job, the worst", urgent.max, 500),
      atMost("the same when all slots are in use, from the next free one on, the worst", whenFull.max, 500),
      atMost("writes for a task, Events and visible progress apart", writes.median, 4),
    ],
  };
}

function worstOf(waits: readonly Wait[]): number {
  return Math.max(...waits.map(({ sinceFree }) => sinceFree));
}

async function operatorRun(cluster: BenchCluster, tasks: number): Promise<Run> {
  const seen = await watching(cluster);
  const begun = performance.now();
  const operator = await startProcess(ourOperator(), cluster.operatorKubeconfig, join(cluster.folder, "operator.log"));
  try {
    const work = async (): Promise<Run> => {
      await until(() => seen.jobs.size >= tasks / 2);
      const asked = await submitUrgent(cluster, "urgent");
      await until(() => seen.jobs.size > tasks);
      const at = [...seen.jobs.values()].toSorted((a, b) => a - b);
      const urgent = seen.jobs.get(`tenant-${URGENT}/urgent`) ?? Number.NaN;
      await until(() => seen.ended > tasks);
      await sleep(SETTLE_MILLISECONDS);
      const requests = requestsIn(await operator.metrics());
      return {
        seconds: ((at.at(-1) ?? Number.NaN) - begun) / 1000,
        urgentMilliseconds: urgent - asked,
        writesPerTask: (writesIn(requests) - seen.operatorEvents - seen.progress) / (tasks + 1),
        eventsPerTask: seen.operatorEvents / (tasks + 1),
        progressPerTask: seen.progress / (tasks + 1),
        readyMilliseconds: operator.readyMilliseconds,
        rssMiB: operator.rssMiB(),
        quarters: [0, 0.25, 0.5, 0.75].map((part) => ((at[Math.floor(part * at.length)] ?? Number.NaN) - begun) / 1000),
        requests: Object.fromEntries(Object.entries(requests).map(([verb, sum]) => [verb, sum / (tasks + 1)])),
      };
    };
    return await unlessEnded(operator, work());
  } finally {
    await operator.stop();
    await seen.stop();
  }
}
