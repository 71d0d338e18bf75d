/** In the place of the agent in a pod: plays every attack on the sandbox beside it, and prints a line of JSON for each. */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connectSandbox, type Sandbox } from "../../operator/agent/sandbox/index.ts";
import { type Around, attempt, commandOf, play, serves } from "../../operator/agent/sandbox/testing/attack.ts";
import { ATTACKS } from "../../operator/agent/sandbox/testing/attacks.ts";
import { SERVICES, TOOLS } from "../../operator/agent/sandbox/testing/tools.ts";

const { SECRET = "", KUBERNETES_SERVICE_HOST = "", KUBERNETES_SERVICE_PORT = "443", PYTHON } = process.env;
const SOCKET = "/run/sandbox/sandbox.sock";
const OUTSIDE = "/run/sandbox/outside.sock";
const reached: string[] = [];

async function listen(name: string, at: { host?: string; port?: number; path?: string }): Promise<number> {
  const server = createServer((socket) => {
    reached.push(name);
    socket.on("error", () => undefined).end("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nreached");
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
  server.unref();
  const address = server.address() as AddressInfo | string;
  return typeof address === "string" ? 0 : address.port;
}

async function surroundings(): Promise<Around> {
  const hosts = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  const addresses = [{ host: KUBERNETES_SERVICE_HOST, port: Number(KUBERNETES_SERVICE_PORT) }];
  for (const host of hosts) addresses.push({ host, port: await listen(host, { host, port: 0 }).catch(() => 1) });
  const abstractSocket = `leanvibe-${randomBytes(6).toString("hex")}`;
  await listen("abstract", { path: `\0${abstractSocket}` });
  await listen("path", { path: OUTSIDE });
  chmodSync(OUTSIDE, 0o777);
  const around = { secret: SECRET, tokenPath: "/secret/token", socketPath: SOCKET, pathSocket: OUTSIDE };
  return { ...around, abstractSocket, addresses, serverPid: 1, alone: true, reached: async () => reached.splice(0) };
}

async function report(name: string, act: () => Promise<object>): Promise<void> {
  const begun = performance.now();
  const outcome = await act().catch((error: unknown) => ({ error: String(error) }));
  console.log(JSON.stringify({ name, ...outcome, milliseconds: Math.round(performance.now() - begun) }));
}

async function useTools(sandbox: Sandbox): Promise<void> {
  const here = ({ python }: { python?: true }) => python === undefined || PYTHON === "yes";
  for (const tool of TOOLS.filter(here)) {
    await report(tool.name, async () => {
      const run = await attempt(sandbox, tool);
      return { works: tool.stdout.test(run.stdout), said: JSON.stringify(run).slice(0, 3000) };
    });
  }
  for (const service of SERVICES.filter(here)) {
    await report(service.name, async () => {
      await sandbox.put(service.files);
      const call = {
        method: "POST",
        path: "/sum",
        headers: { "content-type": "application/json" },
        body: `{"a":1,"b":2}`,
      };
      const serving = await sandbox.serve(commandOf(service.command), [call]);
      const said = JSON.stringify(serving);
      return {
        works: service.stdout.test(JSON.stringify(serving.results).replaceAll("\\", "")),
        said: said.slice(0, 3000),
      };
    });
  }
}

while (!existsSync(SOCKET)) await sleep(50);
const around = await surroundings();
const sandbox = await connectSandbox(SOCKET);
await useTools(sandbox);
for (const attack of ATTACKS.filter(({ python }) => python === undefined || PYTHON === "yes")) {
  await report(attack.name, async () => {
    const { got, refusal } = await play(attack, sandbox, around);
    return { got, tried: attack.refusal.test(refusal), refusal: refusal.slice(0, 3000), serves: await serves(sandbox) };
  });
}
await report("end", async () => ({}));
await sandbox.close();
