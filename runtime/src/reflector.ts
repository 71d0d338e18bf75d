import { setTimeout as sleep } from "node:timers/promises";
import type { Cache, Change } from "./cache.ts";
import { parseEvent, parseList } from "./envelope.ts";
import { askedMilliseconds, isApiError, messageOf } from "./errors.ts";
import { apiVersionOf, collectionPath, type Kind } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { WatchMetrics } from "./metrics.ts";
import type { Transport } from "./transport.ts";

export type ReflectorOptions = {
  kind: Kind;
  cache: Cache;
  transport: Transport;
  log: Log;
  /** Only what lies in this namespace. */
  namespace?: string;
  /** Only these objects, told by label or, where the kind allows it, by field. */
  selectors?: Selectors;
  metrics?: WatchMetrics;
  onChange: (change: Change, origin: Origin) => void;
  /** Defaults to what an API server should be asked for; tests have less time. */
  pace?: Partial<Pace>;
};

/** How a change came to be known: by a list, which tells what stands, or by the watch, which tells what happens. */
export type Origin = "list" | "watch";

/** As the API server takes them in a query. */
export type Selectors = { labelSelector?: string; fieldSelector?: string };

type Pace = {
  /** A watch is opened at most this often. */
  openMilliseconds: number;
  firstBackoffMilliseconds: number;
  mostBackoffMilliseconds: number;
};

/** A running list-and-watch of one kind. */
export type Reflector = {
  /** Resolves when the first list is in the cache. */
  synced: Promise<void>;
  /** Has the watch been heard, or reopened, within the time in which a healthy server always speaks? */
  fresh(): boolean;
  /**
   * Lists anew and watches from there: resolves when the cache holds at least what stood at the call, or on stop. A watch
   * may lag behind what it watches, and so may the API server's own cache that feeds it.
   */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
};

const PAGE_SIZE = 500;
const UNKNOWN_KIND_FAILURES = 4;
/** An API server that is back is to be noticed within seconds; a dozen attempts in that time cost it nothing. */
const PACE: Pace = { openMilliseconds: 1_000, firstBackoffMilliseconds: 500, mostBackoffMilliseconds: 5_000 };
/** A Retry-After beyond this is a proxy's mistake, and would leave us blind. */
const ASKED_AT_MOST_MILLISECONDS = 60_000;
/** The server ends a watch after 5 to 10 minutes; two silences on top of that mean that nobody is there. */
const STALE_MILLISECONDS = 150_000;

/**
 * Keeps a cache equal to what the API server holds: a paged list, then a watch with bookmarks from its
 * resourceVersion; a watch that ends is reopened where it stopped, 410 Gone lists again and reports only differences.
 * It never throws and never gives up: a fault is logged, counted, and retried with jittered backoff.
 */
export function reflect(options: ReflectorOptions): Reflector {
  const abort = new AbortController();
  const first = Promise.withResolvers<void>();
  const state = begun();
  const done = run(options, abort.signal, state, first.resolve);
  return {
    synced: first.promise,
    fresh: () => {
      // A watch that breaks each time it is opened is no sign of life, so opening counts only while it is open.
      const alive = state.open ? Math.max(state.openedAt, state.heardAt) : state.heardAt;
      return performance.now() - alive < STALE_MILLISECONDS;
    },
    catchUp: async () => {
      if (abort.signal.aborted) return;
      if (state.wanted === undefined) {
        state.wanted = Promise.withResolvers();
        state.attempt.abort();
      }
      await state.wanted.promise;
    },
    async stop() {
      abort.abort();
      await done;
    },
  };
}

type State = {
  /** performance.now() of the last list or event. */
  heardAt: number;
  /** performance.now() of the last attempt, and of the last watch that the server agreed to. */
  openedAt: number;
  open: boolean;
  /** performance.now() of the last request for a watch, or when it was agreed to: the way there may be long. */
  watchedAt: number;
  /** Ends what is under way, or the pause after it, because a list is wanted anew. */
  attempt: AbortController;
  /** Who waits for that list. */
  wanted: PromiseWithResolvers<void> | undefined;
  /** Where the watch stands; undefined before the first list and after 410 Gone. */
  resourceVersion: string | undefined;
  failures: number;
};

function begun(): State {
  const never = Number.NEGATIVE_INFINITY;
  return {
    heardAt: never,
    openedAt: never,
    watchedAt: never,
    open: false,
    resourceVersion: undefined,
    failures: 0,
    attempt: new AbortController(),
    wanted: undefined,
  };
}

async function run(options: ReflectorOptions, signal: AbortSignal, state: State, synced: () => void): Promise<void> {
  const pace = { ...PACE, ...options.pace };
  while (!signal.aborted) {
    state.openedAt = performance.now();
    state.attempt = new AbortController();
    if (state.wanted !== undefined) state.resourceVersion = undefined;
    const either = AbortSignal.any([signal, state.attempt.signal]);
    let askedMilliseconds = 0;
    try {
      await listAndWatch({ ...options, pace }, either, state, synced);
    } catch (error) {
      if (!either.aborted) askedMilliseconds = interrupted(options, state, error);
    } finally {
      state.open = false;
    }
    if (!either.aborted) await pause(state, askedMilliseconds, pace, either);
  }
  state.wanted?.resolve();
}

