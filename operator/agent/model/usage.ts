/** What a task has used, as its report says it. */
export type Usage = { inputTokens: number; outputTokens: number; llmCalls: number; estimated: boolean };

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, llmCalls: 0, estimated: false };

export function sumOf(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    llmCalls: a.llmCalls + b.llmCalls,
    estimated: a.estimated || b.estimated,
  };
}

/**
 * Tokens of a text whose tokenizer is unknown, rather too many than too few: code in today's vocabularies comes to three
 * to four bytes a token, and a script that is not Latin to about three.
 */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}

/** What a chat template adds around each message. */
export const MESSAGE_OVERHEAD_TOKENS = 8;
