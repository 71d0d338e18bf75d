import {
  type EventDraft,
  type Intervention,
  KINDS,
  type Kind,
  type KubeObject,
  labelOf,
  type MergePatch,
  recordOf,
} from "@leanvibe/runtime";
import { ANNOTATIONS, LABELS, type Tenant } from "@leanvibe/schema";

/** Why a Tenant is at a stop. */
export type Suspension = { reason: string; message: string };

/**
 * Who stops it: its own spec, the platform's accounts, or its parent. The strictest need not win: all stop the same
 * things, and it runs again when none is left.
 */
export function suspensionOf({ spec, status }: Tenant, parent: Tenant | undefined): Suspension | undefined {
  const hold = status?.account?.hold;
  if (spec.suspend) {
    const why = spec.suspendReason === undefined ? "" : ` ${spec.suspendReason}.`;
    return {
      reason: "SpecSuspend",
      message: `spec.suspend is true.${why} Set it to false, without spec.suspendReason, to resume.`,
    };
  }
  if (hold !== undefined) {
    return { reason: "AccountHold", message: `The platform's accounts hold it: ${hold}. It resumes when they let go.` };
  }
  if (parent === undefined || suspensionOf(parent, undefined) === undefined) return undefined;
  const { name } = parent.metadata;
  return { reason: "ParentSuspended", message: `Its parent ${name} is suspended; it resumes when that does.` };
}

/** How one kind of workload is stopped, told from a stopped one, and brought back. All pure: merge patches come out. */
type Means = {
  kind: Kind;
  runs: (workload: KubeObject) => boolean;
  stop: (workload: KubeObject) => MergePatch;
  resume: (workload: KubeObject) => MergePatch;
  /** The annotation by which a later resume knows that it was we who stopped it. */
  mark: string;
};

/** A count that an owner wrote into our annotation may be anything; the API server judges what is left. */
const COUNT = /^[1-9][0-9]{0,8}$/;

function byReplicas(kind: Kind): Means {
  const mark = ANNOTATIONS.resumeReplicas;
  const replicasOf = ({ spec }: KubeObject) => recordOf(spec)["replicas"] ?? 1;
  return {
    kind,
    mark,
    runs: (workload) => replicasOf(workload) !== 0,
    stop: (workload) => ({
      metadata: { annotations: { [mark]: String(replicasOf(workload)) } },
      spec: { replicas: 0 },
    }),
    resume: (workload) => {
      const count = workload.metadata.annotations?.[mark] ?? "";
      // A value that somebody set meanwhile stands.
      const back = replicasOf(workload) === 0 && COUNT.test(count) ? { spec: { replicas: Number(count) } } : {};
      return { metadata: { annotations: { [mark]: null } }, ...back };
    },
  };
}

function bySuspend(kind: Kind): Means {
  const mark = ANNOTATIONS.resume;
  const suspended = ({ spec }: KubeObject) => recordOf(spec)["suspend"] === true;
  return {
    kind,
    mark,
    runs: (workload) => !suspended(workload) && !isFinished(workload),
    stop: () => ({ metadata: { annotations: { [mark]: "true" } }, spec: { suspend: true } }),
    resume: (workload) => ({
      metadata: { annotations: { [mark]: null } },
      ...(suspended(workload) ? { spec: { suspend: false } } : {}),
    }),
  };
}

/** Volumes that would go with the pods stay: a suspension takes no data. */
const STATEFUL_SET: Means = {
  ...byReplicas(KINDS.StatefulSet),
  stop: (workload) => {
    const patch = byReplicas(KINDS.StatefulSet).stop(workload);
    const whenScaled = retentionOf(workload)["whenScaled"];
    if (whenScaled !== "Delete") return patch;
    return {
      metadata: { annotations: { ...patch.metadata?.annotations, [ANNOTATIONS.resumeWhenScaled]: whenScaled } },
      spec: { ...patch.spec, persistentVolumeClaimRetentionPolicy: { whenScaled: "Retain" } },
    };
  },
  resume: (workload) => {
    const patch = byReplicas(KINDS.StatefulSet).resume(workload);
    if (workload.metadata.annotations?.[ANNOTATIONS.resumeWhenScaled] !== "Delete") return patch;
    return {
      metadata: { annotations: { ...patch.metadata?.annotations, [ANNOTATIONS.resumeWhenScaled]: null } },
      spec: { ...patch.spec, persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } },
    };
  },
};

