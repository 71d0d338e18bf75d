import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type Asked = { method: string; path: string; query: URLSearchParams; body: string; authorization: string };

/** What it says, as JSON; or a text that is none. Undefined: it wrote the answer itself. */
export type Said = { status?: number; body?: unknown; text?: string; headers?: Record<string, string> } | undefined;

/** For tests: an HTTP server that says what it is told to, and remembers what it was asked. */
export class SmallServer {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #url = "";

  constructor(answer: (asked: Asked, response: ServerResponse) => Said | Promise<Said>) {
    this.#server = createServer(async (request, response) => {
      const asked = await askedBy(request);
      this.asked.push(asked);
      const said = await answer(asked, response);
      if (said === undefined) return;
      const { status = 200, body, text = JSON.stringify(body) ?? "", headers = {} } = said;
      const type = said.text === undefined ? "application/json" : "text/plain";
      response.writeHead(status, { "content-type": type, ...headers }).end(text);
    });
  }

  get url(): string {
    return this.#url;
  }

  /** @param port that of an earlier start, to be where it was */
  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("it listens nowhere");
    this.#url = `http://127.0.0.1:${address.port}`;
    return address.port;
  }

  /** Also ends what it is in the middle of. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function askedBy(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://here");
  const chunks: string[] = [];
  for await (const chunk of request) chunks.push(String(chunk));
  const { method = "GET", headers } = request;
  return {
    method,
    path: pathname,
    query: searchParams,
    body: chunks.join(""),
    authorization: headers.authorization ?? "",
  };
}
