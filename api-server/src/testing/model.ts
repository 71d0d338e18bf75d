import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export type Asked = {
  path: string;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
  closed: boolean;
};

export type FakeModel = {
  /** As a table of models has it. */
  endpoint: string;
  asked: Asked[];
  /** What it does from now on. */
  answer: (response: ServerResponse, asked: Asked) => void | Promise<void>;
  close(): Promise<void>;
};

/** A server of models on loopback that does what a test says. */
export async function fakeModel(): Promise<FakeModel> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = request.method === "POST" ? await json(request) : {};
      const asked: Asked = {
        path: request.url ?? "",
        headers: request.headers,
        body: typeof body === "object" && body !== null ? { ...body } : {},
        closed: false,
      };
      fake.asked.push(asked);
      response.once("close", () => {
        asked.closed = !response.writableFinished;
      });
      await fake.answer(response, asked);
    })().catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const { port } =
    typeof address === "object" && address !== null ? address : ({ port: 0 } satisfies Pick<AddressInfo, "port">);
  const fake: FakeModel = {
    endpoint: `http://127.0.0.1:${port}/v1`,
    asked: [],
    answer: (response) => whole(response, { prompt: 11, completion: 7 }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return fake;
}

export function whole(response: ServerResponse, usage: { prompt: number; completion: number } | undefined): void {
  const figures = usage && {
    usage: {
      prompt_tokens: usage.prompt,
      completion_tokens: usage.completion,
      total_tokens: usage.prompt + usage.completion,
    },
  };
  const choices = [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }];
  send(response, 200, { id: "1", object: "chat.completion", choices, ...figures });
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}

export const piece = (content: string) =>
  `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }] })}\n\n`;

export const usagePiece = (prompt: number, completion: number) =>
  `data: ${JSON.stringify({ id: "1", choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } })}\n\n`;

export const DONE = "data: [DONE]\n\n";

/** Piece by piece; undefined leaves it open. */
export function streamed(response: ServerResponse, pieces: readonly (string | undefined)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const each of pieces) {
    if (each === undefined) return;
    response.write(each);
  }
  response.end();
}
