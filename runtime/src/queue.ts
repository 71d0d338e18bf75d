/**
 * Classes of keys, first to last: what a person or a task waits for, what has just changed, and what is only looked at
 * again (start-up, a new list). Ten thousand objects at a start must not stand before the one that was just made.
 */
export const PRIORITIES = ["urgent", "live", "background"] as const;

export type Priority = (typeof PRIORITIES)[number];

/** Every so many picks the key that waited longest is taken, whatever its class: so no class starves. */
const OLDEST_EVERY = 8;

/** What a worker's run asks for next. */
export type Outcome = {
  requeueAfterMilliseconds?: number;
  /** The class it comes back in; the one it had, unless it is said. */
  priority?: Priority;
};

export type QueueOptions = {
  /** Works one key. A rejection brings the key back after its backoff. Never runs twice at once for one key. */
  work: (key: string) => Promise<Outcome>;
  workers: number;
  backoff?: { firstMilliseconds: number; mostMilliseconds: number };
  /** Called around the work, for metrics: milliseconds that the key waited. */
  onStart?: (waitedMilliseconds: number) => void;
  onDepth?: (priority: Priority, depth: number) => void;
  /**
   * How long to wait at least, by what was thrown (Retry-After), even when the key is added again meanwhile; undefined for
   * the plain backoff, Infinity for never.
   */
  delayOf?: (error: unknown) => number | undefined;
};

const LONGEST_MILLISECONDS = 24 * 60 * 60_000;
/** A Retry-After beyond this is a proxy's mistake: the key comes back by its timer, or sooner when there is news. */
const ASKED_AT_MOST_MILLISECONDS = 60_000;
const BACKOFF = { firstMilliseconds: 50, mostMilliseconds: 60_000 };

/** Keys of one class in their order, each with performance.now() since when it waits. */
class Waiting {
  readonly #since = new Map<string, number>();
  #order = this.#since.keys();
  #first: string | undefined;

  get size(): number {
    return this.#since.size;
  }

  /** Trap: a Map that is begun anew each time steps over all that was deleted before, and 100,000 keys take seconds. */
  get first(): { key: string; since: number } | undefined {
    for (;;) {
      const since = this.#first === undefined ? undefined : this.#since.get(this.#first);
      if (this.#first !== undefined && since !== undefined) return { key: this.#first, since };
      const next = this.#order.next();
      this.#first = next.done === true ? undefined : next.value;
      if (next.done !== true) continue;
      this.#order = this.#since.keys();
      if (this.#since.size === 0) return undefined;
    }
  }

  has(key: string): boolean {
    return this.#since.has(key);
  }

  set(key: string, since: number): void {
    this.#since.set(key, since);
  }

  /** Since when it waited. */
  delete(key: string): number {
    const since = this.#since.get(key) ?? performance.now();
    this.#since.delete(key);
    return since;
  }

  clear(): void {
    this.#since.clear();
  }
}

/**
 * A set of keys to work on, each at most once at a time: a key added while it runs runs once more afterwards, a key
 * added twice runs once, in the better class of the two. Failures wait longer each time, per key, so that one poisoned
 * object delays no other; they come back in the class they had.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #ready: Record<Priority, Waiting> = {
    urgent: new Waiting(),
    live: new Waiting(),
    background: new Waiting(),
  };
  readonly #running = new Set<string>();
  readonly #again = new Map<string, Priority>();
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout; priority: Priority }>();
  readonly #failures = new Map<string, number>();
  /** By key, performance.now() until which the server asked not to be asked again: no news makes that sooner. */
  readonly #notBefore = new Map<string, number>();
  #picks = 0;
  #stopped = false;
  #scheduled = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get depth(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#ready[priority].size, 0);
  }

  /** Keys that are worked on now. */
  get running(): number {
    return this.#running.size;
  }

