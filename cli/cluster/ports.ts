import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** What this process has named and somebody may be about to listen on; to the kernel it is free until they do. */
const named = new Set<number>();

/** Ports of 127.0.0.1 that are free now, and that nobody was told of here before. All are held open until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const server = createServer().listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address !== "object") throw new Error("no free port");
    if (named.has(address.port)) continue;
    named.add(address.port);
    ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The first port from `first` on that nobody has on this machine's own addresses. @throws Error after a hundred */
export async function freePortFrom(first: number): Promise<number> {
  for (let port = first; port < first + 100 && port <= 65_535; port++) {
    // By either address somebody who writes localhost may come to another's server.
    if ((await isFree(port, "127.0.0.1")) && (await isFree(port, "::1"))) return port;
  }
  throw new Error(`no port from ${first} on is free`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine may have no IPv6: then nobody is there.
    server.once("error", (error) => resolve(!("code" in error) || error.code !== "EADDRINUSE"));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
