import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@leanvibe/runtime";
import { Refusal } from "../errors/catalogue.ts";
import { AtOnce } from "../http/at-once.ts";
import type { Parts } from "../parts.ts";
import type { Agent } from "./agents.ts";
import { AnswerStream, bytesWritten, DONE, type Figures, figuresIn } from "./answer.ts";
import { type InputTokens, inputTokensOf, outputTokensOf, tokensAtMost, usualTokens } from "./estimate.ts";
import { type Metered, metered } from "./metered.ts";
import type { Model, Models } from "./models.ts";
import { type ChatRequest, requestIn, upstreamBody } from "./request.ts";
import {
  ANSWER_BYTES_AT_MOST,
  ask,
  BrokenOff,
  NotAsked,
  type Patience,
  TooLate,
  unavailable,
  wholeOf,
} from "./upstream.ts";

const AT_ONCE = { each: 4, all: 500 } as const;
const RETRY_SECONDS = 1;
const WRITTEN_MILLISECONDS = 2_000;

type CallParts = Pick<Parts, "database" | "log"> & { models: Models; patience: Patience };

/** What a client is given. */
export type Answer = { type: string; body: string | PassThrough };

type Call = {
  agent: Agent;
  model: Model;
  request: ChatRequest;
  /** What it reads, and how much it may write. */
  input: InputTokens;
  outputTokens: number;
  paid: Metered;
};

type Way = { out: PassThrough; signal: AbortSignal };

