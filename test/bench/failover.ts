import { loadavg } from "node:os";
import { ELECTION_PACE } from "@leanvibe/runtime";
import { apiOf, clear } from "../harness/cluster.ts";
import type { BenchCluster } from "./cluster.ts";
import { atMost, type Bar, type Outcome, type Spread, spreadOf, tell } from "./figures.ts";
import { ourOperator } from "./programs.ts";
import { inCluster, operatorIn } from "./runs.ts";
import { type Arena, ENDS, type End, type Takeover, takeover } from "./takeover.ts";

/** Seconds until the next one acts. */
const LIMITS = { stopped: 1, killed: 20, paused: 20 } as const satisfies Record<End, number>;
/** What its process must end with: by itself when it wakes too late. */
const EXIT_CODES = { stopped: 0, killed: undefined, paused: 1 } as const satisfies Record<End, number | undefined>;

/** In one cluster, at the pace that people get: a leader at work is stopped, killed or paused, and the next one takes over. */
export async function failover({ pairs, say }: { pairs: number; say: (line: string) => void }): Promise<Outcome> {
  const seen: Record<End, Takeover[]> = { stopped: [], killed: [], paused: [] };
  await inCluster({}, async (cluster) => {
    const arena: Arena = {
      api: apiOf(cluster.admin),
      kubeconfig: cluster.operatorKubeconfig,
      folder: cluster.folder,
      command: ourOperator(),
      pace: ELECTION_PACE,
    };
    for (let round = 1; round <= pairs; round += 1) {
      for (const how of ENDS) {
        const one = await takeover(how, arena);
        seen[how].push(one);
        const [load = 0] = loadavg();
        say(
          `${round} of ${pairs}, ${how}: ${one.seconds.toFixed(2)} s, late writes ${one.lateWrites} (load ${load.toFixed(1)})`,
        );
      }
      await cleared(cluster, arena);
    }
  });
  const ours: Record<End, Spread> = {
    stopped: secondsOf(seen.stopped),
    killed: secondsOf(seen.killed),
    paused: secondsOf(seen.paused),
  };
  for (const how of ENDS) say(`${how}, seconds until the next one acts: ${tell(ours[how])}`);
  const all = ENDS.flatMap((how) => seen[how]);
  return {
    name: "failover",
    ours,
    peer: { leaseSeconds: ELECTION_PACE.leaseSeconds },
    ratio: spreadOf(seen.killed.map(({ seconds }) => seconds / ELECTION_PACE.leaseSeconds)),
    counts: { takeovers: all.length },
    bars: [
      ...ENDS.map(
        (how): Bar => atMost(`leader ${how}: seconds until the next one acts, the worst`, ours[how].max, LIMITS[how]),
      ),
      atMost(
        "writes by a former leader that was late",
        sum(all, ({ lateWrites }) => lateWrites),
        0,
      ),
      atMost(
        "takeovers in which its late bytes changed something",
        sum(all, ({ changedLate }) => Number(changedLate)),
        0,
      ),
      atMost(
        "children made twice",
        sum(all, ({ madeTwice }) => madeTwice.length),
        0,
      ),
      atMost("former leaders that ended otherwise than they should", endedOtherwise(seen), 0),
    ],
  };
}

/** Every round finds the same: nothing but what is retained. */
async function cleared(cluster: BenchCluster, { api, command }: Arena): Promise<void> {
  await operatorIn(cluster, command, () => clear(api));
}

function secondsOf(takeovers: readonly Takeover[]): Spread {
  return spreadOf(takeovers.map(({ seconds }) => seconds));
}

function sum(takeovers: readonly Takeover[], value: (takeover: Takeover) => number): number {
  return takeovers.reduce((total, one) => total + value(one), 0);
}

function endedOtherwise(seen: Record<End, readonly Takeover[]>): number {
  return ENDS.flatMap((how) => seen[how].filter(({ exitCode }) => exitCode !== EXIT_CODES[how])).length;
}
