import type { ChatRequest } from "./request.ts";

/**
 * As text and programs usually have them, and rather fewer. By this a model is left room for its answer, and an answer that
 * came to its end is settled whose server never says figures: which server that is the platform chose, and not who asks.
 */
const USUAL_BYTES_PER_TOKEN = 3;
/** What a chat's template puts around each message. */
const AROUND_MESSAGE = 8;
/** And around all of them. */
const AROUND_CHAT = 16;

/**
 * How many tokens a text is at most. A token is a byte at least, and it may be no more: many models write each digit by
 * itself, and what is in no word of theirs by its bytes. By this is settled where the end did not come: who sends digits and
 * leaves before it does has them no cheaper. It is three or four times what usual text is, so that nothing is reserved by it:
 * honest calls would be refused room that is there.
 */
export function tokensAtMost(bytes: number): number {
  return bytes;
}

/** About how many tokens usual text is, rather more than fewer. */
export function usualTokens(bytes: number): number {
  return Math.ceil(bytes / USUAL_BYTES_PER_TOKEN);
}

/** How many tokens a model reads of a request: about, and at most. It never reads more than its context. */
export type InputTokens = { usual: number; most: number };

export function inputTokensOf(
  { messages, tools, tool_choice, response_format }: ChatRequest,
  contextTokens: number,
): InputTokens {
  const rest = [tools, tool_choice, response_format].map((each) => (each === undefined ? 0 : bytesOf(each)));
  const bytes = messages.map(bytesOf).concat(rest);
  const all = bytes.reduce((sum, each) => sum + each, 0);
  const around = messages.length * AROUND_MESSAGE + AROUND_CHAT;
  return {
    usual: Math.min(usualTokens(all) + around, contextTokens),
    most: Math.min(tokensAtMost(all) + around, contextTokens),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The least that is left for an answer: where the context is nearly full its server says so itself. */
const LEAST_OUTPUT = 64;

/** How many a model may write: what is asked for, what it can, and what its context usually has left. */
export function outputTokensOf(
  { max_completion_tokens, max_tokens }: ChatRequest,
  { contextTokens, maxOutputTokens }: { contextTokens: number; maxOutputTokens: number },
  inputTokens: number,
): number {
  const asked = max_completion_tokens ?? max_tokens ?? maxOutputTokens;
  const left = Math.max(LEAST_OUTPUT, contextTokens - inputTokens);
  return Math.min(asked, maxOutputTokens, left);
}