/** Asks models for agents: as much as is paid for, and whatever becomes of the call, it is counted. */
export class Calls {
  readonly #parts: CallParts;
  readonly #open = new AtOnce({
    ...AT_ONCE,
    retrySeconds: RETRY_SECONDS,
    detail: (own) => `The task has ${own} calls under way: try again in ${RETRY_SECONDS} s.`,
  });
  /** Ends that are still being written down. */
  readonly #ending = new Set<Promise<void>>();

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /**
   * @param body what the client sent, of which nothing is known yet
   * @param gone aborted when the client has gone away
   * @throws Refusal VALIDATION_FAILED, MODEL_NOT_FOUND, MODEL_NOT_PRICED, BUDGET_EXCEEDED, RATE_LIMITED, MODEL_UNAVAILABLE, ...
   */
  async answer(agent: Agent, body: unknown, gone: AbortSignal): Promise<Answer> {
    const { models, database, patience } = this.#parts;
    const leave = this.#open.enter(agent.taskId);
    try {
      const request = requestIn(body);
      const model = modelOf(models, request.model, agent);
      const input = inputTokensOf(request, model.contextTokens);
      const outputTokens = outputTokensOf(request, model, input.usual);
      const paid = await metered(database, agent, model, input.usual + outputTokens);
      const call = { agent, model, request, input, outputTokens, paid };
      const asked = upstreamBody(request, model.model ?? model.name, outputTokens);
      // A whole answer is waited for even where the client has gone: what it took is only in its end.
      const whole = AbortSignal.timeout(patience.whole);
      const signal = request.stream ? AbortSignal.any([whole, gone]) : whole;
      const response = await ask(model, asked, patience, { signal, gone }).catch(async (error: unknown) => {
        await this.#notAnswered(call, error, gone);
        throw error instanceof Refusal ? error : unavailable(model, messageOf(error));
      });
      // Some servers and proxies stream nothing, whatever they are asked for.
      const isStream = request.stream && /^text\/event-stream\b/i.test(response.headers["content-type"] ?? "");
      if (!isStream) return await this.#whole(call, response).finally(leave);
      return this.#stream(call, response, { leave, signal });
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Resolves when everything that came to an end is written down. */
  async settled(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /**
   * Where the client went away, or the model was waited for as long as is waited, it has read what it was sent, and that
   * counts. Where it refused, was not there or was not asked nothing does.
   */
  async #notAnswered(call: Call, error: unknown, gone: AbortSignal): Promise<void> {
    const left = gone.aborted && !(error instanceof Refusal) && !(error instanceof NotAsked);
    const hasRead = left || error instanceof TooLate;
    await this.#end(hasRead ? call.paid.settle(estimatedOf(call, 0)) : call.paid.release());
  }

  async #whole(call: Call, response: IncomingMessage): Promise<Answer> {
    const { model, paid } = call;
    const text = await wholeOf(response).catch(async (error: unknown) => {
      // It had begun to answer: what came of it was written, and what it was sent was read.
      const written = error instanceof BrokenOff ? error.bytes : 0;
      await this.#end(paid.settle(estimatedOf(call, written)));
      throw unavailable(model, messageOf(error));
    });
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      await this.#end(paid.settle(estimatedOf(call, Buffer.byteLength(text))));
      throw unavailable(model, "its answer is no JSON");
    }
    const figures =
      figuresIn(json) ?? usualOf(call, { bytes: bytesWritten(json) ?? Buffer.byteLength(text), pieces: 1 });
    await this.#end(paid.settle(figures));
    return { type: "application/json; charset=utf-8", body: text };
  }

  #stream(call: Call, response: IncomingMessage, by: { leave: () => void; signal: AbortSignal }): Answer {
    const out = new PassThrough();
    const answer = new AnswerStream({ withUsage: call.request.stream_options?.include_usage ?? false });
    // Of a reader that has gone.
    out.on("error", () => undefined);
    const told = this.#pass(response, answer, { out, signal: by.signal }).then(
      () => DONE,
      (error: unknown) => {
        this.#parts.log.warn({ model: call.model.name, error: messageOf(error) }, "an answer broke off");
        // Its status is sent: who reads it is told by an event, as clients of models know it.
        const { message } = unavailable(call.model, "");
        return `data: ${JSON.stringify({ error: { message, type: "api_error", code: "model_unavailable" } })}\n\n`;
      },
    );
    this.#track(
      told.then(async (last) => {
        await this.#end(call.paid.settle(answer.figures ?? unsaid(call, answer)));
        out.end(last);
        by.leave();
      }),
    );
    return { type: "text/event-stream", body: out };
  }

  async #pass(response: IncomingMessage, answer: AnswerStream, { out, signal }: Way): Promise<void> {
    let bytes = 0;
    try {
      for await (const chunk of response) {
        const piece = Buffer.from(chunk);
        bytes += piece.length;
        if (bytes > ANSWER_BYTES_AT_MOST) throw new Error(`its answer is larger than ${ANSWER_BYTES_AT_MOST} bytes`);
        const events = answer.push(piece).join("");
        if (events === "" || out.destroyed || out.write(events)) continue;
        // A reader that takes nothing does not make us keep all of it.
        await taken(out, AbortSignal.any([signal, AbortSignal.timeout(this.#parts.patience.idle)]));
      }
    } finally {
      response.destroy();
    }
    if (!answer.done) throw new Error("it ended in the middle");
  }

  /** @param ending never rejects */
  #track(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  /**
   * Waited for, so that whoever asks next finds what is left and not what is still spoken for; but no longer than a moment:
   * a database that is away keeps no answer from who has paid for it.
   */
  async #end(writing: Promise<void>): Promise<void> {
    const ended = writing.catch((error: unknown) => {
      this.#parts.log.error({ error: messageOf(error) }, "what a call took was not written down");
    });
    this.#track(ended);
    const late = new AbortController();
    await Promise.race([ended, sleep(WRITTEN_MILLISECONDS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }
}

function unsaid(call: Call, answer: AnswerStream): Figures {
  return answer.done ? usualOf(call, answer) : estimatedOf(call, answer.bytes);
}

/** Of a call whose end did not come: no more than it was asked for, and both together no more than its context. */
function estimatedOf({ input, outputTokens: asked, model }: Call, bytes: number): Figures {
  const outputTokens = Math.min(tokensAtMost(bytes), asked);
  const inputTokens = Math.max(input.usual, Math.min(input.most, model.contextTokens - outputTokens));
  return { inputTokens, outputTokens, estimated: true };
}

/** Of an answer that came to its end, and without figures. */
function usualOf({ input, outputTokens: asked }: Call, { bytes, pieces }: { bytes: number; pieces: number }): Figures {
  const outputTokens = Math.min(Math.max(usualTokens(bytes), pieces), asked);
  return { inputTokens: input.usual, outputTokens, estimated: true };
}

/**
 * Resolves when what was written has been taken. Who takes nothing for as long as a model may be silent is let go, and with
 * it what is kept for it: its place is for who reads.
 * @throws Error
 */
async function taken(out: PassThrough, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = { signal: AbortSignal.any([signal, over.signal]) };
  try {
    await Promise.race([once(out, "drain", either), once(out, "close", either)]);
  } catch {
    out.destroy();
    throw new Error("its reader takes nothing");
  } finally {
    over.abort();
  }
}

/** What agents call the usual one where nobody chose. */
const USUAL = "default";

/** @throws Refusal MODEL_NOT_FOUND, MODEL_NOT_PRICED */
function modelOf(models: Models, named: string | undefined, agent: Agent): Model {
  const asked = named === undefined || named === "" || named === USUAL ? agent.model : named;
  const model = models.find(asked);
  if (model === undefined) {
    const there = models.names.length === 0 ? "there are none" : `there is ${models.names.join(", ")}`;
    // Cut: whatever was sent there.
    const detail = `There is no model ${JSON.stringify((asked ?? USUAL).slice(0, 64))}; ${there}.`;
    throw new Refusal("MODEL_NOT_FOUND", { detail });
  }
  if (model.price === undefined) throw new Refusal("MODEL_NOT_PRICED", { detail: `Model ${model.name} has no price.` });
  return model;
}
