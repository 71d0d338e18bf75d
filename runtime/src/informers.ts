import { Cache, type Change, type Indexes } from "./cache.ts";
import { messageOf } from "./errors.ts";
import { collectionPath, type Kind, type KubeObject } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { WatchMetrics } from "./metrics.ts";
import { type Origin, type Reflector, reflect, type Selectors } from "./reflector.ts";
import type { Transport } from "./transport.ts";

export type { Origin };

/** One kind, of all namespaces or of one, watched once and shared by all controllers of the process. */
export type Informer = {
  kind: Kind;
  cache: Cache;
  /** Does the cache hold every object of the kind, or only selected ones? */
  complete: boolean;
  /** Resolves when the cache holds at least what stood at the call, which a watch that lags may bring much later. */
  catchUp(): Promise<void>;
  /** Calls `handler` for every change from now on. */
  subscribe(handler: Handler): void;
};

type Handler = (change: Change, origin: Origin) => void;

export type InformerOptions = {
  /** Only what lies in this namespace: then a Role there is right enough. */
  namespace?: string;
  selectors?: Selectors;
  indexes?: Indexes;
  /** What is held of each object: its metadata whole, and of the rest what is read. */
  trim?: (object: KubeObject) => KubeObject;
};

/** All watches of a process: asked for while it is put together, started together, stopped together. */
export class Informers {
  readonly #about: { transport: Transport; log: Log; metrics: WatchMetrics };
  /** By what is watched: path and selectors. */
  readonly #informers = new Map<string, Informer & { options: InformerOptions; handlers: Handler[] }>();
  /** By the same. */
  readonly #reflectors = new Map<string, Reflector>();

  constructor(about: { transport: Transport; log: Log; metrics: WatchMetrics }) {
    this.#about = about;
  }

  /** The informer of a kind (in a namespace, by selectors); made at the first call, whose other options hold. */
  of(kind: Kind, options: InformerOptions = {}): Informer {
    const { labelSelector = "", fieldSelector = "" } = options.selectors ?? {};
    const path = `${collectionPath(kind, options.namespace)} ${labelSelector} ${fieldSelector}`;
    const known = this.#informers.get(path);
    if (known !== undefined) return known;
    const handlers: Handler[] = [];
    const informer = {
      kind,
      cache: new Cache(this.#guarded(kind, options.indexes), options.trim),
      complete: options.selectors === undefined && options.namespace === undefined,
      options,
      handlers,
      catchUp: async () => this.#reflectors.get(path)?.catchUp(),
      subscribe: (handler: Handler) => void handlers.push(handler),
    };
    this.#informers.set(path, informer);
    return informer;
  }

  /** Starts every watch and resolves when every cache is filled. */
  async start(): Promise<void> {
    for (const [path, { kind, cache, options, handlers }] of this.#informers) {
      this.#reflectors.set(
        path,
        reflect({
          ...this.#about,
          kind,
          cache,
          ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
          ...(options.selectors === undefined ? {} : { selectors: options.selectors }),
          onChange: (change, origin) => {
            for (const handler of handlers) this.#tell(kind, () => handler(change, origin), change);
          },
        }),
      );
    }
    await Promise.all([...this.#reflectors.values()].map(({ synced }) => synced));
  }

  /** One handler's fault is neither the watch's nor the other handlers': they would never hear of this change again. */
  #tell(kind: Kind, tell: () => void, change: Change): void {
    try {
      tell();
    } catch (error) {
      const { name, namespace } = (change.after ?? change.before)?.metadata ?? {};
      this.#about.log.error(
        { kind: kind.kind, name, namespace, error: messageOf(error) },
        "a change was not understood",
      );
    }
  }

  /** An object that an index function cannot read is found under nothing, but it is held and told like any other. */
  #guarded(kind: Kind, indexes: Indexes = {}): Indexes {
    const guard =
      (index: string, valuesOf: Indexes[string]): Indexes[string] =>
      (object) => {
        try {
          return valuesOf(object);
        } catch (error) {
          const { name, namespace } = object.metadata;
          this.#about.log.error({ kind: kind.kind, name, namespace, index, error: messageOf(error) }, "not indexed");
          return [];
        }
      };
    return Object.fromEntries(Object.entries(indexes).map(([index, valuesOf]) => [index, guard(index, valuesOf)]));
  }

  /** False when a watch has been silent longer than a healthy API server ever is. */
  fresh(): boolean {
    return this.#reflectors.size > 0 && [...this.#reflectors.values()].every((reflector) => reflector.fresh());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
  }
}
