import {
  byKey,
  type Change,
  type Controller,
  controller,
  type Definition,
  deleteChild,
  type Informer,
  KINDS,
  type KubeObject,
  labelOf,
  type Outcome,
  reconciler,
  recordOf,
  type Source,
  unlessOwn,
} from "@leanvibe/runtime";
import {
  AGENT_TASKS,
  type AgentTask,
  LABELS,
  PLAN_NAMES,
  PLANS,
  parseAgentTask,
  TASK_PHASES,
  TASK_PRIORITIES,
} from "@leanvibe/schema";
import type { ControllerEnvironment } from "../controllers.ts";
import { isFinal } from "./admission.ts";
import { decide } from "./decide.ts";
import { BY_NAMESPACE, BY_TASK, gathered, lastWord, taskOf, type Watched, watched } from "./gather.ts";
import { readJob } from "./read.ts";
import { takesPlace, wantsTurn } from "./situation.ts";
import { type Claim, Slots } from "./slots.ts";
import { refusedStatus } from "./status.ts";
import type { Job, World } from "./world.ts";

/** What the controller does in the API; operator/manifests/rbac.yaml is made from it. */
export const AGENT_TASK_OWNS = {
  kind: AGENT_TASKS,
  children: [KINDS.Job],
  binds: [],
  reads: [
    // When the time after its end is over.
    { kind: AGENT_TASKS, names: [], verbs: ["delete"] },
    { kind: KINDS.Pod, names: [], verbs: ["list", "watch"] },
    { kind: KINDS.ConfigMap, names: [], verbs: ["get", "list", "watch"] },
  ],
} as const;

/** Tasks on their way to a Job at the same time, for each worker. */
const STARTING_PER_WORKER = 4;

type Related = { world: World; job: Job | undefined };

/** Puts the AgentTask controller together; it works once started. */
export function agentTaskController(environment: ControllerEnvironment): Controller {
  const { informers, applier, record, log, metrics, now, workers, agents } = environment;
  const seen = watched(informers);
  const slots = new Slots({
    limitOf: (tenant) => limitOf(seen.tenants.cache.get(tenant)),
    slots: agents.slots,
    starting: workers * STARTING_PER_WORKER,
    // Jobs come before what is written about them.
    grant: (key) => loop.add(key, "urgent"),
    moved: (key) => loop.add(key, "background"),
  });
  const parsed = new WeakMap<KubeObject, ReturnType<typeof parseAgentTask>>();
  const parse = (object: KubeObject) => {
    const known = parsed.get(object) ?? parseAgentTask(object);
    parsed.set(object, known);
    return known;
  };
  const definition: Definition<AgentTask, Related> = {
    informer: seen.tasks,
    owner: { nameLabel: BY_TASK },
    stages: [[seen.jobs]],
    parse,
    related: async (task) => {
      const { world, job } = gathered(task, seen, agents);
      const key = keyOfTask(task);
      const turn = turnOf(key, { task, world, job }, slots, now().getTime());
      const { namespace = "" } = task.metadata;
      const said = isFinal(task.status?.phase) ? undefined : await lastWord(namespace, job, world, applier);
      return { world: { ...world, turn, said }, job };
    },
    decide,
    refused: refusedStatus,
  };
  const reconcile = reconciler(definition, { applier, record, now });
  const seed = once(() => seedSlots(seen, slots));
  seen.tenants.subscribe(({ before, after }) => {
    if (limitOf(before) !== limitOf(after)) slots.reconsider((after ?? before)?.metadata.name ?? "");
  });
  const loop = controller({
    name: "agenttask",
    sources: sourcesOf(seen),
    reconcile: async (key) => {
      seed();
      if (seen.tasks.cache.get(key) === undefined) return leave(key);
      try {
        // What comes later is about what stands, and begins behind what is to begin.
        return { ...(await reconcile(key)), priority: "live" };
      } finally {
        slots.tried(key);
      }
    },
    log,
    metrics: metrics.controller("agenttask"),
    workers,
  });

  /** Its Job goes with it, also where nobody told Kubernetes so (`kubectl delete --cascade=orphan`). */
  async function leave(key: string): Promise<Outcome> {
    slots.leave(key);
    const left = seen.jobs.cache.by(BY_TASK, key).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await Promise.all(left.map((job) => deleteChild(applier.transport, seen.jobs, job)));
    return {};
  }
  return loop;
}

function keyOfTask({ metadata }: AgentTask): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Tells the queue where the task is, and asks it where the task wants to be. */
function turnOf(key: string, about: { task: AgentTask } & Related, slots: Slots, now: number): World["turn"] {
  const claim = claimOf(about.task, about.world.home?.tenant ?? "");
  if (!isFinal(about.task.status?.phase)) {
    if (wantsTurn(about)) return slots.ask(key, claim, now);
    if (takesPlace(about)) {
      slots.runs(key, claim);
      return undefined;
    }
  }
  slots.leave(key);
  return undefined;
}

