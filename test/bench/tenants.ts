import { loadavg } from "node:os";
import { differencesBetween } from "./compared.ts";
import { atLeast, atMost, type Outcome, rounded, type Spread, spreadOf, tell } from "./figures.ts";
import { goPrograms, ourOperator, peerOperator } from "./programs.ts";
import { type Step, tenantNames } from "./record.ts";
import { type OperatorRun, operatorRun, type RawRun, rawRun, recordedSteps, writesIn } from "./runs.ts";

export type TenantOptions = {
  tenants: number;
  pairs: number;
  /** Of rawwrite: requests under way at a time, over one connection as client-go has it. */
  writers: number;
  /** Of the Go operator: Tenants worked on at a time. */
  workers: number;
  say: (line: string) => void;
};

type Round = { ours: OperatorRun; peer: OperatorRun; raw: RawRun };

/** Interleaved, each in a cluster of its own: our operator, the Go operator, and the same writes with no operator. */
export async function tenants({ say, pairs, writers, workers, tenants: count }: TenantOptions): Promise<Outcome> {
  const names = tenantNames(count);
  const programs = await goPrograms();
  const steps = await recordedSteps();
  say(`${count} Tenants, ${pairs} rounds; a Tenant is ${steps.length} writes of ours, its own creation included`);
  const rounds: Round[] = [];
  for (let round = 1; round <= pairs; round += 1) {
    const [load = 0] = loadavg();
    const ours = await operatorRun(ourOperator(), programs.rawwrite, names);
    const peer = await operatorRun(peerOperator(programs.peer, workers), programs.rawwrite, names);
    const raw = await rawRun(programs.rawwrite, { names, steps, writers, http2: true });
    rounds.push({ ours, peer, raw });
    const [us, go, limit] = [ours, peer, raw].map(({ seconds }) => seconds.toFixed(2));
    say(`round ${round}: ours ${us} s, Go operator ${go} s, rawwrite ${limit} s (load before it ${load.toFixed(1)})`);
  }
  const sides = { ours: figuresOf(rounds, count, "ours"), peer: figuresOf(rounds, count, "peer") };
  for (const [who, figures] of Object.entries(sides)) {
    for (const [name, spread] of Object.entries(figures)) say(`${who} ${name}: ${tell(spread)}`);
  }
  say(`rawwrite writesPerSecond: ${tell(over(rounds, ({ raw }) => raw.writesPerSecond))}`);
  const differences = rounds.flatMap(({ ours, peer }) => differencesBetween(ours.example, peer.example));
  say(
    `${rounds[0]?.ours.example.size ?? 0} fields of a Tenant, its children and its Events compared with the Go operator's`,
  );
  for (const difference of new Set(differences)) say(`not the same: ${difference}`);
  const { bars, ...judgement } = judged(rounds, steps, count);
  bars.push(atMost("the peer is valid: fields of a Tenant and its children that differ", differences.length, 0));
  return { name: "tenants", ...sides, ...judgement, bars };
}

function over(rounds: readonly Round[], value: (round: Round) => number): Spread {
  return spreadOf(rounds.map(value));
}

/** Who created the Tenants wrote too. */
function rate(run: OperatorRun, count: number): number {
  return (writesIn(run.requests) + count) / run.seconds;
}

function figuresOf(rounds: readonly Round[], count: number, who: "ours" | "peer"): Record<string, Spread> {
  return {
    seconds: over(rounds, (round) => round[who].seconds),
    cpuSeconds: over(rounds, (round) => round[who].cpuSeconds),
    rssMiB: over(rounds, (round) => round[who].rssMiB),
    peakRssMiB: over(rounds, (round) => round[who].peakRssMiB),
    readyMilliseconds: over(rounds, (round) => round[who].readyMilliseconds),
    writesPerTenant: over(rounds, (round) => writesIn(round[who].requests) / count),
    writesPerSecond: over(rounds, (round) => rate(round[who], count)),
  };
}

function judged(
  rounds: readonly Round[],
  steps: readonly Step[],
  count: number,
): Pick<Outcome, "ratio" | "counts" | "bars"> {
  const ratio = over(rounds, ({ ours, peer }) => ours.seconds / peer.seconds);
  const ofRaw = over(rounds, ({ ours, raw }) => rate(ours, count) / raw.writesPerSecond);
  const peerOfRaw = over(rounds, ({ peer, raw }) => rate(peer, count) / raw.writesPerSecond);
  const cpu = over(rounds, ({ ours, peer }) => ours.cpuSeconds / peer.cpuSeconds);
  const children = steps.filter(({ method, path }) => method === "POST" && !/\/(tenants|events)\b/.test(path)).length;
  const events = over(rounds, ({ ours }) => (ours.server["events"] ?? 0) / count).median;
  const writes = over(rounds, ({ ours }) => writesIn(ours.requests) / count).median;
  const last = rounds.at(-1);
  return {
    ratio,
    counts: {
      children,
      writesPerTenant: rounded(writes),
      eventsPerTenant: rounded(events),
      ...perTenant("operator", last?.ours.requests, count),
      ...perTenant("apiserver", last?.ours.server, count),
      ...perTenant("peer", last?.peer.requests, count),
    },
    bars: [
      atMost("time, of the Go operator's", ratio.median, 0.8),
      atLeast("writes/s, of rawwrite's", ofRaw.median, 0.85),
      atLeast("the peer is valid: its writes/s, of rawwrite's", peerOfRaw.median, 0.65),
      atMost("writes per Tenant, Events apart", writes - events, children + 3),
      atMost("GETs", over(rounds, ({ ours: { requests } }) => requests["GET"] ?? 0).max, 0),
      atMost("CPU, of the Go operator's", cpu.median, 1.5),
    ],
  };
}

function perTenant(who: string, requests: Record<string, number> | undefined, count: number): Record<string, number> {
  const entries = Object.entries(requests ?? {});
  return Object.fromEntries(entries.map(([verb, sum]) => [`${who} ${verb}`, rounded(sum / count)]));
}
