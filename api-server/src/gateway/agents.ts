import { createHash } from "node:crypto";
import { isApiError, objectPath, type Transport } from "@leanvibe/runtime";
import {
  AGENT_NAME,
  AGENT_TASKS,
  type AgentTask,
  GATEWAY_AUDIENCE,
  type PlanName,
  parseAgentTask,
} from "@leanvibe/schema";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Database } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { userOf } from "../platform/reviews.ts";
import { isFinal } from "../tasks/words.ts";
import { refusedBy } from "../tenants/state.ts";
import { claimsToBeAgents } from "./claims.ts";
import type { Keys } from "./keys.ts";

/** How long what the cluster said is believed, from when it was asked: a pod that is gone asks for nothing after that. */
const BELIEVED_MILLISECONDS = 3_000;
/** What may change at any moment into what is waited for. */
const UNSETTLED_MILLISECONDS = 500;
const KEPT = 1_000;
const RETRY_SECONDS = 1;
const REVIEWS_AT_ONCE = 32;
const CLUSTER_RETRY_SECONDS = 5;
const PATIENCE_MILLISECONDS = 5_000;

/** Who asks: the pod that works at a task now, and who pays for it. */
export type Agent = {
  /** Of the row. */
  taskId: string;
  tenantId: string;
  payerId: string;
  plan: PlanName;
  /** By the task's own limit. */
  maxTokens: number | undefined;
  /** By the task's own choice. */
  model: string | undefined;
};

type Identity = { namespace: string; podName: string; podUid: string };

const USER = new RegExp(`^system:serviceaccount:([a-z0-9-]+):${AGENT_NAME}$`);
const TASK = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/;

const bound = z.object({
  "authentication.kubernetes.io/pod-name": z.tuple([z.string().min(1)]),
  "authentication.kubernetes.io/pod-uid": z.tuple([z.string().min(1)]),
});

type Asks = { transport: Transport; database: Pick<Database, "findTask">; keys: Pick<Keys, "isForged"> };

/** Tells agents by what the cluster says of their token, and of the task that they name. */
export class Agents {
  readonly #asks: Asks;
  #reviews = 0;
  /** By the token's hash: a token in a cache would be one more place to steal it from. */
  readonly #identities: LRUCache<string, Identity, string>;
  /** Hashes of tokens that are nobody's, apart: there is no end of them, and they must make nobody forgotten. */
  readonly #strangers = new LRUCache<string, true>({ max: KEPT, ttl: BELIEVED_MILLISECONDS });
  readonly #tasks: LRUCache<string, { task: AgentTask | undefined }>;

