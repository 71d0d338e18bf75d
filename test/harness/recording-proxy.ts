import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { credentialsOf } from "@leanvibe/runtime";
import { readKubeconfig } from "../../cli/src/credentials.ts";

/** A request as the API server got it. */
export type Recorded = {
  /** performance.now() of its first byte. */
  at: number;
  method: string;
  path: string;
  /** With its question mark; empty where there is none. */
  query: string;
  contentType: string;
  body: string;
  /** 0 until it was answered. */
  status: number;
};

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** What stands in the way of requests; without it all is passed on as it came. */
export type Interception = {
  /** Of every request but a watch, whole. Undefined drops the connection. */
  request?: (request: Recorded, pass: Pass) => Promise<Answer | undefined>;
  /** Of a watch, line by line. */
  watch?: (request: Recorded, lines: AsyncIterable<string>) => AsyncIterable<string>;
};

/** Passes a request on, perhaps changed, and gives the API server's answer. */
export type Pass = (changed?: { path?: string; query?: string; body?: string }) => Promise<Answer>;

export type RecordingProxy = {
  url: string;
  requests: Recorded[];
  /** What changes something; a Lease does not count. */
  writes(): Recorded[];
  /** From now on nothing is passed on and nothing answered, as by a network that drops everything. */
  silence(): void;
  close(): Promise<void>;
};

/** Stands between one client and the API server and knows what that client sent, and when: metrics may die with it. */
export async function recordingProxy(kubeconfig: string, interception: Interception = {}): Promise<RecordingProxy> {
  const { server: target, tls } = await credentialsOf(readKubeconfig(kubeconfig));
  const requests: Recorded[] = [];
  let silent = false;
  /** The server's authority only: who asks is said by the client's own token. */
  const open = ({ method, path, query, body }: Recorded, headers: IncomingHttpHeaders) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const { "content-length": _, ...rest } = headers;
      const sized = body === "" ? rest : { ...rest, "content-length": String(Buffer.byteLength(body)) };
      const options = { method, headers: sized, ca: tls.ca };
      httpsRequest(new URL(path + query, target), options, resolve)
        .on("error", reject)
        .end(body);
    });
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const recorded = recordedOf(incoming);
    requests.push(recorded);
    if (silent) return;
    recorded.body = await textOf(incoming);
    const { headers } = incoming;
    if (recorded.query.includes("watch=true")) {
      const answer = await open(recorded, headers);
      recorded.status = answer.statusCode ?? 0;
      await stream(recorded, answer, response, interception);
      return;
    }
    const pass: Pass = async (changed = {}) => {
      const answer = await open({ ...recorded, ...changed }, headers);
      recorded.status = answer.statusCode ?? 0;
      return { status: recorded.status, headers: answer.headers, body: await textOf(answer) };
    };
    const answer = await (interception.request?.(recorded, pass) ?? pass());
    if (answer === undefined) incoming.socket.destroy();
    else respond(response, answer);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      // An end that no protocol foresees: what was sent may be lost, and nobody says goodbye.
      incoming.socket.resetAndDestroy();
      // A fault of the interception's must not pass for one of the network.
      if (error instanceof TypeError || error instanceof SyntaxError) throw error;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () => requests.filter(({ method, path }) => method !== "GET" && !path.includes("/leases")),
    silence: () => {
      silent = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function recordedOf({ method = "GET", url = "/", headers }: IncomingMessage): Recorded {
  const cut = url.includes("?") ? url.indexOf("?") : url.length;
  return {
    at: performance.now(),
    method,
    path: url.slice(0, cut),
    query: url.slice(cut),
    contentType: headers["content-type"] ?? "",
    body: "",
    status: 0,
  };
}

/** A watch is passed on as it comes; a refusal of one is no watch. */
async function stream(
  recorded: Recorded,
  answer: IncomingMessage,
  response: ServerResponse,
  interception: Interception,
): Promise<void> {
  response.on("close", () => answer.destroy());
  response.writeHead(recorded.status, answer.headers).flushHeaders();
  const lines = linesOf(answer);
  const passed = recorded.status === 200 ? (interception.watch?.(recorded, lines) ?? lines) : lines;
  for await (const line of passed) response.write(`${line}\n`);
  response.end();
}

function respond(response: ServerResponse, { status, headers, body }: Answer): void {
  // A body that was changed on the way has another length.
  const { "content-length": _length, "transfer-encoding": _encoding, ...rest } = headers;
  response.writeHead(status, { ...rest, "content-length": Buffer.byteLength(body) }).end(body);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function* linesOf(message: IncomingMessage): AsyncGenerator<string> {
  message.setEncoding("utf8");
  let rest = "";
  for await (const chunk of message) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