function retentionOf({ spec }: KubeObject): Record<string, unknown> {
  return recordOf(recordOf(spec)["persistentVolumeClaimRetentionPolicy"]);
}

/** A label that no node carries: tenants cannot write nodes, and platform operators have no reason to. */
const NOWHERE = LABELS.suspended;

const DAEMON_SET: Means = {
  kind: KINDS.DaemonSet,
  mark: ANNOTATIONS.resume,
  runs: (workload) => !(NOWHERE in nodeSelectorOf(workload)),
  stop: () => ({
    metadata: { annotations: { [ANNOTATIONS.resume]: "true" } },
    spec: { template: { spec: { nodeSelector: { [NOWHERE]: "true" } } } },
  }),
  resume: (workload) => ({
    metadata: { annotations: { [ANNOTATIONS.resume]: null } },
    ...(NOWHERE in nodeSelectorOf(workload)
      ? { spec: { template: { spec: { nodeSelector: { [NOWHERE]: null } } } } }
      : {}),
  }),
};

const MEANS: readonly Means[] = [
  byReplicas(KINDS.Deployment),
  STATEFUL_SET,
  byReplicas(KINDS.ReplicaSet),
  byReplicas(KINDS.ReplicationController),
  bySuspend(KINDS.CronJob),
  bySuspend(KINDS.Job),
  DAEMON_SET,
];

/** What is looked at in a suspended namespace. */
export const SUSPENDABLE: readonly Kind[] = [...MEANS.map(({ kind }) => kind), KINDS.Pod];

/** What a suspension found, and what is to be done about it now. */
export type Stop = {
  interventions: Intervention[];
  /** Workloads at a stop that a resume brings back. */
  stopped: number;
  /** Pods that have not ended. */
  pods: number;
  /** Workloads that somebody started again meanwhile, as `Kind namespace/name`. */
  contested: string[];
};

type About = { tenant: Tenant; namespaces: readonly KubeObject[]; now: Date };

/** Whoever ignores the end of its workload is ended itself after this time. */
const PODS_OUTLIVE_SECONDS = 10;
/** No grace period that an owner chose keeps a pod alive longer than this. */
const GRACE_AT_MOST_SECONDS = 60;

/**
 * Everything that runs in these objects' namespaces comes to a stop. A workload is stopped once: when somebody starts it
 * again it is reported, not fought over. Its pods end all the same, and admission lets no new ones in.
 */
