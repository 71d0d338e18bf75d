import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "@leanvibe/runtime";
import pg from "pg";
import { z } from "zod";

const CHANNEL = "lv_tasks";
const AGAIN_MILLISECONDS = 1_000;
const POLL_MILLISECONDS = 1_000;
const KEEPALIVE_MILLISECONDS = 10_000;

const looked = z.array(z.object({ id: z.string(), updated: z.string() }));

type Ways = {
  /** Straight to PostgreSQL: no pooler of transactions lets a LISTEN through. Undefined where there is only such a one. */
  listenUrl: string | undefined;
  /** Of role lv_worker, for where there is no way to listen. */
  worker: pg.Pool;
  log: Log;
};

/**
 * Tells this process's watchers which tasks changed: by one connection for all of them that listens, or, where only a pooler
 * can be reached, by one look a second for all of them. What is told is that there is news; each reads it as its tenant.
 * Nothing is opened before the first watcher.
 */
export class TaskNews {
  readonly #ways: Ways;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** @returns what ends it */
  watch(taskId: string, wake: () => void): () => void {
    const own = this.#watchers.get(taskId) ?? new Set();
    this.#watchers.set(taskId, own.add(wake));
    this.#running ??= this.#run();
    return () => {
      own.delete(wake);
      if (own.size === 0 && this.#watchers.get(taskId) === own) this.#watchers.delete(taskId);
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { listenUrl, log } = this.#ways;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (listenUrl === undefined) await this.#poll();
        else await this.#listen(listenUrl);
      } catch (error) {
        if (!signal.aborted) log.warn({ error: messageOf(error) }, "news of tasks are not heard; trying again");
      }
      await sleep(AGAIN_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the connection is lost, or it is closed. */
  async #listen(connectionString: string): Promise<void> {
    const client = new pg.Client({
      connectionString,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_MILLISECONDS,
      connectionTimeoutMillis: 3_000,
    });
    const lost = new Promise<void>((resolve) => client.on("error", () => resolve()).on("end", () => resolve()));
    client.on("notification", ({ payload }) => this.#tell(payload ?? ""));
    const aborted = new Promise<void>((resolve) => {
      this.#stop.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      // What happened while nobody listened is not told again.
      for (const id of this.#watchers.keys()) this.#tell(id);
      await Promise.race([lost, aborted]);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    let seen = new Map<string, string>();
    while (!signal.aborted) {
      const ids = [...this.#watchers.keys()];
      const text = "SELECT id, updated_at::text AS updated FROM tasks WHERE id = ANY ($1::uuid[])";
      const rows = ids.length === 0 ? [] : looked.parse((await this.#ways.worker.query(text, [ids])).rows);
      for (const { id, updated } of rows) if (seen.get(id) !== updated) this.#tell(id);
      seen = new Map(rows.map(({ id, updated }) => [id, updated]));
      await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(taskId: string): void {
    for (const wake of this.#watchers.get(taskId) ?? []) wake();
  }
}
