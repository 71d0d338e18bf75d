import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "./errors.ts";
import type { Metrics } from "./metrics.ts";

export type HealthOptions = {
  host: string;
  /** 0 for any free port. */
  port: number;
  metrics: Pick<Metrics, "text" | "contentType">;
  /** True when the process does its work: caches filled, watches heard. */
  ready: () => boolean;
};

/** `/healthz`, `/readyz` and `/metrics` on one port. Resolves when it listens. @throws Error when the port is taken. */
export async function serveHealth(options: HealthOptions): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    // A promise that nobody holds: its rejection would end the process that is asked how it feels.
    answer(options, request.url?.split("?")[0], response).catch((error: unknown) => {
      response.writeHead(500).end(`${messageOf(error)}\n`);
    });
  });
  await listen(server, options);
  // Out of file descriptors is no reason to end either; the next probe may find one.
  server.on("error", () => undefined);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: HealthOptions, path: string | undefined, response: ServerResponse): Promise<void> {
  if (path === "/healthz") {
    response.end("ok\n");
  } else if (path === "/readyz") {
    const ready = options.ready();
    response.writeHead(ready ? 200 : 503).end(ready ? "ok\n" : "not ready: caches are filling or a watch is silent\n");
  } else if (path === "/metrics") {
    const text = await options.metrics.text();
    response.setHeader("content-type", options.metrics.contentType);
    response.end(text);
  } else {
    response.writeHead(404).end("one of /healthz, /readyz, /metrics\n");
  }
}

function listen(server: Server, { host, port }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
