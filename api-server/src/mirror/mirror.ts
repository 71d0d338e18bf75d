import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AskedController,
  byKey,
  connect,
  controller,
  createMetrics,
  type Election,
  election,
  Informers,
  type Metrics,
  messageOf,
  type Transport,
} from "@leanvibe/runtime";
import { LEASES, parseTenant, SYSTEM_NAMESPACE, TENANTS } from "@leanvibe/schema";
import { type Access, type Cluster, USER_AGENT } from "../cluster/connection.ts";
import { repeat } from "../outbox/repeat.ts";
import type { Parts } from "../parts.ts";
import { takeHints } from "./hints.ts";
import { allNames, Overtaken } from "./rows.ts";
import { agree } from "./steps.ts";

/** How soon the cluster hears of what the API decided. */
const LOOK_MILLISECONDS = 250;
const AGAIN_MILLISECONDS = 500;
const WORKERS = 8;

export type Mirror = {
  /** From now on it stands for election. */
  start(): void;
  /** Whether this process leads, and if it does whether it hears what happens in the cluster. */
  state(): { leading: boolean; fresh: boolean };
  stop(): Promise<void>;
};

/** What the mirror stands on. */
export type MirrorParts = Pick<Parts, "audit" | "config" | "database" | "log" | "metrics">;

/** What only who leads has: watches and work. */
type Work = { fresh(): boolean; stop(): Promise<void> };

/**
 * Keeps tenants' rows and the cluster's Tenants alike. Of several servers one does so; the others hold nothing ready, since
 * nobody waits for it as for an answer, and take over when its Lease runs out.
 */
export function mirrorOf(parts: MirrorParts, cluster: Cluster): Mirror {
  return new Candidacy(parts, cluster);
}

class Candidacy implements Mirror {
  readonly #parts: MirrorParts;
  readonly #cluster: Cluster;
  readonly #metrics: Metrics;
  #lead: Election | undefined;
  #work: Work | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: MirrorParts, cluster: Cluster) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.#metrics = createMetrics(parts.metrics.registry);
  }

  start(): void {
    // It is closed before it was there: then there is nothing to do.
    this.#cluster.there().then(
      (access) => this.#stand(access),
      () => undefined,
    );
  }

  #stand(access: Access): void {
    if (this.#stopped) return;
    // A connection of its own, so that no queue of other requests delays a renewal.
    const transport = connect(access.credentials, { userAgent: USER_AGENT });
    const candidate = election({
      transport,
      lease: { namespace: SYSTEM_NAMESPACE, name: LEASES.api },
      identity: `${hostname()}_${randomUUID()}`,
      pace: this.#parts.config.election,
      log: this.#parts.log,
      onLeading: () => this.#begin(candidate, access),
      onLost: (why) => void this.#lost(why, transport),
    });
    this.#lead = candidate;
    candidate.start();
  }

  state(): { leading: boolean; fresh: boolean } {
    return { leading: this.#lead?.leading() ?? false, fresh: this.#work?.fresh() ?? false };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
    await this.#lead?.stop();
  }

  #begin(candidate: Election, access: Access): void {
    this.#metrics.leading(LEASES.api, true);
    const leading = () => candidate.leading() && !this.#stopped;
    this.#beginning = beginWork(this.#parts, access, { metrics: this.#metrics, leading }).then(
      (work) => {
        this.#work = work;
      },
      (error: unknown) => this.#parts.log.error({ error: messageOf(error) }, "the mirror did not begin"),
    );
  }

  /** Requests are answered as before: only the mirror begins anew, as one more candidate. */
  async #lost(why: string, transport: Transport): Promise<void> {
    this.#parts.log.warn({ why }, "the mirror no longer leads");
    this.#metrics.leading(LEASES.api, false);
    await this.#end();
    await transport.close();
    await sleep(AGAIN_MILLISECONDS);
    if (!this.#stopped) this.start();
  }

  async #end(): Promise<void> {
    await this.#beginning;
    const work = this.#work;
    this.#work = undefined;
    await work?.stop();
  }
}

async function beginWork(
  parts: MirrorParts,
  access: Access,
  { metrics, leading }: { metrics: Metrics; leading: () => boolean },
): Promise<Work> {
  const { log, database } = parts;
  const transport = connect(access.credentials, { userAgent: USER_AGENT, metrics: metrics.client, mayWrite: leading });
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const tenants = informers.of(TENANTS);
  const reconcile = async (name: string) => {
    const object = tenants.cache.get(name);
    const parsed = object === undefined ? undefined : parseTenant(object);
    // The operator says in its status what is wrong with it.
    if (parsed?.ok === false) return {};
    try {
      await agree({ parts, transport }, name, parsed?.value);
    } catch (error) {
      if (error instanceof Overtaken) return { requeueAfterMilliseconds: AGAIN_MILLISECONDS };
      throw error;
    }
    return {};
  };
  const mirroring: AskedController = controller({
    name: "mirror",
    sources: [{ informer: tenants, keysOf: byKey }],
    reconcile,
    log,
    metrics: metrics.controller("mirror"),
    workers: WORKERS,
  });
  await informers.start();
  await mirroring.start(true);
  // What was decided while nobody led, or was asked for and not done when the one before was cut off.
  for (const name of await allNames(database.worker)) mirroring.add(name, "background");
  const hints = repeat(LOOK_MILLISECONDS, log, async () => {
    for (const name of await takeHints(database.worker)) mirroring.add(name);
  });
  return {
    fresh: () => informers.fresh(),
    stop: async () => {
      await hints.stop();
      await mirroring.stop();
      await informers.stop();
      await transport.close();
    },
  };
}
