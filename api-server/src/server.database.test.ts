import { once } from "node:events";
import { Agent, request } from "node:http";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildApp } from "./app.ts";
import { type RunningServer, startServer } from "./server.ts";
import { type TestParts, testParts } from "./testing/parts.ts";

let running: TestParts;
let server: RunningServer;

beforeAll(async () => {
  running = await testParts();
  const { config } = running.parts;
  const listen = { host: "127.0.0.1", port: 0, metricsPort: 0 };
  server = await startServer({ ...config, listen }, pino({ level: "silent" }));
});

afterAll(() => running.close());

test("listens, and tells its metrics on a port of their own", async () => {
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  expect(await (await fetch(server.metricsUrl)).text()).toMatch(
    /http_request_duration_seconds_count\{.*route="\/health\/ready"/,
  );
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
});

test("cuts a request whose body comes a byte at a time, and says so [slow body]", async () => {
  const app = await buildApp(running.parts);
  expect(app.server.requestTimeout).toBe(30_000);
  // As there, only sooner.
  Object.assign(app.server, { requestTimeout: 2_000, headersTimeout: 2_000 });
  const { hostname, port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const socket = createConnection({ host: hostname, port: Number(port) });
  const head =
    "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
  socket.write(head);
  const drip = setInterval(() => socket.write(" "), 200);
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString();
  });
  socket.on("error", () => undefined);
  const begun = performance.now();
  await once(socket, "close");
  clearInterval(drip);
  expect(performance.now() - begun).toBeLessThan(8_000);
  expect(answer).toMatch(/^HTTP\/1.1 408 .*REQUEST_TIMEOUT/s);
  await app.close();
}, 20_000);

test("asked to stop, it lingers: connections are answered and closed, and nobody is sent here any more", async () => {
  const { config } = running.parts;
  const listen = { host: "127.0.0.1", port: 0, metricsPort: 0 };
  const lingering = await startServer({ ...config, listen }, pino({ level: "silent" }));
  const { hostname, port } = new URL(lingering.url);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string) => {
    const [answer] = await once(request({ hostname, port, path, agent }).end(), "response");
    answer.resume();
    await once(answer, "end");
    return { status: answer.statusCode, connection: answer.headers.connection };
  };
  expect(await ask("/health/ready")).toEqual({ status: 200, connection: "keep-alive" });
  const stopped = lingering.stop(0.5);
  expect(await ask("/health")).toEqual({ status: 200, connection: "close" });
  expect(await ask("/health/ready")).toEqual({ status: 503, connection: "close" });
  expect(await (await fetch(`${lingering.url}/health/ready`)).json()).toMatchObject({
    checks: { database: { ok: true }, process: { ok: false } },
  });
  await stopped;
  await expect(ask("/health")).rejects.toThrow(/ECONNREFUSED/);
});

test("asked to stop, it answers what is under way, takes nothing new, and lets the database go", async () => {
  const body = JSON.stringify({ email: "nobody@example.com", password: "wrong", tenant: "nobody" });
  const slow = request(`${server.url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": body.length },
  });
  const answered = once(slow, "response");
  slow.write(body.slice(0, 10));
  await sleep(100);
  const stopped = server.stop();
  await sleep(100);
  await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  slow.end(body.slice(10));
  const [answer] = await answered;
  expect(answer.statusCode).toBe(401);
  answer.resume();
  await stopped;
});
