import { type Cache, type KubeObject, keyOf, labelOf, recordOf } from "@leanvibe/runtime";
import { type AgentTask, LABELS, PLAN_NAMES, PLANS } from "@leanvibe/schema";
import { isFinal } from "./admission.ts";
import { BY_TASK, isUnfinished, priorityIn, taskOf, type Watched } from "./gather.ts";
import { readJob } from "./read.ts";
import { takesPlace, wantsTurn } from "./situation.ts";
import type { Claim, Slots } from "./slots.ts";
import type { Job, World } from "./world.ts";

/** Tells the queue where the task is, and asks it where the task wants to be. */
export function turnOf(
  key: string,
  about: { task: AgentTask; world: World; job: Job | undefined },
  slots: Slots,
  now: number,
): World["turn"] {
  const claim = claimOf(about.task, about.world.home?.tenant ?? "");
  if (!isFinal(about.task.status?.phase) && wantsTurn(about)) return slots.ask(key, claim, now);
  // Also when it has come to its end: a pod that is still there has its part of the quota.
  if (takesPlace(about, now)) slots.runs(key, claim);
  else slots.leave(key);
  return undefined;
}

function claimOf({ metadata, spec }: AgentTask, tenant: string): Claim {
  return { tenant, priority: spec.priority, createdAt: metadata.creationTimestamp ?? "" };
}

/** What runs already has its place before the first task is let begin. */
export function seedSlots(seen: Record<"jobs" | "tasks" | "namespaces", { cache: Cache }>, slots: Slots): void {
  for (const object of seen.jobs.cache.all()) {
    const job = readJob(object, seen.jobs.cache);
    const [key = ""] = taskOf(object);
    const task = seen.tasks.cache.get(key);
    const namespace = seen.namespaces.cache.get(object.metadata.namespace ?? "");
    const tenant = namespace && labelOf(namespace, LABELS.tenant);
    if (job.finished !== undefined || job.suspended || task === undefined || tenant === undefined) continue;
    slots.runs(key, { tenant, priority: priorityIn(task), createdAt: task.metadata.creationTimestamp ?? "" });
  }
}

/** Who seems to wait for a turn, by a look that costs nothing: what it finds too much gives its turn back. */
export function* waitingIn(seen: Watched): Generator<{ key: string; claim: Claim }> {
  for (const object of seen.tasks.cache.all()) {
    const { metadata, spec } = object;
    const key = keyOf(metadata);
    const namespace = seen.namespaces.cache.get(metadata.namespace ?? "");
    const tenant = namespace && labelOf(namespace, LABELS.tenant);
    const { desiredState = "Run" } = recordOf(spec);
    if (tenant === undefined || desiredState !== "Run" || !isUnfinished(object)) continue;
    if (seen.jobs.cache.by(BY_TASK, key).length > 0) continue;
    yield { key, claim: { tenant, priority: priorityIn(object), createdAt: metadata.creationTimestamp ?? "" } };
  }
}

/** By the plan in force; what a Tenant that is not there may run is nothing. */
export function limitOf(tenant: KubeObject | undefined): number {
  if (tenant === undefined) return 0;
  const inForce = recordOf(tenant["status"])["plan"] ?? recordOf(tenant["spec"])["plan"];
  const plan = PLAN_NAMES.find((name) => name === inForce);
  return plan === undefined ? 0 : PLANS[plan].concurrentAgentTasks;
}