  constructor(asks: Asks) {
    this.#asks = asks;
    this.#identities = new LRUCache({
      max: KEPT,
      ttl: BELIEVED_MILLISECONDS,
      ignoreFetchAbort: true,
      fetchMethod: async (_key, _stale, { context, options }) => {
        const begun = performance.now();
        const identity = await this.#review(context);
        options.ttl = Math.max(1, BELIEVED_MILLISECONDS - (performance.now() - begun));
        return identity;
      },
    });
    this.#tasks = new LRUCache({
      max: KEPT,
      ttl: BELIEVED_MILLISECONDS,
      // A task may be large, and is asked about for as long as it runs.
      ttlAutopurge: true,
      ignoreFetchAbort: true,
      fetchMethod: async (key, _stale, { options }) => {
        const begun = performance.now();
        const task = await this.#read(key);
        const isSettled = task?.status?.phase === "Running";
        const believed = isSettled ? BELIEVED_MILLISECONDS : UNSETTLED_MILLISECONDS;
        options.ttl = Math.max(1, believed - (performance.now() - begun));
        return { task };
      },
    });
  }

  /**
   * @param named what x-leanvibe-task says: NAMESPACE/NAME
   * @throws Refusal AGENT_NOT_RECOGNIZED, TASK_NOT_OF_AGENT, TASK_NOT_RUNNING, TASK_ENDED, CLUSTER_UNAVAILABLE, and what
   * the tenant's state answers
   */
  async agentOf(token: string, named: string): Promise<Agent> {
    const identity = await this.#identityOf(token);
    const [, namespace] = TASK.exec(named) ?? [];
    // Before anything is asked about it: else the answer would say what there is in other namespaces.
    if (namespace !== identity.namespace) throw notIts(named);
    const { metadata, spec } = await this.#requireAtWork(identity, named);
    const found = await this.#asks.database.findTask(metadata.uid ?? "");
    // Made a moment ago by kubectl: its row comes.
    if (found === undefined) throw notRunning(`Task ${named} is not known yet.`);
    const refused = refusedBy(found, { reads: false, wayOut: false, byOwner: false });
    if (refused !== undefined) throw new Refusal(refused);
    const { id: taskId, tenantId, payerId, plan } = found;
    return { taskId, tenantId, payerId, plan, maxTokens: spec.limits.maxTokens, model: spec.model };
  }

  async #identityOf(token: string): Promise<Identity> {
    if (!claimsToBeAgents(token, new Date())) throw new Refusal("AGENT_NOT_RECOGNIZED");
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#strangers.has(key) ? undefined : await this.#find(key, token);
    if (known !== undefined) return known;
    this.#strangers.set(key, true);
    throw new Refusal("AGENT_NOT_RECOGNIZED");
  }

  async #find(key: string, token: string): Promise<Identity | undefined> {
    // Before it takes one of the places from which the cluster is asked.
    if (!this.#identities.has(key) && (await this.#asks.keys.isForged(token))) return undefined;
    return await this.#identities.fetch(key, { context: token }).catch(unavailable);
  }

  async #requireAtWork(identity: Identity, named: string): Promise<AgentTask> {
    const known = await this.#tasks.fetch(named).catch(unavailable);
    if (this.#isItsOwn(known?.task, identity)) return requireRunning(known?.task, named);
    // It may be the pod that has only just begun: once more, by what the cluster says now.
    const fresh = await this.#tasks.fetch(named, { forceRefresh: isOld(this.#tasks, named) }).catch(unavailable);
    const task = requireRunning(fresh?.task, named);
    if (this.#isItsOwn(task, identity)) return task;
    if (isOfJob(identity, task))
      throw notRunning(`Another pod works at task ${named} until the operator has seen this one.`);
    throw notIts(named);
  }

  /** Whether that pod is the one that the operator wrote down. */
  #isItsOwn(task: AgentTask | undefined, identity: Identity): boolean {
    return task?.status?.podUID === identity.podUid && isOfJob(identity, task);
  }

  async #review(token: string): Promise<Identity | undefined> {
    // Each token of somebody's making would be a question to the cluster.
    if (this.#reviews >= REVIEWS_AT_ONCE) throw new Error("too many tokens are being looked at");
    this.#reviews += 1;
    try {
      return await this.#identityIn(token);
    } finally {
      this.#reviews -= 1;
    }
  }

  async #identityIn(token: string): Promise<Identity | undefined> {
    const user = await userOf(this.#asks.transport, token, GATEWAY_AUDIENCE);
    const [, namespace] = USER.exec(user?.username ?? "") ?? [];
    const pod = bound.safeParse(user?.extra).data;
    // Of an account alone, and of no pod: made by hand.
    if (namespace === undefined || pod === undefined) return undefined;
    const [podName] = pod["authentication.kubernetes.io/pod-name"];
    const [podUid] = pod["authentication.kubernetes.io/pod-uid"];
    return { namespace, podName, podUid };
  }

  async #read(key: string): Promise<AgentTask | undefined> {
    const [namespace = "", name = ""] = key.split("/");
    const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    const path = objectPath(AGENT_TASKS, { namespace, name });
    const answer = await this.#asks.transport.send({ method: "GET", path, signal }).catch((error: unknown) => {
      if (isApiError(error, 404)) return undefined;
      throw error;
    });
    const parsed = answer === undefined ? undefined : parseAgentTask(answer);
    return parsed?.ok === true ? parsed.value : undefined;
  }
}

/** Of what was asked for this very moment nothing newer is to be had. */
function isOld(cache: { getRemainingTTL(key: string): number }, key: string): boolean {
  return cache.getRemainingTTL(key) < BELIEVED_MILLISECONDS - UNSETTLED_MILLISECONDS;
}

/** A Job's pods are called as it is, with a word of five letters. */
function isOfJob({ podName }: Identity, { status }: AgentTask): boolean {
  const { jobName } = status ?? {};
  return jobName !== undefined && podName.startsWith(`${jobName}-`) && podName.length === jobName.length + 6;
}

function requireRunning(task: AgentTask | undefined, named: string): AgentTask {
  if (task === undefined) throw notIts(named);
  const { phase = "Pending" } = task.status ?? {};
  if (isFinal(phase)) throw new Refusal("TASK_ENDED", { detail: `Task ${named} has ended: it is ${phase}.` });
  if (phase !== "Running") throw notRunning(`Task ${named} is ${phase}.`);
  return task;
}

function notRunning(detail: string): Refusal {
  return new Refusal("TASK_NOT_RUNNING", { detail, retryAfterSeconds: RETRY_SECONDS });
}

function notIts(named: string): Refusal {
  // As it was named, cut: it goes into a log.
  return new Refusal("TASK_NOT_OF_AGENT", {
    detail: `This pod does not work at task ${JSON.stringify(named.slice(0, 130))}.`,
  });
}

function unavailable(cause: unknown): never {
  throw new Refusal("CLUSTER_UNAVAILABLE", { retryAfterSeconds: CLUSTER_RETRY_SECONDS, cause });
}
