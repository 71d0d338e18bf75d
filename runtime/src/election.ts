import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, messageOf } from "./errors.ts";
import type { KubeObject } from "./kubernetes.ts";
import { durationOf, holderOf, type Lease, leaseAt } from "./lease.ts";
import type { Log } from "./log.ts";
import type { Transport } from "./transport.ts";

/** Times of an election, in seconds. Every candidate of one Lease should use the same. */
export type ElectionPace = {
  /** A Lease that was not renewed for this long may be taken. */
  leaseSeconds: number;
  /** A leader that could not renew for this long gives up; well before anybody may take its Lease. */
  renewDeadlineSeconds: number;
  /** Pause between renewals. */
  retrySeconds: number;
};

/** As Kubernetes' own controllers: a crashed leader is replaced after 15 s, and no two ever write. */
export const ELECTION_PACE: ElectionPace = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 };

export type ElectionOptions = {
  /** A connection of its own, so that no queue of other requests delays a renewal. */
  transport: Transport;
  lease: { namespace: string; name: string };
  /** Of this process alone; a restarted one is another. */
  identity: string;
  pace: ElectionPace;
  log: Log;
  /** `undisturbed`: nobody led since `look`, so that what was listed after it is what stands. */
  onLeading: (undisturbed: boolean) => void;
  /** Called once, when leadership is lost without our giving it up: the process must end. */
  onLost: (why: string) => void;
};

export type Election = {
  /** Looks at the Lease before the caches are filled: was it free, and stays so until we lead, nobody wrote since. */
  look(): Promise<void>;
  start(): void;
  /**
   * Leads no more from this moment. Releases the Lease, so that the next one need not wait for it to run out, unless
   * `release` is false: whoever has work still running must let it run out.
   */
  stop(release?: boolean): Promise<void>;
  /** May a request that changes something be started now? Asks the clock, so it holds for a process that was paused. */
  leading(): boolean;
};

/** A standby looks this often: with the work that the leader finishes first, it takes over within a second of a stop. */
const STANDBY_MILLISECONDS = 250;
/** What a request is given to end in once we are to stop. */
const STOP_MILLISECONDS = 2_000;

/** Somebody else holds the Lease. */
class Taken extends Error {}

/**
 * Leader election on a Lease, by the rules of client-go's leaderelection: what others write is judged by how long we
 * have seen it unchanged on our own clock, never by their times; every write carries the resourceVersion it is based on.
 */
export function election(options: ElectionOptions): Election {
  const candidate = new Candidate(options);
  return {
    look: () => candidate.look(),
    start: () => candidate.start(),
    stop: (release = true) => candidate.stop(release),
    leading: () => candidate.leading(),
  };
}

