import type { ChatRequest } from "./request.ts";

/** Fewer than any language or program needs: what is estimated so is not too little. */
const BYTES_PER_TOKEN = 3;
/** What a chat's template puts around each message. */
const AROUND_MESSAGE = 8;
/** And around all of them. */
const AROUND_CHAT = 16;

/** About how many tokens a text is, rather more than fewer. */
export function tokensOf(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** About how many a model reads of a request. It never reads more than its context. */
export function inputTokensOf({ messages, tools, response_format }: ChatRequest, contextTokens: number): number {
  const rest = [tools, response_format].map((each) => (each === undefined ? 0 : bytesOf(each)));
  const bytes = messages.map(bytesOf).concat(rest);
  const all = tokensOf(bytes.reduce((sum, each) => sum + each, 0)) + messages.length * AROUND_MESSAGE + AROUND_CHAT;
  return Math.min(all, contextTokens);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The least that is left for an answer: where the context is nearly full its server says so itself. */
const LEAST_OUTPUT = 64;

/** How many a model may write: what is asked for, what it can, and what its context has left. */
export function outputTokensOf(
  { max_completion_tokens, max_tokens }: ChatRequest,
  { contextTokens, maxOutputTokens }: { contextTokens: number; maxOutputTokens: number },
  inputTokens: number,
): number {
  const asked = max_completion_tokens ?? max_tokens ?? maxOutputTokens;
  const left = Math.max(LEAST_OUTPUT, contextTokens - inputTokens);
  return Math.min(asked, maxOutputTokens, left);
}
