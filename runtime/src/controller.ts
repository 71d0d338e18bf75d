import type { Change } from "./cache.ts";
import { askedMilliseconds, failureLevel, messageOf, NotLeading, Stalled, Waiting } from "./errors.ts";
import type { Informer, Origin } from "./informers.ts";
import { keyOf } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { ControllerMetrics } from "./metrics.ts";
import { type Outcome, type Priority, Queue } from "./queue.ts";

/** Which keys a change of a watched kind concerns, and how soon they are worked. */
export type Source = {
  informer: Informer;
  keysOf: (change: Change) => string[];
  /** Nothing is decided by what it shows: it only says when to look. */
  isHint?: boolean;
  /** Defaults to live for what the watch brings and background for what a list does. */
  priorityOf?: (change: Change, origin: Origin) => Priority;
};

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
  /**
   * Begins to work; call when the informers are filled. Lists first what it decides by, unless it is known to be
   * `upToDate`: another process may have led until now, and our watches may lag behind what it did.
   * Resolves when the first keys are queued, or on stop; never rejects.
   */
  start(upToDate?: boolean): Promise<void>;
  /** Before the process writes its last: takes back what was made only for a while. */
  tidy?(): Promise<void>;
  /** Finishes what runs and takes nothing new. */
  stop(): Promise<void>;
};

/** One that can be asked for a key that nothing watched tells of; before the start the key waits for it. */
export type AskedController = Controller & { add(key: string, priority?: Priority): void };

const WORKERS = 16;
const NOT_LEADING_MILLISECONDS = 1_000;

/** The lower layer: events of watched kinds become keys, keys are worked through a queue, errors decide what comes next. */
export function controller(options: ControllerOptions): AskedController {
  const { log, metrics, reconcile } = options;
  const queue = new Queue({
    workers: options.workers ?? WORKERS,
    work: (key) => work(key),
    onStart: (waited) => metrics.waited(waited / 1000),
    onDepth: (priority, depth) => metrics.queued(priority, depth),
    delayOf: askedMilliseconds,
  });
  const waiting = new Map<string, Priority>(options.keys?.map((key) => [key, "background"]));
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
      const { outcome, result } = consequenceOf(error, key, log);
      metrics.reconciled(result, seconds());
      if (outcome !== undefined) return outcome;
      metrics.retried();
      throw error;
    } finally {
      metrics.working(queue.running - 1);
    }
  }

  for (const { informer, keysOf, priorityOf = byOrigin } of options.sources) {
    informer.subscribe((change, origin) => {
      const priority = priorityOf(change, origin);
      for (const key of keysOf(change)) {
        metrics.added();
        // Before the start nothing may be decided: an empty cache looks like an empty cluster.
        if (started) queue.add(key, priority);
        // Nearly all that a standby hears of was worked by the leader: news is what comes from now on.
        else waiting.set(key, priority === "urgent" || waiting.get(key) === "urgent" ? "urgent" : "background");
      }
    });
  }
  return {
    add(key, priority = "live") {
      if (started) queue.add(key, priority);
      else waiting.set(key, priority);
    },
    async start(upToDate = false) {
      const decisive = options.sources.filter(({ isHint }) => isHint !== true).map(({ informer }) => informer);
      if (!upToDate) await Promise.all([...new Set(decisive)].map((informer) => informer.catchUp()));
      started = true;
      for (const [key, priority] of waiting) queue.add(key, priority);
      waiting.clear();
    },
    stop: () => queue.stop(),
  };
}

type Consequence = { outcome?: Outcome; result: "requeue_after" | "stalled" | "error" };

/** Tells the log what a failure is, and gives what comes of it: no outcome where it is retried with backoff. */
function consequenceOf(error: unknown, key: string, log: Log): Consequence {
  if (error instanceof Waiting) {
    log.debug({ key, why: error.message }, "waiting");
    return { outcome: { requeueAfterMilliseconds: error.afterSeconds * 1000 }, result: "requeue_after" };
  }
  if (error instanceof Stalled) {
    log.error({ key, error: error.message }, "stalled until somebody acts");
    return { outcome: {}, result: "stalled" };
  }
  if (error instanceof NotLeading) {
    // No fault: the process is about to end. Should it lead after all, the key must not be lost.
    log.debug({ key, why: error.message }, "not leading");
    return { outcome: { requeueAfterMilliseconds: NOT_LEADING_MILLISECONDS }, result: "requeue_after" };
  }
  log[failureLevel(error)]({ key, error: messageOf(error) }, "reconcile failed; will be retried");
  return { result: "error" };
}

function byOrigin(_change: Change, origin: Origin): Priority {
  return origin === "watch" ? "live" : "background";
}

/** The object itself is the key. */
export function byKey({ before, after }: Change): string[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object.metadata)];
}

/**
 * Leaves out what only confirms a write of ours, where the key's own reconcile made it and nobody else's decision depends
 * on it: a reconcile ends when it has looked at all that it wrote, and a second look would be half of all work.
 */
export function unlessOwn(
  keysOf: (change: Change) => string[],
  isAlone: (key: string) => boolean,
): (change: Change) => string[] {
  return (change) => {
    const keys = keysOf(change);
    const [key] = keys;
    return change.own === true && key !== undefined && keys.length === 1 && isAlone(key) ? [] : keys;
  };
}

/** The label's value is the key, of the object as it was and as it is: a label taken away concerns its old owner. */
export function byLabel(label: string): (change: Change) => string[] {
  return ({ before, after }) => {
    const values = [before, after].flatMap((object) => object?.metadata.labels?.[label] ?? []);
    return [...new Set(values)];
  };
}
