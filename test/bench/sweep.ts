import { loadavg } from "node:os";
import { type Outcome, spreadOf } from "./figures.ts";
import { goPrograms, ourOperator, peerOperator } from "./programs.ts";
import { tenantNames } from "./record.ts";
import { operatorRun, rawRun, recordedSteps, writesIn } from "./runs.ts";

export type SweepOptions = {
  tenants: number;
  /** Numbers of workers: Tenants worked on at a time by an operator, or written at a time by rawwrite. */
  at: readonly number[];
  say: (line: string) => void;
};

type Run = { seconds: number; writesPerSecond: number; cpuSeconds?: number };
type Row = { at: number; ours: Run; peer: Run; rawwrite: Run };

/** One run each with so many workers, from which the defaults of the benchmarks and of our operator are chosen. */
export async function sweep({ tenants, at: counts, say }: SweepOptions): Promise<Outcome> {
  const programs = await goPrograms();
  const steps = await recordedSteps();
  const names = tenantNames(tenants);
  const operator = async (command: Parameters<typeof operatorRun>[0]): Promise<Run> => {
    const { seconds, requests, cpuSeconds } = await operatorRun(command, programs.rawwrite, names);
    return { seconds, writesPerSecond: (writesIn(requests) + tenants) / seconds, cpuSeconds };
  };
  const rows: Row[] = [];
  say("workers | ours s, writes/s, CPU s | Go operator s, writes/s, CPU s | rawwrite s, writes/s | load");
  for (const at of counts) {
    const row = {
      at,
      ours: await operator(ourOperator(at)),
      peer: await operator(peerOperator(programs.peer, at)),
      rawwrite: await rawRun(programs.rawwrite, { names, steps, writers: at, http2: true }),
    };
    rows.push(row);
    const load = (loadavg()[0] ?? 0).toFixed(1);
    say([String(at).padStart(7), told(row.ours), told(row.peer), told(row.rawwrite), load].join(" | "));
  }
  const best = {
    ours: bestOf(rows, "ours"),
    peer: bestOf(rows, "peer"),
    rawwrite: bestOf(rows, "rawwrite"),
  };
  say(`fastest: ours with ${best.ours}, the Go operator with ${best.peer}, rawwrite with ${best.rawwrite}`);
  return {
    name: "sweep",
    ours: rows.map(({ at, ours }) => ({ at, ...ours })),
    peer: rows.map(({ at, peer, rawwrite }) => ({ at, peer, rawwrite })),
    ratio: spreadOf(rows.map(({ ours, peer }) => ours.seconds / peer.seconds)),
    counts: { tenants, oursBest: best.ours, peerBest: best.peer, rawwriteBest: best.rawwrite },
    bars: [],
  };
}

function told({ seconds, writesPerSecond, cpuSeconds }: Run): string {
  const cpu = cpuSeconds === undefined ? "" : `, ${cpuSeconds.toFixed(2)}`;
  return `${seconds.toFixed(2)}, ${writesPerSecond.toFixed(0)}${cpu}`;
}

function bestOf(rows: readonly Row[], who: "ours" | "peer" | "rawwrite"): number {
  return rows.toSorted((a, b) => a[who].seconds - b[who].seconds)[0]?.at ?? 0;
}