/** Notes what went wrong. Returns how many milliseconds the server asked to wait. */
function interrupted({ kind, log, metrics }: ReflectorOptions, state: State, error: unknown): number {
  metrics?.failed(kind.kind);
  state.failures += 1;
  // A kind that is not installed yet may be at any moment: asking every few seconds is cheap, and somebody waits.
  if (isApiError(error, 404)) state.failures = Math.min(state.failures, UNKNOWN_KIND_FAILURES);
  if (mustListAnew(error)) state.resourceVersion = undefined;
  const why = { kind: kind.kind, failures: state.failures, error: explained(error, kind) };
  // What was not heard of for five minutes is compacted away: no fault, and of Events that is the rule.
  if (isApiError(error, 410)) log.debug(why, "watch too old; listing anew");
  else log.warn(why, "list or watch interrupted; resuming");
  return askedMilliseconds(error);
}

/** Gone says so; after a line that makes no sense nobody knows what it should have said. All else resumes. */
function mustListAnew(error: unknown): boolean {
  return isApiError(error, 410) || error instanceof TypeError;
}

async function listAndWatch(
  options: ReflectorOptions & { pace: Pace },
  signal: AbortSignal,
  state: State,
  synced: () => void,
): Promise<void> {
  if (state.resourceVersion === undefined) {
    const listed = await listAll(options, signal);
    // Wanted anew in the very moment in which this one ended.
    if (signal.aborted) return;
    state.resourceVersion = listed;
    state.heardAt = performance.now();
    state.wanted?.resolve();
    state.wanted = undefined;
    synced();
  }
  // After a list that came between, a watch may not be due yet.
  await rest(options.pace.openMilliseconds - (performance.now() - state.watchedAt), signal);
  state.watchedAt = performance.now();
  const opened = () => {
    state.open = true;
    state.openedAt = performance.now();
    state.watchedAt = state.openedAt;
    options.metrics?.opened(options.kind.kind);
  };
  for await (const version of watchOnce(options, state.resourceVersion, signal, opened)) {
    state.resourceVersion = version;
    state.heardAt = performance.now();
    state.failures = 0;
  }
}

/** A 404 on a whole collection means that the API server does not know the kind. */
function explained(error: unknown, kind: Kind): string {
  if (!isApiError(error, 404)) return messageOf(error);
  return `the API server does not serve ${kind.plural}.${kind.group || "core"}/${kind.version}; install it (kubectl apply -f crds/)`;
}

/** At most one open a second, after failures a jittered, doubling wait, and never sooner than the server asked. */
async function pause(state: State, askedMilliseconds: number, pace: Pace, signal: AbortSignal): Promise<void> {
  const { openMilliseconds, firstBackoffMilliseconds, mostBackoffMilliseconds } = pace;
  const backoff = state.failures === 0 ? 0 : firstBackoffMilliseconds * 2 ** (state.failures - 1);
  const jittered = Math.min(mostBackoffMilliseconds, backoff * (0.5 + Math.random()));
  const untilNextOpen = openMilliseconds - (performance.now() - state.openedAt);
  const wait = Math.max(jittered, untilNextOpen, Math.min(askedMilliseconds, ASKED_AT_MOST_MILLISECONDS));
  await rest(wait, signal);
}

/** Sleeps until the time is over or the signal comes. */
async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/**
 * Lists into the cache, page by page: of ten thousand objects at once what nobody reads would be twice the memory of all
 * that is kept.
 * @returns where a watch may begin.
 */
async function listAll(options: ReflectorOptions, signal: AbortSignal): Promise<string> {
  const { kind, namespace, transport, selectors, cache, onChange } = options;
  const listing = cache.listing();
  const tell = (changes: readonly Change[]) => {
    for (const change of changes) onChange(change, "list");
  };
  let continueToken = "";
  for (;;) {
    const page = parseList(
      await transport.send({
        method: "GET",
        path: collectionPath(kind, namespace),
        // Trap: with a resourceVersion, even 0, the API server may answer from a cache that lags; without one it does not.
        query: {
          limit: PAGE_SIZE,
          ...selectors,
          ...(continueToken === "" ? {} : { continue: continueToken }),
        },
        signal,
      }),
    );
    // Items of a list carry neither apiVersion nor kind.
    tell(listing.page(page.items.map((item) => ({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind }))));
    continueToken = page.continueToken;
    if (continueToken !== "") continue;
    tell(listing.end(page.resourceVersion));
    return page.resourceVersion;
  }
}

async function* watchOnce(
  options: ReflectorOptions,
  from: string,
  signal: AbortSignal,
  opened: () => void,
): AsyncGenerator<string> {
  const { kind, namespace, transport, cache, selectors, onChange } = options;
  const query = {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: from,
    timeoutSeconds: secondsOf(kind),
    ...selectors,
  };
  const lines = transport.lines({ method: "GET", path: collectionPath(kind, namespace), query, signal }, opened);
  for await (const line of lines) {
    const event = parseEvent(line);
    if (event.type === "ADDED" || event.type === "MODIFIED") {
      const change = cache.put(event.object);
      if (change !== undefined) onChange(change, "watch");
    } else if (event.type === "DELETED") {
      const change = cache.remove(event.object);
      if (change !== undefined) onChange(change, "watch");
    }
    yield event.object.metadata.resourceVersion ?? from;
  }
}

/**
 * How long a watch may last. Trap: of Events the API server keeps no cache and sends no bookmarks, so a quiet watch of
 * them looks like a dead one; it is ended before the transport takes it for that.
 */
function secondsOf({ kind }: Kind): number {
  return kind === "Event" ? 45 + Math.floor(Math.random() * 15) : 300 + Math.floor(Math.random() * 300);
}
