import { createServer } from "node:net";

/** Ports of 127.0.0.1 that are free now. All are held open until all are known, or one could be named twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            if (address && typeof address === "object") resolve(address.port);
            else reject(new Error("no free port"));
          });
        }),
    ),
  );
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
