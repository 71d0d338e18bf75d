/** What a worker's run asks for next. */
export type Outcome = { requeueAfterMilliseconds?: number };

export type QueueOptions = {
  /** Works one key. A rejection brings the key back after its backoff. Never runs twice at once for one key. */
  work: (key: string) => Promise<Outcome>;
  workers: number;
  backoff?: { firstMilliseconds: number; mostMilliseconds: number };
  /** Called around the work, for metrics: milliseconds that the key waited. */
  onStart?: (waitedMilliseconds: number) => void;
  onDepth?: (depth: number) => void;
  /** How long to wait at least, by what was thrown (Retry-After); undefined for the plain backoff, Infinity for never. */
  delayOf?: (error: unknown) => number | undefined;
};

const LONGEST_MILLISECONDS = 24 * 60 * 60_000;
const BACKOFF = { firstMilliseconds: 50, mostMilliseconds: 60_000 };

/**
 * A set of keys to work on, each at most once at a time: a key added while it runs runs once more afterwards, a key
 * added twice runs once. Failures wait longer each time, per key, so that one poisoned object delays no other.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #ready = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #failures = new Map<string, number>();
  #stopped = false;
  #scheduled = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that are worked on now. */
  get running(): number {
    return this.#running.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    if (!this.#ready.has(key)) this.#ready.set(key, performance.now());
    this.#options.onDepth?.(this.#ready.size);
    // Never inside the caller: a burst of events is taken in whole before the first key is worked.
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  /** Adds the key after a while; an earlier appointment of the same key wins. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#stopped) return;
    // Trap: a timer of more milliseconds than 31 bits hold, or of none that is a number, fires at once, again and again.
    const wait = Number.isNaN(milliseconds) ? LONGEST_MILLISECONDS : Math.min(milliseconds, LONGEST_MILLISECONDS);
    const at = performance.now() + wait;
    const booked = this.#timers.get(key);
    if (booked !== undefined && booked.at <= at) return;
    clearTimeout(booked?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, wait);
    this.#timers.set(key, { at, timer });
  }

  /** Takes no more keys and resolves when the running ones have finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready.clear();
    this.#again.clear();
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#running.size === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  #start(): void {
    for (const [key, since] of this.#ready) {
      if (this.#running.size >= this.#options.workers) return;
      this.#ready.delete(key);
      this.#running.add(key);
      // This run decides anew when to look again.
      clearTimeout(this.#timers.get(key)?.timer);
      this.#timers.delete(key);
      this.#options.onDepth?.(this.#ready.size);
      this.#options.onStart?.(performance.now() - since);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const outcome = await this.#options.work(key);
      this.#failures.delete(key);
      if (outcome.requeueAfterMilliseconds !== undefined) this.addAfter(key, outcome.requeueAfterMilliseconds);
    } catch (error) {
      this.#retry(key, error);
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.add(key);
      if (this.#stopped && this.#running.size === 0) this.#idle?.resolve();
      this.#start();
    }
  }

  #retry(key: string, error: unknown): void {
    const { firstMilliseconds, mostMilliseconds } = this.#options.backoff ?? BACKOFF;
    const failures = this.#failures.get(key) ?? 0;
    const asked = this.#options.delayOf?.(error) ?? 0;
    if (asked === Number.POSITIVE_INFINITY) return;
    this.#failures.set(key, failures + 1);
    const backoff = Math.min(mostMilliseconds, firstMilliseconds * 2 ** failures * (0.75 + Math.random() / 2));
    this.addAfter(key, Math.max(asked, backoff));
  }
}
