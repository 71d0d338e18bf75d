import type { Model } from "../model/client.ts";
import { ContextLengthExceeded } from "../model/errors.ts";
import { fitted, type Prompt, tokensOf } from "../model/prompt.ts";
import type { Message } from "../model/request.ts";
import type { Steps } from "../steps.ts";
import type { Read } from "./json.ts";

/** How a phase asks: through the one place that fits prompts to the context and writes the step log. */
export type Asking = {
  model: Model;
  steps: Steps;
  /** Prompt and answer together. */
  contextTokens: number;
};

export type Question<T> = {
  /** Its name in the step log. */
  step: string;
  prompt: Prompt;
  /** The longest answer that is useful; cut to what the context leaves. */
  answerTokens: number;
  read(answer: string): Read<T>;
  temperature?: number;
  seed?: number;
};

type Answered<T> = { text: string; read: Read<T>; messages: readonly Message[] };

/** What the model is left for its answer at the least. */
const SHORTEST_ANSWER_TOKENS = 128;
/** How much of an answer that could not be used is shown again: a small model copies what it sees, faults and all. */
const ECHO_CHARACTERS = 600;
/** The likeliest answer was of no use; or it was what is there already, of which another is far from likely. */
const AGAIN_TEMPERATURE = 0.4;
const OTHER_TEMPERATURE = 0.6;

/**
 * Asks, and where the answer cannot be read once more with the reason; undefined when that did not help. What comes then
 * is the phase's to decide, and is noted in the step log.
 */
export async function ask<T>(asking: Asking, question: Question<T>): Promise<T | undefined> {
  const first = await fittingAnswer(asking, question);
  if (first.read.ok) return first.read.value;
  // What was copied from the question once is copied sooner yet where it stands there twice.
  if (first.read.isCopy) return await another(asking, question, first.messages, OTHER_TEMPERATURE);
  const again: Message[] = [
    ...first.messages,
    { role: "assistant", content: first.text.slice(0, ECHO_CHARACTERS) },
    {
      role: "user",
      content: `That answer cannot be used: ${first.read.error}. Answer once more, in the form asked for.`,
    },
  ];
  return await another(asking, question, again, AGAIN_TEMPERATURE);
}

/** @param least the temperature, or a higher one that the question has */
async function another<T>(
  asking: Asking,
  question: Question<T>,
  again: readonly Message[],
  least: number,
): Promise<T | undefined> {
  const left = asking.contextTokens - tokensOf(again);
  if (left < SHORTEST_ANSWER_TOKENS) return undefined;
  const tokens = Math.min(question.answerTokens, left);
  const temperature = Math.max(question.temperature ?? 0, least);
  const second = await once(asking, { ...question, step: `${question.step}-again`, temperature }, again, tokens);
  return second.read.ok ? second.read.value : undefined;
}

/**
 * The prompt in what the context holds. Tokens are estimated here and counted there, and nobody may have said how large
 * the context is: a refusal makes the prompt smaller, three times.
 */
async function fittingAnswer<T>(asking: Asking, question: Question<T>): Promise<Answered<T>> {
  let context = asking.contextTokens;
  for (let shrunk = 0; ; shrunk += 1) {
    const answerTokens = Math.min(question.answerTokens, Math.floor(context / 2));
    const messages = fitted(question.prompt, context - answerTokens);
    try {
      return await once(asking, question, messages, answerTokens);
    } catch (error) {
      if (!(error instanceof ContextLengthExceeded) || shrunk === 3) throw error;
      context = Math.floor(context / 2);
    }
  }
}

async function once<T>(
  { model, steps }: Asking,
  { step, temperature = 0, seed = 0, read }: Question<T>,
  messages: readonly Message[],
  maxTokens: number,
): Promise<Answered<T>> {
  const running = steps.begin(step, messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n"));
  try {
    const answer = await model.ask({ messages, maxTokens, temperature, seed });
    const judged = read(answer.text);
    const told = !judged.ok && answer.finish === "length" ? { ...judged, error: ofCut(judged.error) } : judged;
    running.end(answer, told.ok ? undefined : told.error);
    return { text: answer.text, read: told, messages };
  } catch (error) {
    running.fail(error);
    throw error;
  }
}

function ofCut(error: string): string {
  return `${error} (the answer was cut because it was too long: answer shorter)`;
}
