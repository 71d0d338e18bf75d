import { Cache, type Change, type Indexes } from "./cache.ts";
import type { Kind } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { WatchMetrics } from "./metrics.ts";
import { type Reflector, reflect } from "./reflector.ts";
import type { Transport } from "./transport.ts";

/** One kind, watched once and shared by all controllers of the process. */
export type Informer = {
  kind: Kind;
  cache: Cache;
  /** Does the cache hold every object of the kind, or only those with our label? */
  complete: boolean;
  /** Calls `handler` for every change from now on. */
  subscribe(handler: (change: Change) => void): void;
};

export type InformerOptions = { labelSelector?: string; indexes?: Indexes };

/** All watches of a process: asked for while it is put together, started together, stopped together. */
export class Informers {
  readonly #about: { transport: Transport; log: Log; metrics: WatchMetrics };
  readonly #informers = new Map<
    Kind,
    Informer & { options: InformerOptions; handlers: ((change: Change) => void)[] }
  >();
  readonly #reflectors: Reflector[] = [];

  constructor(about: { transport: Transport; log: Log; metrics: WatchMetrics }) {
    this.#about = about;
  }

  /** The informer of a kind; made at the first call, whose options are the ones that hold. */
  of(kind: Kind, options: InformerOptions = {}): Informer {
    const known = this.#informers.get(kind);
    if (known !== undefined) return known;
    const handlers: ((change: Change) => void)[] = [];
    const informer = {
      kind,
      cache: new Cache(options.indexes),
      complete: options.labelSelector === undefined,
      options,
      handlers,
      subscribe: (handler: (change: Change) => void) => void handlers.push(handler),
    };
    this.#informers.set(kind, informer);
    return informer;
  }

  /** Starts every watch and resolves when every cache is filled. */
  async start(): Promise<void> {
    for (const { kind, cache, options, handlers } of this.#informers.values()) {
      this.#reflectors.push(
        reflect({
          ...this.#about,
          kind,
          cache,
          ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
          onChange: (change) => {
            for (const handler of handlers) handler(change);
          },
        }),
      );
    }
    await Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** False when a watch has been silent longer than a healthy API server ever is. */
  fresh(): boolean {
    return this.#reflectors.length > 0 && this.#reflectors.every((reflector) => reflector.fresh());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }
}
