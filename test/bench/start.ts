import { join } from "node:path";
import { OPERATOR_SOURCE } from "../../cli/src/operator.ts";
import { freshCluster } from "./cluster.ts";
import { atMost, type Outcome, type Spread, spreadOf, tell } from "./figures.ts";
import { type Command, startProcess } from "./process.ts";
import { goPrograms, ourOperator, peerOperator } from "./programs.ts";

/** An operator alone: what it needs to become ready, and to be there. */
type Start = { readyMilliseconds: number; rssMiB: number; cpuSeconds: number };

/** One cluster, in which each is started and stopped in turn: as it ships, as it is developed, and the Go operator. */
export async function start({ pairs, say }: { pairs: number; say: (line: string) => void }): Promise<Outcome> {
  const { peer } = await goPrograms();
  const ours = ourOperator();
  const source = { ...ours, args: [OPERATOR_SOURCE] };
  const commands = { ours, source, peer: peerOperator(peer, 16) };
  const seen: Record<keyof typeof commands, Start[]> = { ours: [], source: [], peer: [] };
  const cluster = await freshCluster();
  try {
    for (let round = 0; round < pairs; round += 1) {
      for (const who of ["ours", "source", "peer"] as const) {
        seen[who].push(await started(commands[who], cluster.operatorKubeconfig, join(cluster.folder, `${who}.log`)));
      }
    }
  } finally {
    await cluster.stop();
  }
  const figures = { ours: figuresOf(seen.ours), source: figuresOf(seen.source), peer: figuresOf(seen.peer) };
  for (const [who, spreads] of Object.entries(figures)) {
    for (const [name, spread] of Object.entries(spreads)) say(`${who} ${name}: ${tell(spread)}`);
  }
  const ratio = spreadOf(
    seen.ours.map(({ readyMilliseconds }, index) => readyMilliseconds / (seen.peer[index]?.readyMilliseconds ?? 0)),
  );
  const limit = Math.max(400, 2 * figures.peer.readyMilliseconds.median);
  return {
    name: "start",
    ours: { bundle: figures.ours, source: figures.source },
    peer: figures.peer,
    ratio,
    counts: {},
    bars: [atMost("milliseconds to ready (twice Go's or 400)", figures.ours.readyMilliseconds.median, limit)],
  };
}

async function started(command: Command, kubeconfig: string, log: string): Promise<Start> {
  const operator = await startProcess(command, kubeconfig, log);
  const { readyMilliseconds } = operator;
  const seen = { readyMilliseconds, rssMiB: operator.rssMiB(), cpuSeconds: operator.cpuSeconds() };
  await operator.stop();
  return seen;
}

function figuresOf(starts: readonly Start[]): Record<keyof Start, Spread> {
  return {
    readyMilliseconds: spreadOf(starts.map(({ readyMilliseconds }) => readyMilliseconds)),
    rssMiB: spreadOf(starts.map(({ rssMiB }) => rssMiB)),
    cpuSeconds: spreadOf(starts.map(({ cpuSeconds }) => cpuSeconds)),
  };
}
