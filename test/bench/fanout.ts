import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Change,
  collectionPath,
  createMetrics,
  Informers,
  KINDS,
  type KubeObject,
  recordOf,
} from "@leanvibe/runtime";
import { AGENT_TASKS, API_VERSION, LABELS, parseAgentTask, TENANTS } from "@leanvibe/schema";
import { jobManifest } from "../../operator/src/agenttask/job.ts";
import { parseConfig } from "../../operator/src/config.ts";
import type { BenchCluster } from "./cluster.ts";
import { atMost, type Outcome, spreadOf, tell } from "./figures.ts";
import { startProcess } from "./process.ts";
import { goPrograms, ourOperator, rawwrite } from "./programs.ts";
import { type Step, tenantStep } from "./record.ts";
import { inCluster, operatorIn, requestsIn, unlessEnded, writesIn } from "./runs.ts";

export type FanoutOptions = { tasks: number; pairs: number; writers: number; say: (line: string) => void };

/** As many as an enterprise Tenant runs at a time. */
const EACH = 50;
const URGENT = "bench-urgent";
const FEEDERS = 16;
const SETTLE_MILLISECONDS = 3_000;
const END_MILLISECONDS = 15 * 60_000;

type Run = {
  seconds: number;
  urgentMilliseconds: number;
  writesPerTask: number;
  readyMilliseconds: number;
  rssMiB: number;
  /** When the first, the middle and the last Job was made. */
  quarters: number[];
  /** For a task, by method; conflicts and Events included. */
  requests: Record<string, number>;
};

/** Accepted tasks that wait for an operator, from its start to the last Job; and as many plain Jobs by rawwrite. */
export async function fanout({ tasks, pairs, writers, say }: FanoutOptions): Promise<Outcome> {
  const { rawwrite: program } = await goPrograms();
  const names = Array.from({ length: Math.ceil(tasks / EACH) }, (_, at) => `bench-${String(at).padStart(5, "0")}`);
  const rounds: { ours: Run; raw: number }[] = [];
  for (let round = 1; round <= pairs; round += 1) {
    const [load = 0] = loadavg();
    const ours = await inCluster({}, async (cluster) => {
      await prepare(program, cluster, names);
      return operatorRun(cluster, names.length * EACH);
    });
    const raw = await inCluster({}, async (cluster) => {
      await prepare(program, cluster, names);
      return (await rawwrite(program, cluster, { names, steps: steps(jobStep), writers, http2: true })).seconds;
    });
    rounds.push({ ours, raw });
    say(
      `round ${round}: ours ${ours.seconds.toFixed(2)} s (ready after ${Math.round(ours.readyMilliseconds)} ms), rawwrite ${raw.toFixed(2)} s, urgent after ${Math.round(ours.urgentMilliseconds)} ms (load before it ${load.toFixed(1)})`,
    );
  }
  const over = (value: (round: (typeof rounds)[number]) => number) => spreadOf(rounds.map(value));
  const ratio = over(({ ours, raw }) => ours.seconds / raw);
  const urgent = over(({ ours }) => ours.urgentMilliseconds);
  const writes = over(({ ours }) => ours.writesPerTask);
  const seconds = over(({ ours }) => ours.seconds);
  const rssMiB = over(({ ours }) => ours.rssMiB);
  for (const [name, spread] of Object.entries({ seconds, ratio, urgent, writes, rssMiB }))
    say(`${name}: ${tell(spread)}`);
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
    ours: { seconds, urgentMilliseconds: urgent, writesPerTask: writes, rssMiB },
    peer: { seconds: over(({ raw }) => raw) },
    ratio,
    counts: { tasks: names.length * EACH },
    bars: [
      atMost("time from the operator's start to the last Job, of rawwrite's for plain Jobs", ratio.median, 1.15),
      atMost("milliseconds until an urgent task in the middle has its Job, the worst", urgent.max, 500),
      atMost("writes for a task, Events and visible progress apart", writes.median, 4),
    ],
  };
}

/** Tenants with their fences, and tasks that nobody has looked at. */
async function prepare(program: string, cluster: BenchCluster, names: readonly string[]): Promise<void> {
  await operatorIn(cluster, ourOperator(), async (operator) => {
    const tenant = tenantStep();
    const body = tenant.body.replace('"spec":{', '"spec":{"plan":"enterprise",');
    const all = [...names, URGENT];
    const watch = collectionPath(TENANTS);
    await unlessEnded(
      operator,
      rawwrite(program, cluster, { names: all, steps: [{ ...tenant, body }], writers: FEEDERS, watch }),
    );
  });
  await rawwrite(program, cluster, { names, steps: steps(taskStep), writers: FEEDERS });
  await sleep(SETTLE_MILLISECONDS);
}

