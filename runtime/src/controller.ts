import type { Change } from "./cache.ts";
import { isApiError, messageOf, Stalled, Waiting } from "./errors.ts";
import type { Informer } from "./informers.ts";
import { keyOf } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { ControllerMetrics } from "./metrics.ts";
import { type Outcome, Queue } from "./queue.ts";

/** Which keys a change of a watched kind concerns. */
export type Source = { informer: Informer; keysOf: (change: Change) => string[] };

export type ControllerOptions = {
  name: string;
  sources: Source[];
  /** Worked on once at the start, whatever the sources hold: for work that is there before any object is. */
  keys?: readonly string[];
  /** Brings the world of one key in line. Called again after every change, never twice at once for one key. */
  reconcile: (key: string) => Promise<Outcome>;
  log: Log;
  metrics: ControllerMetrics;
  /** Keys worked at the same time; a reconcile mostly waits for the API server, so more than there are cores. */
  workers?: number;
};

export type Controller = {
  /** Begins to work; call when the informers are filled. */
  start(): void;
  /** Finishes what runs and takes nothing new. */
  stop(): Promise<void>;
};

const WORKERS = 16;

/** The lower layer: events of watched kinds become keys, keys are worked through a queue, errors decide what comes next. */
export function controller(options: ControllerOptions): Controller {
  const { log, metrics, reconcile } = options;
  const queue = new Queue({
    workers: options.workers ?? WORKERS,
    work: (key) => work(key),
    onStart: (waited) => metrics.waited(waited / 1000),
    onDepth: (depth) => metrics.queued(depth),
    delayOf: (error) => (isApiError(error) ? (error.retryAfterSeconds ?? 0) * 1000 : undefined),
  });
  const waiting = new Set<string>(options.keys);
  let started = false;

  async function work(key: string): Promise<Outcome> {
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    metrics.working(queue.running);
    try {
      const outcome = await reconcile(key);
      metrics.reconciled(outcome.requeueAfterMilliseconds === undefined ? "success" : "requeue_after", seconds());
      return outcome;
    } catch (error) {
      if (error instanceof Waiting) {
        metrics.reconciled("requeue_after", seconds());
        log.debug({ key, why: error.message }, "waiting");
        return { requeueAfterMilliseconds: error.afterSeconds * 1000 };
      }
      if (error instanceof Stalled) {
        metrics.reconciled("stalled", seconds());
        log.error({ key, error: error.message }, "stalled until somebody acts");
        return {};
      }
      metrics.reconciled("error", seconds());
      metrics.retried();
      log.warn({ key, error: messageOf(error) }, "reconcile failed; will be retried");
      throw error;
    } finally {
      metrics.working(queue.running - 1);
    }
  }

  for (const { informer, keysOf } of options.sources) {
    informer.subscribe((change) => {
      for (const key of keysOf(change)) {
        metrics.added();
        // Before the start nothing may be decided: an empty cache looks like an empty cluster.
        if (started) queue.add(key);
        else waiting.add(key);
      }
    });
  }
  return {
    start() {
      started = true;
      for (const key of waiting) queue.add(key);
      waiting.clear();
    },
    stop: () => queue.stop(),
  };
}

/** The object itself is the key. */
export function byKey({ before, after }: Change): string[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object.metadata)];
}

/** The label's value is the key, of the object as it was and as it is: a label taken away concerns its old owner. */
export function byLabel(label: string): (change: Change) => string[] {
  return ({ before, after }) => {
    const values = [before, after].flatMap((object) => object?.metadata.labels?.[label] ?? []);
    return [...new Set(values)];
  };
}
