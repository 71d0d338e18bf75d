import { z } from "zod";

/** More is no token count of anything. */
const figure = z.int().min(0).max(2_000_000_000);

const said = z.object({ usage: z.object({ prompt_tokens: figure, completion_tokens: figure }) });

const choices = z.object({ choices: z.array(z.record(z.string(), z.unknown())) });

/**
 * How much a model wrote in an answer, or in a piece of one: servers call thoughts, refusals and calls of tools as they like,
 * and a client is given all of it. Undefined where it is no answer.
 */
export function bytesWritten(json: unknown): number | undefined {
  const { data } = choices.safeParse(json);
  return data === undefined ? undefined : bytesIn(data.choices);
}

function bytesIn(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 0;
  // Some servers say with each piece who writes.
  const written = Object.entries(value).filter(([name, inner]) => name !== "role" || inner !== "assistant");
  return written.reduce((sum, [, inner]) => sum + bytesIn(inner), 0);
}

export type Figures = { inputTokens: number; outputTokens: number /** The server did not say. */; estimated: boolean };

/** What a model's answer says it took; undefined where it does not say. */
export function figuresIn(json: unknown): Figures | undefined {
  const { data } = said.safeParse(json);
  if (data === undefined) return undefined;
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = data.usage;
  return { inputTokens, outputTokens, estimated: false };
}

/** The last event of an answer. */
export const DONE = "data: [DONE]\n\n";

/** More in one event is no piece of an answer. */
const EVENT_LENGTH_AT_MOST = 1_048_576;

/**
 * Takes an event stream apart as it comes, and counts. What it gives on is whole events as they came; the one that holds the
 * figures, which is ours to ask for, only where the client asked for it too.
 */
export class AnswerStream {
  readonly #decoder = new TextDecoder();
  readonly #withUsage: boolean;
  #rest = "";
  /** So much was written, in so many pieces, each of which is a token or more. */
  bytes = 0;
  pieces = 0;
  /** As the server said them, if it did. */
  figures: Figures | undefined;
  /** It said that it is through. Told on by who has written down what it took: whoever hears it asks for more. */
  done = false;

  constructor({ withUsage }: { withUsage: boolean }) {
    this.#withUsage = withUsage;
  }

  /** @returns the events that are whole now. @throws Error where one has no end */
  push(chunk: Uint8Array): string[] {
    this.#rest += this.#decoder.decode(chunk, { stream: true }).replaceAll("\r\n", "\n");
    const events = this.#rest.split("\n\n");
    this.#rest = events.pop() ?? "";
    if (this.#rest.length > EVENT_LENGTH_AT_MOST) throw new Error("an event of its answer has no end");
    return events.flatMap((event) => (this.#isToldOn(event) ? [`${event}\n\n`] : []));
  }

  #isToldOn(event: string): boolean {
    const data = event
      .split("\n")
      .flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []))
      .join("\n");
    if (data === "[DONE]") {
      this.done = true;
      return false;
    }
    const json = parsed(data);
    const figures = figuresIn(json);
    if (figures !== undefined) this.figures = figures;
    const written = bytesWritten(json) ?? 0;
    this.bytes += written;
    if (written > 0) this.pieces += 1;
    return this.#withUsage || figures === undefined || !isOfFiguresAlone(json);
  }
}

const figuresAlone = z.object({ choices: z.tuple([]) });

function isOfFiguresAlone(json: unknown): boolean {
  return figuresAlone.safeParse(json).success;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