const steps = (one: (at: number) => Step): Step[] => Array.from({ length: EACH }, (_, at) => one(at));

function post(path: string, body: object): Step {
  return {
    user: "admin",
    method: "POST",
    path,
    contentType: "application/json",
    body: JSON.stringify(body),
    identifies: false,
  };
}

const inTenant = (path: string) => path.replace("NAMESPACE", "tenant-@NAME@");

function task(name: string, namespace: string, priority: string) {
  const spec = { title: "Benchmark", description: "Does nothing.", priority };
  return { apiVersion: API_VERSION, kind: AGENT_TASKS.kind, metadata: { name, namespace }, spec };
}

function taskStep(at: number): Step {
  return post(inTenant(collectionPath(AGENT_TASKS, "NAMESPACE")), task(`task-${at}`, "tenant-@NAME@", "medium"));
}

/** The Job that the operator makes, under a name of its own and without an owner. */
function jobStep(at: number): Step {
  const parsed = parseAgentTask({
    ...task(`task-${at}`, "tenant-@NAME@", "medium"),
    metadata: { name: `task-${at}`, uid: "00000000-0000" },
  });
  if (!parsed.ok) throw parsed.error;
  const made = jobManifest(parsed.value, parseConfig({}).agents, undefined);
  const { ownerReferences: _, ...metadata } = made.metadata;
  const body = { ...made, metadata: { ...metadata, name: `agt-raw-${at}-00000000`, namespace: "tenant-@NAME@" } };
  return post(inTenant(collectionPath(KINDS.Job, "NAMESPACE")), body);
}

async function operatorRun(cluster: BenchCluster, tasks: number): Promise<Run> {
  const seen = await watching(cluster);
  const begun = performance.now();
  const operator = await startProcess(ourOperator(), cluster.operatorKubeconfig, join(cluster.folder, "operator.log"));
  try {
    const work = async (): Promise<Run> => {
      await until(() => seen.jobs.size >= tasks / 2);
      const path = collectionPath(AGENT_TASKS, `tenant-${URGENT}`);
      await cluster.admin.send({ method: "POST", path, body: task("urgent", `tenant-${URGENT}`, "urgent") });
      const asked = performance.now();
      await until(() => seen.jobs.size > tasks);
      const at = [...seen.jobs.values()].toSorted((a, b) => a - b);
      const urgent = seen.jobs.get(`tenant-${URGENT}`) ?? Number.NaN;
      await until(() => seen.ended > tasks);
      await sleep(SETTLE_MILLISECONDS);
      const requests = requestsIn(await operator.metrics());
      return {
        seconds: ((at.at(-1) ?? Number.NaN) - begun) / 1000,
        urgentMilliseconds: urgent - asked,
        writesPerTask: (writesIn(requests) - seen.operatorEvents - seen.progress) / (tasks + 1),
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

/** What is seen from outside: when each Job was made, how many tasks have ended, and how often one said how far it is. */
async function watching({ admin }: BenchCluster) {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const informers = new Informers({ transport: admin, log: quiet, metrics: createMetrics().watch });
  const seen = {
    jobs: new Map<string, number>(),
    ended: 0,
    progress: 0,
    operatorEvents: 0,
    stop: () => informers.stop(),
  };
  informers.of(KINDS.Job, { selectors: { labelSelector: LABELS.agent } }).subscribe(({ before, after }) => {
    if (before !== undefined || after === undefined) return;
    const { namespace = "", name } = after.metadata;
    seen.jobs.set(namespace === `tenant-${URGENT}` ? namespace : `${namespace}/${name}`, performance.now());
  });
  informers.of(AGENT_TASKS).subscribe((change) => noted(seen, change));
  const told = { fieldSelector: "involvedObject.kind=AgentTask" };
  informers.of(KINDS.Event, { selectors: told }).subscribe(({ after }) => {
    if (after !== undefined) seen.operatorEvents += 1;
  });
  await informers.start();
  return seen;
}

function noted(seen: { ended: number; progress: number }, { before, after }: Change): void {
  const [was, is] = [before, after].map((object: KubeObject | undefined) => recordOf(object?.["status"]));
  if (is?.["completionTime"] !== undefined && was?.["completionTime"] === undefined) seen.ended += 1;
  else if (was?.["phase"] === "Running" && is?.["phase"] === "Running") seen.progress += 1;
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + END_MILLISECONDS; !holds(); await sleep(5)) {
    if (Date.now() > end) throw new Error("the tasks did not come so far in a quarter of an hour");
  }
}
