import {
  type Controller,
  controller,
  type Definition,
  deleteChild,
  KINDS,
  type KubeObject,
  keyOf,
  type Outcome,
  reconciler,
} from "@leanvibe/runtime";
import { AGENT_TASKS, type AgentTask, parseAgentTask } from "@leanvibe/schema";
import type { ControllerEnvironment } from "../controllers.ts";
import { isFinal } from "./admission.ts";
import { decide } from "./decide.ts";
import { BY_TASK, gathered, lastWord, watched } from "./gather.ts";
import { Rush } from "./rush.ts";
import { Slots } from "./slots.ts";
import { sourcesOf } from "./sources.ts";
import { refusedStatus } from "./status.ts";
import { limitOf, seedSlots, turnOf, waitingIn } from "./turns.ts";
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

/** Jobs on their way at a time: the API server makes more the more it is asked for, and to wait for it costs little. */
const JOBS_FOR_EACH_WORKER = 2;

type Related = { world: World; job: Job | undefined };

/** Puts the AgentTask controller together; it works once started. */
export function agentTaskController(environment: ControllerEnvironment): Controller {
  const { informers, applier, record, log, metrics, now, workers, agents } = environment;
  const seen = watched(informers);
  const rush = new Rush(() => performance.now());
  const slots = new Slots({
    limitOf: (tenant) => limitOf(seen.tenants.cache.get(tenant)),
    slots: agents.slots,
    // No more than are worked on at once: behind more a Tenant that has just come would only wait.
    starting: JOBS_FOR_EACH_WORKER * workers,
    // Jobs come before what is written about them.
    grant: (key) => loop.add(key, "urgent"),
    begun: () => rush.begins(),
    rested: () => rush.ends((key) => loop.add(key, "live")),
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
      const key = keyOf(task.metadata);
      const turn = turnOf(key, { task, world, job }, slots, now().getTime());
      const { namespace = "" } = task.metadata;
      const said = isFinal(task.status?.phase) ? undefined : await lastWord(namespace, job, world, applier);
      return { world: { ...world, turn, said, jobsComeFirst: slots.othersStart(key) || rush.lasts }, job };
    },
    decide: (task, ...rest) => {
      const decision = decide(task, ...rest);
      if ((decision.patienceMilliseconds ?? 0) > 0) rush.waits(keyOf(task.metadata));
      else rush.waitsNoMore(keyOf(task.metadata));
      return decision;
    },
    refused: refusedStatus,
  };
  const reconcile = reconciler(definition, { applier, record, now });
  const seed = once(() => {
    seedSlots(seen, slots);
    // In turn from the first one on, and before anything is written about those that were let begin.
    for (const { key, claim } of waitingIn(seen)) {
      if (slots.ask(key, claim, now().getTime()) === "granted") loop.add(key, "urgent");
    }
  });
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
    // Whatever waits for a Job to be made, what was there before is worked on by as many as elsewhere.
    workers: (JOBS_FOR_EACH_WORKER + 1) * workers,
  });

  /** Its Job goes with it, also where nobody told Kubernetes so (`kubectl delete --cascade=orphan`). */
  async function leave(key: string): Promise<Outcome> {
    slots.leave(key);
    rush.waitsNoMore(key);
    const left = seen.jobs.cache.by(BY_TASK, key).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await Promise.all(left.map((job) => deleteChild(applier.transport, seen.jobs, job)));
    return {};
  }
  return loop;
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
