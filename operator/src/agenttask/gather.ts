import {
  type Applier,
  type Informers,
  isApiError,
  KINDS,
  type KubeObject,
  keyOf,
  labelOf,
  objectPath,
  recordOf,
} from "@leanvibe/runtime";
import {
  AGENT_NAME,
  type AgentTask,
  agentConfigMaps,
  LABELS,
  TASK_PHASES,
  TASK_PRIORITIES,
  type TaskPriority,
  TENANTS,
} from "@leanvibe/schema";
import type { AgentSettings } from "../config.ts";
import { resultIn, resultInformer } from "../probe/result.ts";
import { isFinal } from "./admission.ts";
import { isSimulated } from "./pods.ts";
import { readJob, readPod, readReport } from "./read.ts";
import { taskInformer } from "./tasks.ts";
import { trimJob, trimPod, trimReport } from "./trim.ts";
import type { Fence, Home, Job, Pod, Said, World } from "./world.ts";

/** Index of what belongs to a task by the task's key. */
export const BY_TASK = LABELS.agentTask;

export type Watched = ReturnType<typeof watched>;

/** The key of the task that a Job, a pod or a report is labelled with. */
export function taskOf(object: KubeObject): string[] {
  const name = labelOf(object, LABELS.agentTask);
  return name === undefined ? [] : [keyOf({ ...object.metadata, name })];
}

/** Everything that a task is decided from; the Tenants' things are watched once, with their own controller. */
export function watched(informers: Informers) {
  const indexes = { [BY_TASK]: taskOf };
  const ofAgents = { indexes, selectors: { labelSelector: LABELS.agent } };
  const ofTenants = { selectors: { labelSelector: LABELS.tenant } };
  return {
    tasks: taskInformer(informers),
    jobs: informers.of(KINDS.Job, { ...ofAgents, trim: trimJob }),
    pods: informers.of(KINDS.Pod, { ...ofAgents, trim: trimPod }),
    reports: informers.of(KINDS.ConfigMap, {
      indexes,
      selectors: { labelSelector: LABELS.agentReport },
      trim: trimReport,
    }),
    tenants: informers.of(TENANTS),
    namespaces: informers.of(KINDS.Namespace),
    fences: {
      account: informers.of(KINDS.ServiceAccount, ofTenants),
      policies: informers.of(KINDS.NetworkPolicy, ofTenants),
      binding: informers.of(KINDS.RoleBinding, ofTenants),
    },
    proof: resultInformer(informers),
  };
}

/** Objects of the agents' fence in a namespace; the right is given last, and only where the others were seen. */
const FENCE = [
  { of: "account", name: AGENT_NAME },
  { of: "policies", name: AGENT_NAME },
  { of: "policies", name: "leanvibe-isolation" },
  { of: "binding", name: AGENT_NAME },
] as const;

export function fenceIn(namespace: string, { fences, proof }: Watched): Fence {
  const missing = FENCE.flatMap(({ of, name }) => {
    const found = fences[of].cache.get(keyOf({ namespace, name }));
    return found === undefined || found.metadata.deletionTimestamp !== undefined
      ? [`${fences[of].kind.kind} ${name}`]
      : [];
  });
  return { missing, network: resultIn(proof)?.verdict };
}

export function homeOf(namespace: string, { namespaces, tenants }: Watched): Home | undefined {
  const live = namespaces.cache.get(namespace);
  const tenant = live && labelOf(live, LABELS.tenant);
  // What was kept of a Tenant that went is nobody's to work in.
  if (live === undefined || tenant === undefined || labelOf(live, LABELS.retained) === "true") return undefined;
  const account = recordOf(recordOf(tenants.cache.get(tenant)?.["status"])["account"]);
  return {
    tenant,
    isSuspended: labelOf(live, LABELS.suspended) === "true",
    isGoing: live.metadata.deletionTimestamp !== undefined,
    runtimeClassName: labelOf(live, LABELS.runtimeClass),
    isMirrored: typeof account["tenantID"] === "string",
  };
}

/** What is known without asking anybody. */
export function gathered(
  { metadata }: AgentTask,
  seen: Watched,
  settings: AgentSettings,
): { world: World; job: Job | undefined } {
  const { name, namespace = "", uid } = metadata;
  const key = keyOf({ namespace, name });
  const isOwn = (owner: string | undefined) => (object: KubeObject) =>
    object.metadata.ownerReferences?.some((each) => each.controller === true && each.uid === owner) ?? false;
  const found = seen.jobs.cache.by(BY_TASK, key).find(isOwn(uid));
  const job = found && readJob(found, seen.jobs.cache);
  const pods = job === undefined ? [] : seen.pods.cache.by(BY_TASK, key).filter(isOwn(job.uid)).map(readPod);
  return {
    world: {
      home: homeOf(namespace, seen),
      fence: fenceIn(namespace, seen),
      turn: undefined,
      pods,
      said: job && readReport(seen.reports.cache.get(reportKey(namespace, job)), job.uid),
      settings,
      jobsComeFirst: false,
    },
    job,
  };
}

function reportKey(namespace: string, job: Job): string {
  return keyOf({ namespace, name: agentConfigMaps(job.name).report });
}

/**
 * The last word of an agent whose Job is done, from the API server itself where the watch has not brought it: the one
 * watch may lag behind the other, and what a task ended as is never taken back.
 */
export async function lastWord(
  namespace: string,
  job: Job | undefined,
  { said, pods }: { said: Said | undefined; pods: readonly Pod[] },
  { transport }: Applier,
): Promise<Said | undefined> {
  // Where nothing ran nobody has a last word.
  if (job?.finished === undefined || hasOutcome(said, pods) || pods.some(isSimulated)) return said;
  const path = objectPath(KINDS.ConfigMap, { namespace, name: agentConfigMaps(job.name).report });
  try {
    return readReport((await transport.send({ method: "GET", path })) as KubeObject, job.uid);
  } catch (error) {
    if (isApiError(error, 404)) return undefined;
    throw error;
  }
}

function hasOutcome(said: Said | undefined, pods: readonly Pod[]): boolean {
  if (said === undefined || "refused" in said) return false;
  return said.report.outcome !== undefined && pods.some(({ uid }) => uid === said.podUID);
}

/** Read without parsing, as the next: they are asked at every change. */
export function phaseOf({ status }: KubeObject) {
  const { phase } = recordOf(status);
  return TASK_PHASES.find((each) => each === phase);
}

export function isUnfinished(task: KubeObject): boolean {
  return !isFinal(phaseOf(task));
}

export function priorityIn({ spec }: KubeObject): TaskPriority {
  const { priority } = recordOf(spec);
  return TASK_PRIORITIES.find((each) => each === priority) ?? "medium";
}
