import { ContextLengthExceeded } from "./errors.ts";
import type { Message } from "./request.ts";
import { estimatedTokens, MESSAGE_OVERHEAD_TOKENS } from "./usage.ts";

/** A part of a prompt that may be shortened where the context is small, unless it must be kept whole. */
export type Section = { title: string; text: string; keep?: boolean };

/**
 * A prompt as a phase writes it: who the model is (left to the model where nothing is said), what it must know (the oldest
 * first), and what it is asked. A small model follows the last thing it read, so the question comes last.
 */
export type Prompt = { system?: string; sections: readonly Section[]; ask: string };

/** A section is not cut shorter than this; then it goes as a whole. */
const SHORTEST_CHARACTERS = 400;
const CUT = (left: number) => `\n[... ${left} characters left out ...]\n`;

/**
 * The prompt as messages of at most `maxTokens`: the longest section is halved, of equally long ones the oldest, and what
 * is too short to be halved is left out, oldest first.
 * @throws ContextLengthExceeded when what must be kept does not fit.
 */
export function fitted(prompt: Prompt, maxTokens: number): Message[] {
  let sections = [...prompt.sections];
  for (;;) {
    const messages = messagesOf({ ...prompt, sections });
    const tokens = tokensOf(messages);
    if (tokens <= maxTokens) return messages;
    const victim = sections
      .filter(({ keep }) => !keep)
      .reduce<Section | undefined>((a, b) => (a === undefined || b.text.length > a.text.length ? b : a), undefined);
    if (victim === undefined) {
      throw new ContextLengthExceeded(
        `a prompt of about ${tokens} tokens must be kept whole and the model's context leaves ${maxTokens} for it`,
      );
    }
    sections = sections.flatMap((section) => (section === victim ? halved(section) : [section]));
  }
}

export function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + estimatedTokens(content) + MESSAGE_OVERHEAD_TOKENS, 0);
}

function messagesOf({ system, sections, ask }: Prompt): Message[] {
  const parts = sections.map(({ title, text }) => (title === "" ? text : `${title}:\n${text}`));
  return [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    { role: "user", content: [...parts, ask].join("\n\n") },
  ];
}

/** Its beginning and its end: a file's head names what it holds, a run's end says what failed. */
function halved(section: Section): Section[] {
  const { text } = section;
  if (text.length < SHORTEST_CHARACTERS) return [];
  const kept = Math.floor(text.length / 4);
  return [{ ...section, text: text.slice(0, kept) + CUT(text.length - 2 * kept) + text.slice(-kept) }];
}