  add(key: string, priority: Priority = "live"): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#again.set(key, better(priority, this.#again.get(key)));
      return;
    }
    const wait = (this.#notBefore.get(key) ?? 0) - performance.now();
    if (wait > 0) {
      this.addAfter(key, wait, priority);
      return;
    }
    this.#enter(key, priority);
    // Never inside the caller: a burst of events is taken in whole before the first key is worked.
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  /** Adds the key after a while; an earlier appointment of the same key wins, and the better class of the two. */
  addAfter(key: string, milliseconds: number, priority: Priority = "live"): void {
    if (this.#stopped) return;
    // Trap: a timer of more milliseconds than 31 bits hold, or of none that is a number, fires at once, again and again.
    const wait = Number.isNaN(milliseconds) ? LONGEST_MILLISECONDS : Math.min(milliseconds, LONGEST_MILLISECONDS);
    const at = performance.now() + wait;
    const booked = this.#timers.get(key);
    const best = better(priority, booked?.priority);
    if (booked !== undefined && booked.at <= at) {
      booked.priority = best;
      return;
    }
    clearTimeout(booked?.timer);
    const timer = setTimeout(() => {
      const appointment = this.#timers.get(key);
      this.#timers.delete(key);
      this.add(key, appointment?.priority);
    }, wait);
    this.#timers.set(key, { at, timer, priority: best });
  }

  /** Takes no more keys and resolves when the running ones have finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const priority of PRIORITIES) this.#ready[priority].clear();
    this.#again.clear();
    this.#notBefore.clear();
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#running.size === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** A key that waits already keeps its time and moves up where the new class is the better one. */
  #enter(key: string, priority: Priority): void {
    const waits = PRIORITIES.find((one) => this.#ready[one].has(key));
    if (waits !== undefined && better(priority, waits) === waits) return;
    const since = waits === undefined ? performance.now() : this.#leave(key, waits);
    this.#ready[priority].set(key, since);
    this.#options.onDepth?.(priority, this.#ready[priority].size);
  }

  #leave(key: string, priority: Priority): number {
    const since = this.#ready[priority].delete(key);
    this.#options.onDepth?.(priority, this.#ready[priority].size);
    return since;
  }

  #start(): void {
    while (this.#running.size < this.#options.workers) {
      const next = this.#next();
      if (next === undefined) return;
      const { key, priority } = next;
      const since = this.#leave(key, priority);
      this.#running.add(key);
      this.#notBefore.delete(key);
      // This run decides anew when to look again.
      clearTimeout(this.#timers.get(key)?.timer);
      this.#timers.delete(key);
      this.#options.onStart?.(performance.now() - since);
      void this.#run(key, priority);
    }
  }

  #next(): { key: string; priority: Priority } | undefined {
    const heads = PRIORITIES.flatMap((priority) => {
      const { first } = this.#ready[priority];
      return first === undefined ? [] : [{ ...first, priority }];
    });
    this.#picks += 1;
    if (this.#picks % OLDEST_EVERY !== 0) return heads[0];
    return heads.toSorted((a, b) => a.since - b.since)[0];
  }

  async #run(key: string, priority: Priority): Promise<void> {
    try {
      const outcome = await this.#options.work(key);
      this.#failures.delete(key);
      if (outcome.requeueAfterMilliseconds !== undefined)
        this.addAfter(key, outcome.requeueAfterMilliseconds, outcome.priority ?? priority);
    } catch (error) {
      this.#retry(key, error, priority);
    } finally {
      this.#running.delete(key);
      const again = this.#again.get(key);
      if (this.#again.delete(key)) this.add(key, again);
      if (this.#stopped && this.#running.size === 0) this.#idle?.resolve();
      this.#start();
    }
  }

  #retry(key: string, error: unknown, priority: Priority): void {
    const { firstMilliseconds, mostMilliseconds } = this.#options.backoff ?? BACKOFF;
    const failures = this.#failures.get(key) ?? 0;
    const asked = this.#options.delayOf?.(error) ?? 0;
    if (asked === Number.POSITIVE_INFINITY) return;
    this.#failures.set(key, failures + 1);
    if (asked > 0) this.#notBefore.set(key, performance.now() + Math.min(asked, ASKED_AT_MOST_MILLISECONDS));
    const backoff = Math.min(mostMilliseconds, firstMilliseconds * 2 ** failures * (0.75 + Math.random() / 2));
    this.addAfter(key, Math.max(asked, backoff), priority);
  }
}

function better(a: Priority, b: Priority = a): Priority {
  return PRIORITIES.indexOf(a) < PRIORITIES.indexOf(b) ? a : b;
}
