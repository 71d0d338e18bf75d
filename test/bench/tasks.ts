/** AgentTasks of many Tenants, as `fanout` makes them, and what is seen of them from outside. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Change,
  collectionPath,
  createMetrics,
  Informers,
  KINDS,
  type KubeObject,
  recordOf,
  sameJson,
} from "@leanvibe/runtime";
import { AGENT_TASKS, API_VERSION, LABELS, TENANTS } from "@leanvibe/schema";
import type { BenchCluster } from "./cluster.ts";
import { ourOperator, rawwrite } from "./programs.ts";
import { type Step, tenantStep } from "./record.ts";
import { operatorIn, unlessEnded } from "./runs.ts";

/** As many as an enterprise Tenant runs at a time. */
export const EACH = 50;
/** The Tenant whose tasks are urgent. */
export const URGENT = "bench-urgent";
export const SETTLE_MILLISECONDS = 3_000;
const FEEDERS = 16;
const END_MILLISECONDS = 15 * 60_000;

/** Tenants with their fences, and tasks that nobody has looked at. */
export async function prepare(program: string, cluster: BenchCluster, names: readonly string[]): Promise<void> {
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

export const steps = (one: (at: number) => Step): Step[] => Array.from({ length: EACH }, (_, at) => one(at));

export function post(path: string, body: object, user: Step["user"] = "admin"): Step {
  return {
    user,
    method: "POST",
    path,
    contentType: "application/json",
    body: JSON.stringify(body),
    identifies: false,
  };
}

export const inTenant = (path: string) => path.replace("NAMESPACE", "tenant-@NAME@");

export function task(name: string, namespace: string, priority: string) {
  const spec = { title: "Benchmark", description: "Does nothing.", priority };
  return { apiVersion: API_VERSION, kind: AGENT_TASKS.kind, metadata: { name, namespace }, spec };
}

function taskStep(at: number): Step {
  return post(inTenant(collectionPath(AGENT_TASKS, "NAMESPACE")), task(`task-${at}`, "tenant-@NAME@", "medium"));
}

/** @returns when it was answered, by performance.now() */
export async function submitUrgent({ admin }: BenchCluster, name: string): Promise<number> {
  const namespace = `tenant-${URGENT}`;
  await admin.send({
    method: "POST",
    path: collectionPath(AGENT_TASKS, namespace),
    body: task(name, namespace, "urgent"),
  });
  return performance.now();
}

/** What is seen from outside; times are of performance.now(). */
export type Seen = {
  /** When the Job of each task was made, by `NAMESPACE/NAME of the task`. */
  jobs: Map<string, number>;
  /** When each Job was seen to be finished, in that order. */
  finished: number[];
  /** Tasks that have ended, and how often one said how far it is. */
  ended: number;
  progress: number;
  operatorEvents: number;
};

export async function watching({ admin }: BenchCluster): Promise<Seen & { stop(): Promise<void> }> {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const informers = new Informers({ transport: admin, log: quiet, metrics: createMetrics().watch });
  const seen = {
    jobs: new Map<string, number>(),
    finished: [],
    ended: 0,
    progress: 0,
    operatorEvents: 0,
    stop: () => informers.stop(),
  };
  informers.of(KINDS.Job, { selectors: { labelSelector: LABELS.agent } }).subscribe((change) => notedJob(seen, change));
  informers.of(AGENT_TASKS).subscribe((change) => notedTask(seen, change));
  const told = { fieldSelector: "involvedObject.kind=AgentTask" };
  informers.of(KINDS.Event, { selectors: told }).subscribe(({ after }) => {
    if (after !== undefined) seen.operatorEvents += 1;
  });
  await informers.start();
  return seen;
}

function notedJob(seen: Seen, { before, after }: Change): void {
  if (after === undefined) return;
  const { namespace = "", labels } = after.metadata;
  if (before === undefined) seen.jobs.set(`${namespace}/${labels?.[LABELS.agentTask]}`, performance.now());
  if (isFinished(after) && !isFinished(before)) seen.finished.push(performance.now());
}

function isFinished(job: KubeObject | undefined): boolean {
  const { conditions } = recordOf(job?.["status"]);
  return (
    Array.isArray(conditions) &&
    conditions.map(recordOf).some(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True")
  );
}

function notedTask(seen: Seen, { before, after }: Change): void {
  const [was, is] = [before, after].map((object: KubeObject | undefined) => recordOf(object?.["status"]));
  if (is?.["completionTime"] !== undefined && was?.["completionTime"] === undefined) seen.ended += 1;
  else if (!sameJson(shown(was), shown(is))) seen.progress += 1;
}

/** What a person sees move while a task is at work. */
const shown = (status: Record<string, unknown> | undefined) => [
  status?.["stage"],
  status?.["progress"] ?? 0,
  status?.["activity"],
];

export async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + END_MILLISECONDS; !holds(); await sleep(5)) {
    if (Date.now() > end) throw new Error("the tasks did not come so far in a quarter of an hour");
  }
}
