import {
  byKey,
  type Change,
  controller,
  type Informer,
  Informers,
  isApiError,
  type KubeObject,
  type Metrics,
  messageOf,
  recordOf,
  type Transport,
} from "@leanvibe/runtime";
import { AGENT_TASKS, ANNOTATIONS, parseAgentTask, parseTenant, type Tenant } from "@leanvibe/schema";
import type { MirrorParts } from "../../mirror/mirror.ts";
import { Overtaken } from "../../mirror/rows.ts";
import { repeat } from "../../outbox/repeat.ts";
import { TaskHints } from "./hints.ts";
import { subdomainOf, tenantOf, unsettledPlaces } from "./rows.ts";
import { agree, type Place } from "./steps.ts";

/** How soon the cluster hears of what the API decided. */
const LOOK_MILLISECONDS = 250;
const AGAIN_MILLISECONDS = 500;
const WORKERS = 8;

const DEFINITION = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${AGENT_TASKS.plural}.${AGENT_TASKS.group}`;

type Given = { transport: Transport; tenants: Informer; metrics: Metrics; leading: () => boolean };

/**
 * Keeps tasks' rows and the cluster's AgentTasks alike, where the mirror of tenants leads. By watches of its own, for which
 * nobody waits: in a cluster that does not know the kind yet, tenants are mirrored all the same.
 */
export function beginTasks(
  parts: MirrorParts,
  { transport, tenants, metrics, leading }: Given,
): { stop(): Promise<void> } {
  const { log, database } = parts;
  const namespaces = new Namespaces(tenants);
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const tasks = informers.of(AGENT_TASKS, { trim: trimTask });
  const hints = new TaskHints(parts, namespaces);
  const world = {
    parts,
    transport,
    tenantIn: async (namespace: string) => {
      const tenant = namespaces.ownerOf(namespace);
      return tenant && (await tenantOf(database.worker, tenant.metadata.name, tenant.metadata.uid ?? ""));
    },
    placeOf: async (tenantId: string) => {
      const subdomain = await subdomainOf(database.worker, tenantId);
      return subdomain === undefined ? undefined : namespaces.firstOf(subdomain);
    },
    // A cluster in which its tenant is not known is another one.
    wasDeleted: async (namespace: string) =>
      namespaces.ownerOf(namespace) !== undefined && (await isDefined(transport)),
  };
  const reconcile = async (key: string) => {
    const asked = hints.of(key);
    const object = tasks.cache.get(key);
    const parsed = object === undefined ? undefined : parseAgentTask(object);
    // The operator says in its status what is wrong with it.
    if (parsed?.ok === false) return {};
    try {
      await agree(world, placeOf(key), parsed?.value);
      await hints.done(key, asked);
      return {};
    } catch (error) {
      if (error instanceof Overtaken) return { requeueAfterMilliseconds: AGAIN_MILLISECONDS };
      throw error;
    }
  };
  const sources = [{ informer: tasks, keysOf: byKey }];
  const of = { name: "tasks", sources, reconcile, log, metrics: metrics.controller("tasks"), workers: WORKERS };
  const mirroring = controller(of);
  let looking: { stop(): Promise<void> } | undefined;
  let isStopped = false;
  const begin = async () => {
    await informers.start();
    if (isStopped) return;
    await mirroring.start(true);
    for (const { namespace, name } of await unsettledPlaces(database.worker)) {
      mirroring.add(`${namespace}/${name}`, "background");
    }
    looking = repeat(LOOK_MILLISECONDS, log, async () => {
      if (!leading()) return;
      for (const key of await hints.look()) mirroring.add(key);
    });
  };
  begin().catch((error: unknown) => log.warn({ error: messageOf(error) }, "tasks are not mirrored"));
  return {
    stop: async () => {
      isStopped = true;
      await looking?.stop();
      await mirroring.stop();
      await informers.stop();
    },
  };
}

const KEPT = ["namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"] as const;

/**
 * Of what is asked for nothing is held but where it is to go: it may be long, and there may be thousands. As little is held
 * of what others write beside it: the annotations of one object alone may have 256 KiB.
 */
export function trimTask({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { desiredState } = recordOf(spec);
  const kept: KubeObject["metadata"] = { name: metadata.name };
  for (const field of KEPT) if (metadata[field] !== undefined) Object.assign(kept, { [field]: metadata[field] });
  const id = metadata.annotations?.[ANNOTATIONS.taskId];
  if (id !== undefined) kept.annotations = { [ANNOTATIONS.taskId]: id };
  return { apiVersion, kind, metadata: kept, spec: { title: "-", description: "-", desiredState }, status };
}

function placeOf(key: string): Place {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}

/** Whether all AgentTasks are not there because their definition is not. */
async function isDefined(transport: Transport): Promise<boolean> {
  const definition = await transport.send({ method: "GET", path: DEFINITION }).catch((error: unknown) => {
    if (isApiError(error, 404)) return undefined;
    throw error;
  });
  return definition !== undefined;
}

/** Whose each namespace is, as the operator wrote it down. */
export class Namespaces {
  readonly #tenants: Informer;
  /** By namespace, the Tenant's name. */
  readonly #owners = new Map<string, string>();

  constructor(tenants: Informer) {
    this.#tenants = tenants;
    for (const tenant of tenants.cache.all()) this.#note({ before: undefined, after: tenant });
    tenants.subscribe((change) => this.#note(change));
  }

  ownerOf(namespace: string): Tenant | undefined {
    const owner = this.#owners.get(namespace);
    return owner === undefined ? undefined : this.#read(owner);
  }

  /** Where a Tenant's tasks are to be; undefined until it has a namespace. */
  firstOf(name: string): string | undefined {
    const there = this.#read(name)?.status?.namespaces ?? [];
    return there.find(({ ready, retained }) => ready && retained !== true)?.name;
  }

  #read(name: string): Tenant | undefined {
    const object = this.#tenants.cache.get(name);
    const parsed = object && parseTenant(object);
    return parsed?.ok === true ? parsed.value : undefined;
  }

  #note({ before, after }: Pick<Change, "before" | "after">): void {
    for (const namespace of namespacesIn(before)) this.#owners.delete(namespace);
    for (const namespace of namespacesIn(after)) this.#owners.set(namespace, after?.metadata.name ?? "");
  }
}

function namespacesIn(object: KubeObject | undefined): string[] {
  const parsed = object && parseTenant(object);
  return parsed?.ok === true ? (parsed.value.status?.namespaces ?? []).map(({ name }) => name) : [];
}
