import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CONTEXT_TOKENS, contextTokensOf } from "./context.ts";

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

type Answer = { status?: number; body: string };

/** The last answer is given to all that ask after it. */
async function contextOf(name: string, ...answers: Answer[]): Promise<{ tokens: number; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const { status = 200, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { body: "" };
    asked.push(
      `${request.method} ${request.url} ${request.headers.authorization} ${request.headers["x-leanvibe-task"]}`,
    );
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const endpoint = {
    url,
    model: name,
    token: async () => "token-1",
    headers: { "x-leanvibe-task": "tenant-acme/adds" },
  };
  return { tokens: await contextTokensOf(endpoint, new AbortController().signal), asked };
}

const listOf = (...data: object[]): Answer => ({ body: JSON.stringify({ object: "list", data }) });

describe("what a model holds", () => {
  test.each<[string, object]>([
    ["our gateway", { context_tokens: 16_000 }],
    ["vLLM", { max_model_len: 16_000 }],
    ["OpenRouter", { context_length: 16_000 }],
    ["Groq", { context_window: 16_000 }],
  ])("is what %s says of it", async (_who, said) => {
    const { tokens, asked } = await contextOf(
      "small",
      listOf({ id: "large", context_tokens: 99_000 }, { id: "small", ...said }),
    );
    expect([tokens, asked]).toEqual([16_000, ["GET /v1/models Bearer token-1 tenant-acme/adds"]]);
  });

  test("is the least of all where the platform chooses, since nobody says which", async () => {
    const all = listOf({ id: "large", context_tokens: 99_000 }, { id: "small", context_tokens: 4_096 });
    expect((await contextOf("default", all)).tokens).toBe(4_096);
  });

  test.each<[string, Answer]>([
    ["does not say", listOf({ id: "small", object: "model" })],
    ["has no such list", { status: 404, body: "{}" }],
    ["says nonsense", listOf({ id: "small", context_tokens: "many" })],
    ["answers with a page", { body: "<html>" }],
  ])("is taken to be little where the endpoint %s, and it is asked once", async (_what, answer) => {
    const { tokens, asked } = await contextOf("small", answer);
    expect([tokens, asked.length]).toEqual([CONTEXT_TOKENS, 1]);
  });

  test("is asked again of a gateway that has not heard of the pod yet", async () => {
    const refused = { status: 503, body: "{}" };
    const { tokens, asked } = await contextOf(
      "small",
      refused,
      { ...refused, status: 401 },
      listOf({ id: "small", context_tokens: 2_048 }),
    );
    expect([tokens, asked.length]).toEqual([2_048, 3]);
  });
});