export function stop(objects: readonly KubeObject[], about: About): Stop {
  const workloads = objects.flatMap((object) => {
    const means = meansOf(object);
    return means === undefined || isKeptByAnother(object) ? [] : [{ object, means }];
  });
  const running = workloads.filter(({ object, means }) => means.runs(object));
  const contested = running.filter(({ object, means }) => isMarked(object, means));
  const toStop = running.filter(({ object, means }) => !isMarked(object, means));
  const pods = objects.filter((object) => object.kind === KINDS.Pod.kind && !isFinished(object));
  return {
    interventions: [
      ...toStop.map(
        ({ object, means }): Intervention => ({ kind: means.kind, object, change: { patch: means.stop(object) } }),
      ),
      ...pods.flatMap((pod) => ending(pod, about)),
    ],
    stopped:
      workloads.filter(({ object, means }) => isMarked(object, means) && !means.runs(object)).length + toStop.length,
    pods: pods.length,
    contested: contested.map(({ object: { kind, metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}`),
  };
}

/** Is or was one of them at a stop? Then there may be something to bring back. Only the labels say so, and they last. */
export function isOrWasSuspended(namespaces: readonly KubeObject[]): boolean {
  return namespaces.some((namespace) => labelOf(namespace, LABELS.suspended) !== undefined);
}

/**
 * What a namespace's labels say of its suspension: until everything in it was seen to be brought back it is "resuming",
 * so that whoever is killed on the way, or takes the namespace over, goes on from there.
 */
export function suspensionLabels(
  live: KubeObject | undefined,
  { suspended, objects, now }: { suspended: boolean; objects: readonly KubeObject[]; now: Date },
): Record<string, string> {
  const before = live && labelOf(live, LABELS.suspended);
  const since = live && labelOf(live, LABELS.suspendedSince);
  const said = (value: string, at: string) => ({ [LABELS.suspended]: value, [LABELS.suspendedSince]: at });
  const seconds = String(Math.floor(now.getTime() / 1000));
  if (suspended) return said("true", before === "true" ? (since ?? seconds) : seconds);
  if (before === undefined) return {};
  const inside = objects.filter(({ metadata }) => metadata.namespace === live?.metadata.name);
  return before === "resuming" && resume(inside).length === 0 ? {} : said("resuming", since ?? seconds);
}

/** What a suspension stopped comes back as it was. */
export function resume(objects: readonly KubeObject[]): Intervention[] {
  return objects.flatMap((object): Intervention[] => {
    const means = meansOf(object);
    if (means === undefined || !isMarked(object, means)) return [];
    const patch = means.resume(object);
    // A Deployment hands its annotations down to its ReplicaSets, old ones too; how many each runs is its own affair.
    const change = isKeptByAnother(object) ? { patch: { metadata: patch.metadata ?? {} } } : { patch };
    return [{ kind: means.kind, object, change }];
  });
}

/** A pod that nothing else ends: one without a controller at once, any other when it has outlived its workload's end. */
function ending(pod: KubeObject, { tenant, namespaces, now }: About): Intervention[] {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    // The timestamp is when its grace ends.
    const asked = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
    const overdue = now.getTime() - asked > GRACE_AT_MOST_SECONDS * 1000;
    if (!overdue || Date.parse(deletionTimestamp) < now.getTime()) return [];
    return [{ kind: KINDS.Pod, object: pod, change: { end: { gracePeriodSeconds: 1 } } }];
  }
  const bare = !STOPPED_WITH_WORKLOAD.has(controllerOf(pod)?.kind ?? "");
  const since = secondsSince(namespaces, pod);
  if (!bare && (since === undefined || now.getTime() / 1000 - since <= PODS_OUTLIVE_SECONDS)) return [];
  // By eviction a disruption budget of the owner's could keep it alive.
  const end: Intervention = { kind: KINDS.Pod, object: pod, change: { end: {} } };
  return [bare ? { ...end, tell: { about: [pod, tenant], event: bareEvent(pod) } } : end];
}

/** Controllers whose pods go when we stop them; CronJob and Deployment act through these. */
const STOPPED_WITH_WORKLOAD = new Set(["ReplicaSet", "StatefulSet", "ReplicationController", "DaemonSet", "Job"]);

function bareEvent(pod: KubeObject): EventDraft {
  const { namespace, name } = pod.metadata;
  const controller = controllerOf(pod);
  const outlook =
    controller === undefined
      ? "has no workload that would bring it back, and stays gone"
      : `comes back when the Tenant is resumed if its ${controller.kind} ${controller.name} makes it anew`;
  const message = `Pod ${namespace}/${name} was ended because its Tenant is suspended; it ${outlook}.`;
  return { type: "Warning", reason: "EndedBySuspension", message };
}

/** Since when the pod's namespace is suspended, in seconds since the epoch. */
function secondsSince(namespaces: readonly KubeObject[], pod: KubeObject): number | undefined {
  const home = namespaces.find(({ metadata }) => metadata.name === pod.metadata.namespace);
  const since = home && labelOf(home, LABELS.suspendedSince);
  return since === undefined ? undefined : Number(since);
}

function meansOf({ kind }: KubeObject): Means | undefined {
  return MEANS.find((means) => means.kind.kind === kind);
}

function isMarked({ metadata }: KubeObject, { mark }: Means): boolean {
  return metadata.annotations?.[mark] !== undefined;
}

/** A Deployment scales its ReplicaSets itself, and an AgentTask lets its Job rest while its Tenant is suspended. */
function isKeptByAnother(object: KubeObject): boolean {
  if (object.kind === "Job") return labelOf(object, LABELS.agent) !== undefined;
  return object.kind === "ReplicaSet" && controllerOf(object)?.kind === "Deployment";
}

function controllerOf({ metadata }: KubeObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Of pods and Jobs: it runs no more, and never will. */
function isFinished({ status }: KubeObject): boolean {
  const { phase, conditions } = recordOf(status);
  if (phase === "Succeeded" || phase === "Failed") return true;
  const list: unknown[] = Array.isArray(conditions) ? conditions : [];
  return list.map(recordOf).some(({ type, status: value }) => {
    return (type === "Complete" || type === "Failed") && value === "True";
  });
}

function nodeSelectorOf({ spec }: KubeObject): Record<string, unknown> {
  return recordOf(recordOf(recordOf(recordOf(spec)["template"])["spec"])["nodeSelector"]);
}
