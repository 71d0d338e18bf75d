import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { type Mock, onTestFinished, vi } from "vitest";
import type { KubeObject } from "../kubernetes.ts";
import type { Log } from "../log.ts";
import { connect, type Transport, type TransportOptions } from "../transport.ts";

export type Seen = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
  /** performance.now() of its arrival. */
  at: number;
};

export type FaultyServer = {
  url: string;
  /** Every request so far. */
  seen: Seen[];
  /** A client of this server. */
  transport: Transport;
};

/**
 * For tests: a real HTTP server on this machine that answers, or fails to, as the test says. It and its client end
 * with the test.
 */
export async function serve(
  answer: (request: Seen, response: ServerResponse) => void,
  options: TransportOptions = {},
): Promise<FaultyServer> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const at = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://server");
    const text = Buffer.concat(chunks).toString();
    const { method = "", headers } = request;
    const body = text === "" ? {} : JSON.parse(text);
    const one: Seen = { method, path: url.pathname, query: url.searchParams, headers, body, at };
    seen.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test's server has no port");
  const url = `http://127.0.0.1:${address.port}`;
  const transport = connect({ server: url, tls: {}, headers: async () => ({}) }, options);
  onTestFinished(async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url, seen, transport };
}

/** Answers; true, so that a fault can say in one breath that it has. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): true {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  return true;
}

/** A refusal as the API server words it. */
export function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Record<string, string> = {},
): true {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", message: `${reason}!`, reason, code: status };
  return json(response, status, body, headers);
}

/** A ConfigMap as the API server holds it. */
export function configMap(name: string, version: number, more: Partial<KubeObject["metadata"]> = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion: String(version), ...more },
  };
}

/** A log that a test may ask. */
export function silentLog(): { [level in keyof Log]: Log[level] & Mock<Log[level]> } {
  return {
    debug: vi.fn<Log["debug"]>(),
    info: vi.fn<Log["info"]>(),
    warn: vi.fn<Log["warn"]>(),
    error: vi.fn<Log["error"]>(),
  };
}

/** Waits until `check` throws no more. */
export function eventually<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { interval: 5, timeout: 2_800 });
}
