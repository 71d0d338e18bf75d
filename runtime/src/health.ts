import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

export type HealthOptions = {
  host: string;
  /** 0 for any free port. */
  port: number;
  metrics: Metrics;
  /** True when the process does its work: caches filled, watches heard. */
  ready: () => boolean;
};

/** `/healthz`, `/readyz` and `/metrics` on one port. Resolves when it listens. @throws Error when the port is taken. */
export async function serveHealth(options: HealthOptions): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/healthz") {
      response.end("ok\n");
    } else if (path === "/readyz") {
      const ready = options.ready();
      response
        .writeHead(ready ? 200 : 503)
        .end(ready ? "ok\n" : "not ready: caches are filling or a watch is silent\n");
    } else if (path === "/metrics") {
      response.setHeader("content-type", options.metrics.contentType);
      response.end(await options.metrics.text());
    } else {
      response.writeHead(404).end("one of /healthz, /readyz, /metrics\n");
    }
  });
  await listen(server, options);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server, { host, port }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}