function claimOf({ metadata, spec }: AgentTask, tenant: string): Claim {
  return { tenant, priority: spec.priority, createdAt: metadata.creationTimestamp ?? "" };
}

/** What runs already has its place before the first task is let begin. */
function seedSlots(seen: Watched, slots: Slots): void {
  for (const object of seen.jobs.cache.all()) {
    const job = readJob(object, seen.jobs.cache);
    const [key = ""] = taskOf(object);
    const task = seen.tasks.cache.get(key);
    const namespace = seen.namespaces.cache.get(object.metadata.namespace ?? "");
    const tenant = namespace && labelOf(namespace, LABELS.tenant);
    if (job.finished !== undefined || job.suspended || task === undefined || tenant === undefined) continue;
    if (isFinal(phaseOf(task))) continue;
    slots.runs(key, { tenant, priority: priorityIn(task), createdAt: task.metadata.creationTimestamp ?? "" });
  }
}

function sourcesOf(seen: Watched): Source[] {
  const { tasks, namespaces, fences, proof } = seen;
  const own = () => true;
  const fromTask = ({ before, after }: Change) => {
    const object = after ?? before;
    return object === undefined ? [] : taskOf(object);
  };
  return [
    {
      informer: tasks,
      keysOf: unlessOwn(byKey, own),
      priorityOf: ({ after }, origin) => {
        if (after !== undefined && priorityIn(after) === "urgent") return "urgent";
        return origin === "watch" ? "live" : "background";
      },
    },
    { informer: seen.jobs, keysOf: unlessOwn(fromTask, own) },
    { informer: seen.pods, keysOf: fromTask },
    { informer: seen.reports, keysOf: fromTask },
    // Whose a namespace is and whether it is at a stop; its other labels are no news to a task.
    {
      informer: namespaces,
      keysOf: whenChanged(
        unfinishedIn(tasks, ({ name }) => name),
        HOME_LABELS,
      ),
    },
    ...Object.values(fences).map(
      (informer): Source => ({
        informer,
        keysOf: whenComesOrGoes(unfinishedIn(tasks, ({ namespace = "" }) => namespace)),
      }),
    ),
    { informer: proof, keysOf: () => [...tasks.cache.all()].filter(isUnfinished).flatMap((task) => byKey(only(task))) },
  ];
}

const only = (object: KubeObject): Change => ({ before: undefined, after: object });

type KeysOf = Source["keysOf"];

function unfinishedIn(tasks: Informer, namespaceOf: (metadata: KubeObject["metadata"]) => string): KeysOf {
  return ({ before, after }) => {
    const object = after ?? before;
    if (object === undefined) return [];
    return tasks.cache
      .by(BY_NAMESPACE, namespaceOf(object.metadata))
      .filter(isUnfinished)
      .flatMap((task) => byKey(only(task)));
  };
}

const HOME_LABELS = [LABELS.tenant, LABELS.suspended, LABELS.retained, LABELS.runtimeClass] as const;

function whenChanged(keysOf: KeysOf, labels: readonly string[]): KeysOf {
  return (change) => {
    const { before, after } = change;
    const said = (object: KubeObject | undefined) =>
      JSON.stringify([object?.metadata.deletionTimestamp, ...labels.map((label) => object?.metadata.labels?.[label])]);
    return said(before) === said(after) ? [] : keysOf(change);
  };
}

function whenComesOrGoes(keysOf: KeysOf): KeysOf {
  return (change) => {
    const isThere = (object: KubeObject | undefined) => object !== undefined && !object.metadata.deletionTimestamp;
    return isThere(change.before) === isThere(change.after) ? [] : keysOf(change);
  };
}

function phaseOf({ status }: KubeObject) {
  const { phase } = recordOf(status);
  return TASK_PHASES.find((each) => each === phase);
}

function isUnfinished(task: KubeObject): boolean {
  return !isFinal(phaseOf(task));
}

/** Read without parsing: it is asked at every change. */
function priorityIn({ spec }: KubeObject): Claim["priority"] {
  const { priority } = recordOf(spec);
  return TASK_PRIORITIES.find((each) => each === priority) ?? "medium";
}

/** By the plan in force; what a Tenant that is not there may run is nothing. */
function limitOf(tenant: KubeObject | undefined): number {
  if (tenant === undefined) return 0;
  const inForce = recordOf(tenant["status"])["plan"] ?? recordOf(tenant["spec"])["plan"];
  const plan = PLAN_NAMES.find((name) => name === inForce);
  return plan === undefined ? 0 : PLANS[plan].concurrentAgentTasks;
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
