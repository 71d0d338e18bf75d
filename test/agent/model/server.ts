import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Cursor, type Phase, phaseOf, type Script, type Turn } from "./script.ts";

const message = z.object({ role: z.string(), content: z.string() });
const question = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean() }).optional(),
  max_tokens: z.int().optional(),
  temperature: z.number().optional(),
});

/** A question as it came, for tests that look at what was asked. */
export type Asked = {
  task: string;
  phase: Phase | undefined;
  authorization: string | undefined;
  body: z.output<typeof question>;
  /** What its answer said to have taken; 0 where it failed or did not say. */
  tokens: number;
};

export type ScriptedModel = {
  /** Up to and with `/v1`. */
  url: string;
  asked: readonly Asked[];
  close(): Promise<void>;
};

export type ScriptedOptions = {
  /** By the task that asks, so that several may ask at once: from the header x-leanvibe-task, `NAMESPACE/NAME`. */
  script(task: string): Script;
  host?: string;
  port?: number;
  /** Before each answer: time to end a pod in the middle of a phase. */
  delayMilliseconds?: number;
};

const CHUNK_CHARACTERS = 120;

/**
 * An OpenAI-compatible endpoint that answers what a script says, and fails as it says. It calls itself `scripted/NAME`:
 * which model answered is part of every step log, and no run of it may pass for a model's success.
 */
export async function startScriptedModel(options: ScriptedOptions): Promise<ScriptedModel> {
  const cursors = new Map<string, Cursor>();
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET" && request.url === "/v1/models") {
      sendJson(response, 200, {
        object: "list",
        data: [{ id: "scripted", object: "model", created: 0, owned_by: "test" }],
      });
      return;
    }
    if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
      sendJson(response, 404, { error: { message: "no such route", type: "invalid_request_error", code: null } });
      return;
    }
    await complete(request, response);
  }

  async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = question.parse(JSON.parse(await textOf(request)));
    const task = String(request.headers["x-leanvibe-task"] ?? "");
    const phase = phaseOf(body.messages[0]?.content ?? "");
    const entry: Asked = { task, phase, authorization: request.headers.authorization, body, tokens: 0 };
    asked.push(entry);
    const script = options.script(task);
    const cursor = cursors.get(task) ?? new Cursor(script);
    cursors.set(task, cursor);
    const turn = cursor.next(phase);
    await sleep(script.delayMilliseconds ?? options.delayMilliseconds ?? 0);
    if (turn === undefined) sendJson(response, 400, { error: { message: `no turn for ${phase}`, code: null } });
    else {
      const text = script.textOf(turn);
      if (turn.fault === undefined && !turn.withoutUsage) entry.tokens = usageOf(body, text).total_tokens;
      await play(response, { turn, text, name: `scripted/${script.name}`, body });
    }
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve));
  return { url: `http://${options.host ?? "127.0.0.1"}:${portOf(server)}/v1`, asked, close: () => closed(server) };
}

type Playing = { turn: Turn; text: string; name: string; body: z.output<typeof question> };

async function play(response: ServerResponse, playing: Playing): Promise<void> {
  const { fault } = playing.turn;
  if (fault === undefined) return say(response, playing);
  if ("status" in fault) refuse(response, fault);
  else if ("garbage" in fault) {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Bad gateway, have a nice day</html>");
  } else if ("oversizedBytes" in fault) {
    return say(response, { ...playing, text: "lorem ".repeat(fault.oversizedBytes / 6) });
  } else if ("cutAfter" in fault) return say(response, playing, fault.cutAfter);
  // What hangs does so until whoever asked gives up.
}

async function say(response: ServerResponse, playing: Playing, cutAfter?: number): Promise<void> {
  const { turn, text, name, body } = playing;
  const usage = turn.withoutUsage ? undefined : usageOf(body, text);
  if (turn.whole || !body.stream) return sendJson(response, 200, wholeAnswer(name, text, usage));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (const { sent, event } of chunksOf(name, text)) {
    if (cutAfter !== undefined && sent > cutAfter) {
      // What was said has to arrive before the line goes dead.
      await sleep(50);
      response.destroy();
      return;
    }
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  }
  if (usage !== undefined && body.stream_options?.include_usage === true) {
    response.write(`data: ${JSON.stringify({ ...chunkHead(name), choices: [], usage })}\n\n`);
  }
  response.end("data: [DONE]\n\n");
}

function wholeAnswer(name: string, content: string, usage: unknown): unknown {
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop", logprobs: null }];
  return { ...headOf(name), object: "chat.completion", choices, ...(usage === undefined ? {} : { usage }) };
}

function* chunksOf(name: string, words: string): Generator<{ sent: number; event: unknown }> {
  const event = (delta: unknown, finish: string | null) => ({
    ...chunkHead(name),
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  yield { sent: 0, event: event({ role: "assistant", content: "" }, null) };
  for (let at = 0; at < words.length; at += CHUNK_CHARACTERS) {
    yield { sent: at, event: event({ content: words.slice(at, at + CHUNK_CHARACTERS) }, null) };
  }
  yield { sent: words.length, event: event({}, "stop") };
}

function headOf(name: string) {
  return { id: "chatcmpl-scripted", created: Math.floor(Date.now() / 1000), model: name };
}

function chunkHead(name: string) {
  return { ...headOf(name), object: "chat.completion.chunk" };
}

function usageOf({ messages }: z.output<typeof question>, words: string) {
  const prompt_tokens = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const completion_tokens = Math.ceil(words.length / 4);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function refuse(
  response: ServerResponse,
  fault: { status: number; retryAfterSeconds?: number | undefined; code?: string | undefined },
): void {
  const wait = fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  const error = {
    message: `scripted refusal ${fault.status}`,
    type: "scripted",
    param: null,
    code: fault.code ?? null,
  };
  sendJson(response, fault.status, { error }, wait);
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
