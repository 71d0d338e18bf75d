import {
  byKey,
  connect,
  controller,
  Informers,
  isApiError,
  type KubeObject,
  type Metrics,
  type Transport,
} from "@leanvibe/runtime";
import { parseTenant, TENANTS } from "@leanvibe/schema";
import { type Access, USER_AGENT } from "../cluster/connection.ts";
import { repeat } from "../outbox/repeat.ts";
import { beginTasks } from "../tasks/mirror/work.ts";
import { Hints } from "./hints.ts";
import type { MirrorParts } from "./mirror.ts";
import { allNames, isAnyKnown, Overtaken } from "./rows.ts";
import { agree } from "./steps.ts";

/** How soon the cluster hears of what the API decided. */
const LOOK_MILLISECONDS = 250;
const AGAIN_MILLISECONDS = 500;
/** What two tenants of one name are in each other's way by ends without an event: the old one's data goes. */
const CONFLICT_MILLISECONDS = 600_000;
const WORKERS = 8;

/** What only who leads has: watches and work. */
export type Work = { fresh(): boolean; stop(): Promise<void> };

type Leading = { metrics: Metrics; leading: () => boolean };

/** Begins, or leaves nothing behind. @throws what the cluster or the database is told by */
export async function beginWork(parts: MirrorParts, access: Access, { metrics, leading }: Leading): Promise<Work> {
  const { log, database } = parts;
  const transport = connect(access.credentials, { userAgent: USER_AGENT, metrics: metrics.client, mayWrite: leading });
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const tenants = informers.of(TENANTS);
  const hints = new Hints(database.worker);
  const gone = new Gone(transport);
  tenants.subscribe(({ before, after }, origin) => gone.note(origin === "watch", before, after));
  const reconcile = async (name: string) => {
    const asked = hints.of(name);
    const object = tenants.cache.get(name);
    const parsed = object === undefined ? undefined : parseTenant(object);
    // The operator says in its status what is wrong with it.
    if (parsed?.ok === false) return {};
    try {
      const world = { parts, transport, wasDeleted: () => gone.wasDeleted(name) };
      const isConflict = await agree(world, name, parsed?.value);
      await hints.done(name, asked);
      return isConflict ? { requeueAfterMilliseconds: CONFLICT_MILLISECONDS } : {};
    } catch (error) {
      if (error instanceof Overtaken) return { requeueAfterMilliseconds: AGAIN_MILLISECONDS };
      throw error;
    }
  };
  const sources = [{ informer: tenants, keysOf: byKey }];
  const of = { name: "mirror", sources, reconcile, log, metrics: metrics.controller("mirror"), workers: WORKERS };
  const mirroring = controller(of);
  let looking: { stop(): Promise<void> } | undefined;
  let tasks: { stop(): Promise<void> } | undefined;
  const stop = async () => {
    await Promise.all([looking?.stop(), tasks?.stop()]);
    await mirroring.stop();
    await informers.stop();
    await transport.close();
  };
  try {
    await informers.start();
    gone.isKnownCluster = await isAnyKnown(database.worker, uidsOf(tenants.cache.all()));
    await mirroring.start(true);
    // What was decided while nobody led, or was asked for and not done when the one before was cut off.
    for (const name of await allNames(database.worker)) mirroring.add(name, "background");
  } catch (error) {
    await stop();
    throw error;
  }
  tasks = beginTasks(parts, { transport, tenants, metrics, leading });
  looking = repeat(LOOK_MILLISECONDS, log, async () => {
    if (!leading()) return;
    for (const name of await hints.look()) mirroring.add(name);
  });
  return { fresh: () => informers.fresh(), stop };
}

function uidsOf(objects: Iterable<KubeObject>): string[] {
  return [...objects].flatMap(({ metadata }) => metadata.uid ?? []);
}

const DEFINITION = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${TENANTS.plural}.${TENANTS.group}`;

/**
 * Whether an object that is not there was deleted by somebody who meant it. An empty cluster is none in which everything
 * was deleted, nor is one whose definition of Tenants goes: else a wrong kubeconfig would lock everybody out.
 */
class Gone {
  readonly #transport: Transport;
  /** Seen to go while we watched. */
  readonly #deleted = new Set<string>();
  /** At least one object of the rows is in it. */
  isKnownCluster = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  note(isWatched: boolean, before: KubeObject | undefined, after: KubeObject | undefined): void {
    if (after !== undefined) this.#deleted.delete(after.metadata.name);
    else if (isWatched && before !== undefined) this.#deleted.add(before.metadata.name);
  }

  async wasDeleted(name: string): Promise<boolean> {
    if (!this.isKnownCluster && !this.#deleted.has(name)) return false;
    const definition = await this.#transport.send({ method: "GET", path: DEFINITION }).catch((error: unknown) => {
      if (isApiError(error, 404)) return undefined;
      throw error;
    });
    return definition !== undefined && !isGoing(definition);
  }
}

function isGoing(object: unknown): boolean {
  const { metadata } = { metadata: undefined, ...(typeof object === "object" ? object : {}) };
  return typeof metadata === "object" && metadata !== null && "deletionTimestamp" in metadata;
}
