import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connect,
  createMetrics,
  type Election,
  election,
  type Metrics,
  messageOf,
  type Transport,
} from "@leanvibe/runtime";
import { LEASES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { type Access, type Cluster, USER_AGENT } from "../cluster/connection.ts";
import type { Parts } from "../parts.ts";
import { beginWork, type Work } from "./work.ts";

const AGAIN_MILLISECONDS = 500;

export type Mirror = {
  /** From now on it stands for election. */
  start(): void;
  /** Whether this process leads, and if it does whether it hears what happens in the cluster. */
  state(): { leading: boolean; fresh: boolean };
  stop(): Promise<void>;
};

/** What the mirror stands on. */
export type MirrorParts = Pick<Parts, "audit" | "config" | "database" | "log" | "metrics">;

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
  #leaseTransport: Transport | undefined;
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
    this.#leaseTransport = transport;
    const candidate = election({
      transport,
      lease: { namespace: SYSTEM_NAMESPACE, name: LEASES.api },
      identity: `${hostname()}_${randomUUID()}`,
      pace: this.#parts.config.election,
      log: this.#parts.log,
      onLeading: () => this.#begin(candidate, access),
      onLost: (why) => void this.#lost(why),
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
    await this.#leaseTransport?.close();
  }

  #begin(candidate: Election, access: Access): void {
    this.#metrics.leading(LEASES.api, true);
    const leading = () => candidate.leading() && !this.#stopped;
    this.#beginning = beginWork(this.#parts, access, { metrics: this.#metrics, leading }).then(
      (work) => {
        this.#work = work;
      },
      (error: unknown) => void this.#giveUp(candidate, messageOf(error)),
    );
  }

  /** Who cannot begin must not keep those who could from leading. */
  async #giveUp(candidate: Election, why: string): Promise<void> {
    await candidate.stop();
    await this.#lost(`it did not begin: ${why}`);
  }

  /** Requests are answered as before: only the mirror begins anew, as one more candidate. */
  async #lost(why: string): Promise<void> {
    this.#parts.log.warn({ why }, "the mirror no longer leads");
    this.#metrics.leading(LEASES.api, false);
    await this.#end();
    await this.#leaseTransport?.close();
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
