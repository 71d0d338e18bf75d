import { type Assembly, type RawAnswer, readStream } from "./answer.ts";
import { Temporary } from "./errors.ts";
import { refusalOf } from "./refusal.ts";

export type Message = { role: "system" | "user" | "assistant"; content: string };

export type ChatRequest = {
  messages: readonly Message[];
  /** The longest answer, in tokens. */
  maxTokens: number;
  temperature: number;
  /** Same request, same seed, same answer, where the endpoint can do that. */
  seed: number;
};

export type Endpoint = {
  /** Up to and with `/v1`. */
  url: string;
  model: string;
  /** Asked for each call: a projected token is replaced while a task runs. */
  token(): Promise<string | undefined>;
  headers: Readonly<Record<string, string>>;
  answerBytes: number;
  totalMilliseconds: number;
  /** The longest silence; before the first token a small machine may read a long prompt for minutes. */
  idleMilliseconds: number;
};

/**
 * Asks once. What has come is in `into` also when this throws.
 * @throws Temporary, BudgetExceeded, ContextLengthExceeded or ModelRefused
 */
export async function askOnce(
  endpoint: Endpoint,
  request: ChatRequest,
  into: Assembly,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const watch = new Watch(endpoint, signal);
  try {
    const response = await fetch(`${endpoint.url.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: await headersOf(endpoint),
      body: JSON.stringify(bodyOf(endpoint.model, request)),
      signal: watch.signal,
      redirect: "error",
    });
    if (!response.ok) throw refusalOf(response, await beginningOf(response, watch));
    if (response.body === null) throw new Temporary("the endpoint answered nothing");
    const streamed = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
    const body = watch.over(response.body);
    if (streamed) await readStream(body, into);
    else into.take(await textOf(body, endpoint.answerBytes * 2));
    return into.answer();
  } catch (error) {
    throw explained(error, watch, signal);
  } finally {
    watch.end();
  }
}

function bodyOf(model: string, { messages, maxTokens, temperature, seed }: ChatRequest): unknown {
  return {
    model,
    messages,
    max_tokens: maxTokens,
    temperature,
    seed,
    stream: true,
    stream_options: { include_usage: true },
  };
}

export async function headersOf(endpoint: Pick<Endpoint, "token" | "headers">): Promise<Record<string, string>> {
  const token = await endpoint.token();
  return {
    "content-type": "application/json",
    accept: "text/event-stream, application/json",
    ...endpoint.headers,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** Ends a call that takes too long, or in which nothing is said for too long. */
class Watch {
  readonly signal: AbortSignal;
  readonly #control = new AbortController();
  readonly #idleMilliseconds: number;
  readonly #total: NodeJS.Timeout;
  #idle: NodeJS.Timeout;
  expired: string | undefined;

  constructor({ totalMilliseconds, idleMilliseconds }: Endpoint, outer: AbortSignal) {
    this.signal = AbortSignal.any([this.#control.signal, outer]);
    this.#idleMilliseconds = idleMilliseconds;
    this.#total = setTimeout(() => this.#expire(`no whole answer within ${totalMilliseconds} ms`), totalMilliseconds);
    this.#idle = this.#idleTimer();
  }

  async *over(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      clearTimeout(this.#idle);
      this.#idle = this.#idleTimer();
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    // Of an answer that is long enough the rest is not waited for.
    this.#control.abort();
  }

  #idleTimer(): NodeJS.Timeout {
    return setTimeout(() => this.#expire(`nothing was said for ${this.#idleMilliseconds} ms`), this.#idleMilliseconds);
  }

  #expire(why: string): void {
    this.expired = why;
    this.#control.abort();
  }
}

/** A refusal is explained in a few hundred bytes; nobody reads a megabyte of it. */
const REFUSAL_CHARACTERS = 4_096;

async function beginningOf({ body }: Response, watch: Watch): Promise<string> {
  return body === null ? "" : await textOf(watch.over(body), REFUSAL_CHARACTERS).catch(() => "");
}

async function textOf(body: AsyncIterable<Uint8Array>, bytesAtMost: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > bytesAtMost) throw new Temporary(`an answer of more than ${bytesAtMost} bytes`);
  }
  return text;
}

function explained(error: unknown, watch: Watch, outer: AbortSignal): unknown {
  if (outer.aborted) return outer.reason;
  if (watch.expired !== undefined) return new Temporary(watch.expired);
  if (error instanceof TypeError || error instanceof RangeError || isAbort(error)) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return new Temporary(`the endpoint cannot be spoken to: ${error.message}${cause}`);
  }
  return error;
}

function isAbort(error: unknown): error is Error {
  // What undici throws when the other side hangs up in the middle.
  return error instanceof Error && (error.name === "AbortError" || "code" in error);
}
