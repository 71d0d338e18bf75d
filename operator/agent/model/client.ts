import { setTimeout as sleep } from "node:timers/promises";
import { Assembly } from "./answer.ts";
import { BudgetExceeded, ModelUnavailable, RateLimited, Temporary } from "./errors.ts";
import { askOnce, type ChatRequest, type Endpoint } from "./request.ts";
import { estimatedTokens, MESSAGE_OVERHEAD_TOKENS, NO_USAGE, sumOf, type Usage } from "./usage.ts";

export type ChatAnswer = {
  text: string;
  /** Which model answered, by the endpoint's word or else as it was asked for. */
  model: string;
  finish: "stop" | "length";
  /** Of this call and of the tries before it that failed half-way. */
  usage: Usage;
  milliseconds: number;
};

export type Model = {
  /** @throws ModelUnavailable, RateLimited, BudgetExceeded, ContextLengthExceeded, ModelRefused, or the signal's reason. */
  ask(request: ChatRequest): Promise<ChatAnswer>;
  /** All that was used, with `before` of an earlier pod. */
  used(): Usage;
};

export type ModelOptions = Endpoint & {
  /** For how long a call is tried again before the model counts as unavailable. */
  unavailableMilliseconds: number;
  /** How long the task may still work, where that is known: nobody is waited for any longer. */
  leftMilliseconds?: () => number;
  /** What the task may use in all; undefined where only the gateway counts. */
  maxTokens: number | undefined;
  before: Usage;
  signal: AbortSignal;
  /** Told before each wait. */
  waiting?: (why: string, milliseconds: number) => void;
  random?: () => number;
};

const FIRST_BACKOFF_MILLISECONDS = 500;
const LONGEST_BACKOFF_MILLISECONDS = 30_000;

/**
 * Any OpenAI-compatible endpoint, asked until it answers or is taken to be gone.
 *
 * @example
 * const model = modelOf({ url: "http://localhost:11434/v1", model: "qwen2.5-coder:1.5b", ...bounds });
 * const { text } = await model.ask({ messages: [{ role: "user", content: "Say hello." }], maxTokens: 20, temperature: 0, seed: 0 });
 */
export function modelOf(options: ModelOptions): Model {
  let used = options.before;
  return {
    used: () => used,
    async ask(request) {
      refuseBeyond(options.maxTokens, used);
      const began = performance.now();
      let usage = NO_USAGE;
      const answer = await persist(options, request, (spent) => {
        usage = sumOf(usage, spent);
        used = sumOf(used, spent);
      });
      return { ...answer, usage, milliseconds: Math.round(performance.now() - began) };
    },
  };
}

async function persist(
  options: ModelOptions,
  request: ChatRequest,
  spend: (usage: Usage) => void,
): Promise<Pick<ChatAnswer, "text" | "model" | "finish">> {
  let until: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    options.signal.throwIfAborted();
    const assembly = new Assembly(options.answerBytes);
    try {
      const answer = await askOnce(options, request, assembly, options.signal);
      spend(usageOf(request, assembly));
      return { text: answer.text, finish: answer.finish, model: answer.model ?? options.model };
    } catch (error) {
      // The model has worked for an answer that broke off.
      if (assembly.text !== "") spend(usageOf(request, assembly));
      if (!(error instanceof Temporary)) throw error;
      const now = performance.now();
      until = Math.max(until ?? now + options.unavailableMilliseconds, now + announced(error, options));
      const wait = Math.max(error.retryAfterMilliseconds, backoff(attempt, options.random ?? Math.random));
      if (now + wait > until) throw givenUp(error, options);
      options.waiting?.(error.message, wait);
      await sleep(wait, undefined, { signal: options.signal });
    }
  }
}

/**
 * How long is waited because the endpoint says when it has room again: another pod that asks before that asks in vain.
 * @throws RateLimited where that is after the task's own end
 */
function announced(error: Temporary, { leftMilliseconds, unavailableMilliseconds }: ModelOptions): number {
  const { rateLimited, retryAfterMilliseconds: wait } = error;
  const left = leftMilliseconds?.();
  if (!rateLimited || left === undefined) return 0;
  if (wait > left)
    throw new RateLimited(`${error.message}: ${told(wait)} are to be waited, and ${told(left)} are left`);
  return wait > unavailableMilliseconds ? wait + unavailableMilliseconds : 0;
}

function told(milliseconds: number): string {
  return `${Math.max(0, Math.round(milliseconds / 1000))} s`;
}

function givenUp(error: Temporary, { unavailableMilliseconds }: ModelOptions): ModelUnavailable {
  const within = told(unavailableMilliseconds);
  return new ModelUnavailable(`the model gave no answer within ${within}: ${error.message}`, error.rateLimited);
}

/** Doubling, of which half is by chance: the agents of one outage must not come back together. */
export function backoff(attempt: number, random: () => number): number {
  const full = Math.min(LONGEST_BACKOFF_MILLISECONDS, FIRST_BACKOFF_MILLISECONDS * 2 ** attempt);
  return Math.round(full / 2 + (full / 2) * random());
}

function refuseBeyond(maxTokens: number | undefined, { inputTokens, outputTokens }: Usage): void {
  const spent = inputTokens + outputTokens;
  if (maxTokens === undefined || spent < maxTokens) return;
  throw new BudgetExceeded(`${spent} of ${maxTokens} tokens are used (spec.limits.maxTokens)`);
}

function usageOf({ messages }: ChatRequest, { usage, text }: Assembly): Usage {
  if (usage !== undefined) return { ...usage, llmCalls: 1, estimated: false };
  const input = messages.reduce((sum, { content }) => sum + estimatedTokens(content) + MESSAGE_OVERHEAD_TOKENS, 0);
  return { inputTokens: input, outputTokens: estimatedTokens(text), llmCalls: 1, estimated: true };
}
