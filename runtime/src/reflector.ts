import { setTimeout as sleep } from "node:timers/promises";
import type { Cache, Change } from "./cache.ts";
import { ApiError, isApiError, messageOf } from "./errors.ts";
import { apiVersionOf, collectionPath, type Kind, type KubeObject } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { WatchMetrics } from "./metrics.ts";
import type { Transport } from "./transport.ts";

export type ReflectorOptions = {
  kind: Kind;
  cache: Cache;
  transport: Transport;
  log: Log;
  labelSelector?: string;
  metrics?: WatchMetrics;
  onChange: (change: Change) => void;
};

/** A running list-and-watch of one kind. */
export type Reflector = {
  /** Resolves when the first list is in the cache. */
  synced: Promise<void>;
  /** Has the watch been heard, or reopened, within the time in which a healthy server always speaks? */
  fresh(): boolean;
  stop(): Promise<void>;
};

const PAGE_SIZE = 500;
const WATCH_OPEN_PERIOD_MILLISECONDS = 1_000;
const BACKOFF_MILLISECONDS = { first: 500, most: 30_000 };
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
  const state: State = { heardAt: Number.NEGATIVE_INFINITY, resourceVersion: undefined, failures: 0 };
  const done = run(options, abort.signal, state, first.resolve);
  return {
    synced: first.promise,
    fresh: () => performance.now() - state.heardAt < STALE_MILLISECONDS,
    async stop() {
      abort.abort();
      await done;
    },
  };
}

type State = {
  /** performance.now() of the last sign of life. */
  heardAt: number;
  /** Where the watch stands; undefined before the first list and after 410 Gone. */
  resourceVersion: string | undefined;
  failures: number;
};

async function run(options: ReflectorOptions, signal: AbortSignal, state: State, synced: () => void): Promise<void> {
  while (!signal.aborted) {
    const openedAt = performance.now();
    try {
      await listAndWatch(options, signal, state, synced);
    } catch (error) {
      if (signal.aborted) return;
      options.metrics?.failed(options.kind.kind);
      if (isApiError(error, 410)) state.resourceVersion = undefined;
      else state.failures += 1;
      options.log.warn(
        { kind: options.kind.kind, failures: state.failures, error: explained(error, options.kind) },
        "watch interrupted; resuming",
      );
    }
    await pause(openedAt, state.failures, signal);
  }
}

async function listAndWatch(
  options: ReflectorOptions,
  signal: AbortSignal,
  state: State,
  synced: () => void,
): Promise<void> {
  if (state.resourceVersion === undefined) {
    const list = await listAll(options, signal);
    for (const change of options.cache.replace(list.items)) options.onChange(change);
    state.resourceVersion = list.resourceVersion;
    synced();
  }
  state.heardAt = performance.now();
  options.metrics?.opened(options.kind.kind);
  for await (const version of watchOnce(options, state.resourceVersion, signal)) {
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

/** At most one open a second, and after failures a jittered, doubling wait. */
async function pause(openedAt: number, failures: number, signal: AbortSignal): Promise<void> {
  const backoff =
    failures === 0
      ? 0
      : Math.min(BACKOFF_MILLISECONDS.most, BACKOFF_MILLISECONDS.first * 2 ** (failures - 1)) * (0.5 + Math.random());
  const sinceOpen = performance.now() - openedAt;
  const wait = Math.max(backoff, WATCH_OPEN_PERIOD_MILLISECONDS - sinceOpen);
  if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
}

async function listAll(
  options: ReflectorOptions,
  signal: AbortSignal,
): Promise<{ items: KubeObject[]; resourceVersion: string }> {
  const { kind, transport, labelSelector } = options;
  const items: KubeObject[] = [];
  let continueToken = "";
  for (;;) {
    const page = parseList(
      await transport.send({
        method: "GET",
        path: collectionPath(kind),
        query: {
          limit: PAGE_SIZE,
          ...(labelSelector === undefined ? {} : { labelSelector }),
          ...(continueToken === "" ? {} : { continue: continueToken }),
        },
        signal,
      }),
    );
    // Items of a list carry neither apiVersion nor kind.
    for (const item of page.items) items.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
    continueToken = page.continueToken;
    if (continueToken === "") return { items, resourceVersion: page.resourceVersion };
  }
}

async function* watchOnce(options: ReflectorOptions, from: string, signal: AbortSignal): AsyncGenerator<string> {
  const { kind, transport, cache, labelSelector, onChange } = options;
  const lines = transport.lines({
    method: "GET",
    path: collectionPath(kind),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: from,
      timeoutSeconds: 300 + Math.floor(Math.random() * 300),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    },
    signal,
  });
  for await (const line of lines) {
    const event = parseEvent(line);
    if (event.type === "ADDED" || event.type === "MODIFIED") {
      const change = cache.put(event.object);
      if (change !== undefined) onChange(change);
    } else if (event.type === "DELETED") {
      const change = cache.remove(event.object);
      if (change !== undefined) onChange(change);
    }
    yield event.object.metadata.resourceVersion ?? from;
  }
}

type WatchEvent = { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: KubeObject };

const EVENT_TYPES = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

/** @throws ApiError for an ERROR event (410 among them), SyntaxError or TypeError for a line that is no event. */
function parseEvent(line: string): WatchEvent {
  const event: { type?: unknown; object?: unknown } = JSON.parse(line);
  if (event.type === "ERROR") {
    const status = recordOf(event.object);
    throw new ApiError(String(status["message"] ?? "the watch was ended by the server"), {
      status: Number(status["code"] ?? 500),
      reason: String(status["reason"] ?? "Unknown"),
    });
  }
  const metadata = recordOf(recordOf(event.object)["metadata"]);
  const named = event.type === "BOOKMARK" || typeof metadata["name"] === "string";
  if (typeof event.type !== "string" || !EVENT_TYPES.has(event.type) || !named) {
    throw new TypeError(`a watch sent a line that is no event: ${line.slice(0, 120)}`);
  }
  // The API server is trusted for the envelope, which has just been looked at; content is parsed by who reads it.
  return event as WatchEvent;
}

function parseList(body: unknown): { items: KubeObject[]; resourceVersion: string; continueToken: string } {
  const list = recordOf(body);
  const metadata = recordOf(list["metadata"]);
  const items = list["items"];
  if (!Array.isArray(items) || typeof metadata["resourceVersion"] !== "string") {
    throw new TypeError("the API server answered a list request with something that is no list");
  }
  return {
    items,
    resourceVersion: metadata["resourceVersion"],
    continueToken: typeof metadata["continue"] === "string" ? metadata["continue"] : "",
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
