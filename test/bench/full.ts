import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCluster } from "./cluster.ts";
import { startProcess } from "./process.ts";
import { ourOperator } from "./programs.ts";
import { unlessEnded } from "./runs.ts";
import { type Seen, submitUrgent, URGENT, until, watching } from "./tasks.ts";

/** So few that all are in use, and one becomes free several times a second: a simulated pod ends after about one. */
const SLOTS = 10;
/** Urgent tasks, one after the other. */
const TRIES = 8;
const APART_MILLISECONDS = 300;

/** Milliseconds of one urgent task that came when all slots were in use. */
export type Wait = {
  /** From the first slot that became free, which is a Job seen to be finished, until its own Job is there. */
  sinceFree: number;
  /** From the answer that it is accepted. */
  inAll: number;
};

/** Urgent tasks that come while AGENT_SLOTS are all in use and more tasks wait than there are slots. */
export async function urgentWhenFull(cluster: BenchCluster, tasks: number): Promise<Wait[]> {
  const seen = await watching(cluster);
  const { env, ...command } = ourOperator();
  const full = { ...command, env: { ...env, AGENT_SLOTS: String(SLOTS) } };
  const operator = await startProcess(full, cluster.operatorKubeconfig, join(cluster.folder, "full.log"));
  try {
    const waits: Wait[] = [];
    const work = async () => {
      for (let at = 0; at < TRIES; at += 1) {
        await until(() => isFull(seen));
        if (seen.jobs.size + SLOTS >= tasks) throw new Error("there are too few tasks for all slots to stay in use");
        waits.push(await one(cluster, seen, `urgent-${at}`));
        await sleep(APART_MILLISECONDS);
      }
    };
    await unlessEnded(operator, work());
    return waits;
  } finally {
    await operator.stop();
    await seen.stop();
  }
}

function isFull({ jobs, finished }: Seen): boolean {
  return jobs.size - finished.length >= SLOTS;
}

async function one(cluster: BenchCluster, seen: Seen, name: string): Promise<Wait> {
  const asked = await submitUrgent(cluster, name);
  const key = `tenant-${URGENT}/${name}`;
  await until(() => seen.jobs.has(key));
  const made = seen.jobs.get(key) ?? Number.NaN;
  const free = seen.finished.find((at) => at >= asked) ?? made;
  return { sinceFree: Math.max(0, made - free), inAll: made - asked };
}
