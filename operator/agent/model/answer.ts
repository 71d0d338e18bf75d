import { z } from "zod";
import { Temporary } from "./errors.ts";
import { eventData } from "./events.ts";
import { failureOf } from "./refusal.ts";

/** A model's whole answer, put together from what the endpoint sent. */
export type RawAnswer = {
  text: string;
  /** The model by its own word; which one answered is part of the evidence. */
  model: string | undefined;
  /** `length`: the model or we stopped it before its end. */
  finish: "stop" | "length";
  /** Undefined where the endpoint did not say. */
  usage: { inputTokens: number; outputTokens: number } | undefined;
};

const tokens = z.number().int().min(0);
const usage = z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(undefined);
const failure = z.object({ message: z.string().nullish(), code: z.unknown(), type: z.unknown() });

const chunk = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage,
  error: failure.nullish(),
});

/** Longest line that is still taken for an event. */
const LINE_CHARACTERS = 1024 * 1024;

/** What has come so far; kept apart from the reading, because a call that breaks has cost something all the same. */
export class Assembly {
  text = "";
  model: string | undefined;
  finish: "stop" | "length" | undefined;
  usage: RawAnswer["usage"];
  readonly #bytesAtMost: number;
  #bytes = 0;

  constructor(bytesAtMost: number) {
    this.#bytesAtMost = bytesAtMost;
  }

  /**
   * One piece of JSON as the endpoint sent it; false when there is enough.
   * @throws Temporary when it is not a piece of a chat completion; what it says that failed.
   */
  take(json: string): boolean {
    const said = parsedChunk(json);
    if (said.error) throw failureOf(said.error.message ?? "the stream ended with an error", said.error.code);
    this.model ??= said.model ?? undefined;
    if (said.usage) {
      this.usage = { inputTokens: said.usage.prompt_tokens, outputTokens: said.usage.completion_tokens };
    }
    const [choice] = said.choices;
    const added = choice?.delta?.content ?? choice?.message?.content ?? "";
    this.#bytes += Buffer.byteLength(added);
    if (this.#bytes > this.#bytesAtMost) {
      this.finish = "length";
      return false;
    }
    this.text += added;
    if (choice?.finish_reason) this.finish = choice.finish_reason === "length" ? "length" : "stop";
    return true;
  }

  /** @throws Temporary when the endpoint never said that it was through. */
  answer(): RawAnswer {
    const { text, model, finish, usage: counted } = this;
    if (finish === undefined) throw new Temporary("the answer broke off before its end");
    return { text, model, finish, usage: counted };
  }
}

/** Reads a streamed answer to its end, or to `[DONE]`, or until it is as long as it may be. */
export async function readStream(body: AsyncIterable<Uint8Array>, into: Assembly): Promise<void> {
  for await (const data of eventData(body, LINE_CHARACTERS)) {
    if (data === "[DONE]") {
      // Said by servers that give no finish_reason.
      into.finish ??= "stop";
      return;
    }
    if (!into.take(data)) return;
  }
}

function parsedChunk(json: string): z.output<typeof chunk> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Temporary(`the endpoint sent what is not JSON: ${JSON.stringify(json.slice(0, 120))}`);
  }
  const parsed = chunk.safeParse(value);
  if (!parsed.success) throw new Temporary("the endpoint sent what is not a chat completion");
  return parsed.data;
}