class Candidate {
  readonly #options: ElectionOptions;
  readonly #pace: { lease: number; deadline: number; retry: number };
  readonly #lease: Lease;
  readonly #stopping = new AbortController();
  readonly #hurry = new AbortController();
  #held: KubeObject | undefined;
  #renewedAt: Moment = NEVER;
  #seen: { version: string | undefined; at: number } = { version: undefined, at: 0 };
  /** The Lease when `look` found it free: its version, undefined where there was none. */
  #foundFree: { version: string | undefined } | undefined;
  #undisturbed = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: ElectionOptions) {
    const { leaseSeconds, renewDeadlineSeconds, retrySeconds } = options.pace;
    this.#options = options;
    this.#pace = { lease: leaseSeconds * 1000, deadline: renewDeadlineSeconds * 1000, retry: retrySeconds * 1000 };
    this.#lease = leaseAt({ ...options, leaseSeconds, at: options.lease });
  }

  async look(): Promise<void> {
    // Without an answer nothing is known, which costs no more than a list.
    const live = await this.#lease.read(this.#within(this.#pace.deadline, this.#stopping)).catch(() => null);
    if (live === null || (live !== undefined && holderOf(live) !== "")) return;
    this.#foundFree = { version: live?.metadata.resourceVersion };
  }

  start(): void {
    if (!this.#stopped) this.#done = this.#run();
  }

  leading(): boolean {
    return this.#held !== undefined && !this.#stopped && this.#left > 0;
  }

  async stop(release: boolean): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#hurry.abort(), STOP_MILLISECONDS);
    await this.#done;
    if (this.#held !== undefined && release) {
      await this.#lease.release(this.#held, this.#within(this.#pace.deadline)).catch((error: unknown) => {
        const why = "the Lease was not released; the next one waits until it runs out";
        this.#options.log.warn({ error: messageOf(error) }, why);
      });
    }
    clearTimeout(timer);
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Milliseconds until the own renew deadline. */
  get #left(): number {
    return this.#pace.deadline - ageOf(this.#renewedAt);
  }

  async #run(): Promise<void> {
    const { log, identity, lease, onLeading, onLost } = this.#options;
    log.info({ identity, lease: lease.name }, "standing by until the Lease is ours");
    await this.#standBy();
    if (this.#stopped) return;
    log.info({ identity }, "leading");
    onLeading(this.#undisturbed);
    const why = await this.#lead();
    if (this.#stopped) return;
    this.#held = undefined;
    onLost(why);
  }

  /** Tries until we lead or are stopped. */
  async #standBy(): Promise<void> {
    const look = Math.min(STANDBY_MILLISECONDS, this.#pace.retry);
    let told = "";
    while (!this.#stopped) {
      const fault = await this.#acquire().then(
        () => "",
        // Another one was quicker.
        (error: unknown) => (isApiError(error, 409) ? "" : messageOf(error)),
      );
      if (this.leading()) return;
      // Told once, not every time that we look.
      if (fault !== told && fault !== "" && !this.#stopped) {
        this.#options.log.warn({ error: fault }, "the Lease could not be looked at or taken; trying again");
      }
      told = fault;
      await this.#pause(fault === "" ? look * (0.75 + Math.random() / 2) : this.#pace.retry);
    }
  }

  /** Takes the Lease where it is free. We lead then, unless the answer took longer than it is good for. */
  async #acquire(): Promise<void> {
    const looked = performance.now();
    const { deadline } = this.#pace;
    const live = await this.#lease.read(this.#within(deadline, this.#stopping));
    if (live === undefined) await this.#hold(() => this.#lease.create(this.#within(deadline)));
    else if (this.#isFree(live, looked)) await this.#hold(() => this.#lease.take(live, this.#within(deadline)));
    else return;
    this.#undisturbed = this.#foundFree !== undefined && this.#foundFree.version === live?.metadata.resourceVersion;
  }

  #isFree(live: KubeObject, now: number): boolean {
    const holder = holderOf(live);
    // Ours although we do not lead: the answer to our request was lost or late.
    if (holder === "" || holder === this.#options.identity) return true;
    const { resourceVersion: version } = live.metadata;
    if (version !== this.#seen.version) this.#seen = { version, at: now };
    // A holder of another version of this program may have been promised longer.
    return now - this.#seen.at >= Math.max(this.#pace.lease, durationOf(live));
  }

  /** Renews until that fails for too long, somebody else holds the Lease, or we are stopped. Returns why. */
  async #lead(): Promise<string> {
    for (;;) {
      await this.#pause(Math.min(this.#pace.retry, this.#left));
      if (this.#stopped) return "stopped";
      if (this.#left <= 0) return `the Lease was not renewed for ${this.#options.pace.renewDeadlineSeconds} s`;
      try {
        await this.#renew();
      } catch (error) {
        if (error instanceof Taken) return error.message;
        this.#options.log.warn({ error: messageOf(error) }, "the Lease was not renewed; trying again");
      }
    }
  }

  /** @throws Taken when it is somebody else's by now. */
  async #renew(): Promise<void> {
    try {
      const known = this.#held;
      if (known !== undefined) await this.#hold(() => this.#lease.renew(known, this.#within(this.#left)));
    } catch (error) {
      if (!isApiError(error, 404, 409)) throw error;
      // Changed under us: by a renewal of ours whose answer was lost, by a person, or by the next leader.
      const live = await this.#lease.read(this.#within(this.#left));
      if (live !== undefined && holderOf(live) !== this.#options.identity)
        throw new Taken("somebody else holds the Lease");
      await this.#hold(() =>
        live === undefined
          ? this.#lease.create(this.#within(this.#left))
          : this.#lease.renew(live, this.#within(this.#left)),
      );
    }
  }

  /** Writes that we hold it. Our time counts from before the request: others may see the change from then on. */
  async #hold(write: () => Promise<KubeObject>): Promise<void> {
    const begun = moment();
    this.#held = await write();
    this.#renewedAt = begun;
  }

  /** One request that hangs must leave time for another try before the deadline. */
  #within(milliseconds: number, end = this.#hurry): AbortSignal {
    const most = Math.max(1, Math.min(milliseconds, this.#pace.deadline / 3));
    // Trap: it throws at a fraction.
    return AbortSignal.any([AbortSignal.timeout(Math.floor(most)), end.signal]);
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(Math.max(0, milliseconds), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

/** A point of time by both clocks: one stands still while the machine sleeps, the other may be set. */
type Moment = { monotonic: number; wall: number };

const NEVER: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

function moment(): Moment {
  return { monotonic: performance.now(), wall: Date.now() };
}

/** At least this many milliseconds ago, as far as we can know: a leader must not take itself for younger than it is. */
function ageOf({ monotonic, wall }: Moment): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall);
}
