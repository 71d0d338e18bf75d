import type { FastifyBaseLogger, FastifyLogFn, FastifyRequest } from "fastify";

/** Longer than any id, name or word of a path of ours, and shorter than any secret. */
const WORD_AT_MOST = 40;

/**
 * What the log tells of a request: no query, in which links carry their tokens and people search for people, and of the path
 * nothing that is long enough to be a secret, on whichever route, also one that there is not.
 */
export function loggedRequest({ method, url, host, ip }: FastifyRequest): Record<string, string> {
  return { method, path: loggedPath(url), host, ip };
}

/** The path of that, which may also be told to who asked. */
export function loggedPath(url: string): string {
  const [path = ""] = url.split("?");
  const words = path.split("/").map((word) => (word.length > WORD_AT_MOST ? "..." : word));
  return words.join("/");
}

/** Levels at which a request that goes well says nothing. */
const QUIET: ReadonlySet<string> = new Set(["warn", "error", "fatal", "silent"]);

type Bindings = Parameters<FastifyBaseLogger["child"]>[0];
type Options = Parameters<FastifyBaseLogger["child"]>[1];

/** What a request is logged by: where it says nothing when it goes well, a logger that is only made when it does not. */
export function logOf(log: FastifyBaseLogger, bindings: Bindings, options: Options): FastifyBaseLogger {
  return QUIET.has(log.level) ? new Quiet(log, bindings, options) : log.child(bindings, options);
}

class Quiet implements FastifyBaseLogger {
  readonly level: string;
  readonly #make: () => FastifyBaseLogger;
  #made: FastifyBaseLogger | undefined;

  constructor(log: FastifyBaseLogger, bindings: Bindings, options: Options) {
    this.level = log.level;
    this.#make = () => log.child(bindings, options);
  }

  child(bindings: Bindings, options: Options): FastifyBaseLogger {
    return this.#log.child(bindings, options);
  }

  fatal(...said: unknown[]): void {
    this.#tell("fatal", said);
  }

  error(...said: unknown[]): void {
    this.#tell("error", said);
  }

  warn(...said: unknown[]): void {
    this.#tell("warn", said);
  }

  info(): void {}
  debug(): void {}
  trace(): void {}
  silent(): void {}

  get #log(): FastifyBaseLogger {
    this.#made ??= this.#make();
    return this.#made;
  }

  #tell(level: "fatal" | "error" | "warn", said: unknown[]): void {
    const log = this.#log;
    const tell: FastifyLogFn = log[level];
    Reflect.apply(tell, log, said);
  }
}
