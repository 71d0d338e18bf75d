import { createClient } from "@leanvibe/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clientFor } from "./task-api.ts";
import { watchByApi } from "./task-events.ts";
import { Away } from "./task-patience.ts";
import type { Told } from "./task-progress.ts";
import { type Said, SmallServer } from "./testing/small-server.ts";

const QUICK = { awayMilliseconds: 500, pauseMilliseconds: 20, refusedMilliseconds: 60 };

/** What the API says of the task, and the lines of its stream. */
let task: Said;
let stream: string[];
/** What it says instead of a stream. */
let refused: Said;
let server: SmallServer;
let notes: string[];
let told: string[];

beforeEach(async () => {
  [notes, told, stream] = [[], [], []];
  refused = undefined;
  task = { body: { id: "7", phase: "Running" } };
  server = new SmallServer(({ path }, response) => {
    if (!path.endsWith("/events")) return task;
    if (refused !== undefined) return refused;
    response.writeHead(200, { "content-type": "text/event-stream" }).end(stream.splice(0).join(""));
    return undefined;
  });
  await server.start();
});
afterEach(() => server.stop());

const abort = new AbortController();

async function watching(): Promise<string> {
  const client = clientFor({ api: server.url, token: "t", tenant: "acme" }, {});
  const seen = {
    tell: ({ message }: Told) => told.push(message),
    doing: () => undefined,
    note: (line: string) => notes.push(line),
    signal: abort.signal,
  };
  return (await watchByApi(client, "7", seen, QUICK)).phase;
}

const event = (id: number, message: string) =>
  `event: progress\nid: ${id}\ndata: ${JSON.stringify({ progress: 15, message, phase: "Running", stage: null })}\n\n`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const looks = () => server.asked.filter(({ path }) => !path.endsWith("/events")).length;

test("an API that is away is told of once and asked again, and what it had to tell is told when it is back", async () => {
  stream = [event(1, "one")];
  const phase = watching();
  await until(() => looks() >= 2);
  const port = Number(new URL(server.url).port);
  await server.stop();
  await until(() => notes.length > 0);
  stream = [event(2, "two")];
  task = { body: { id: "7", phase: "Succeeded" } };
  await server.start(port);
  expect(await phase).toBe("Succeeded");
  expect(told).toEqual(["one", "two"]);
  expect(notes).toEqual([expect.stringMatching(/^Out of reach \(cannot reach .*\); it is asked again/)]);
});

test("one that answers 503 is waited for too, but not longer than two minutes", async () => {
  const phase = watching();
  await until(() => looks() >= 1);
  const begun = performance.now();
  task = { status: 503, body: { detail: "The database is away.", fix: "Wait." } };
  await expect(phase).rejects.toThrow("The database is away. Wait.");
  expect(performance.now() - begun).toBeGreaterThan(QUICK.awayMilliseconds / 2);
  expect(notes).toHaveLength(1);
});

test("what is refused, and who never answered, is not waited for", async () => {
  task = { status: 404, body: { detail: "Task not found.", fix: "List them." } };
  await expect(watching()).rejects.toThrow("Task not found. List them.");
  await server.stop();
  await expect(watching()).rejects.toThrow(Away);
  expect(notes).toEqual([]);
  await server.start();
});

const TOO_MANY = { status: 429, body: { detail: "20 are watched at once.", fix: "Wait." } };
const at = (phase: string, stage: string | null) => ({
  body: { id: "7", phase, stage, progress: 15, attempt: 1, message: null, queue_position: null },
});

test("where the stream is refused that is said once, and what is found out by asking is told", async () => {
  refused = TOO_MANY;
  task = at("Running", null);
  const phase = watching();
  await until(() => told.length > 0);
  task = at("Running", "analysis");
  await until(() => told.length > 1);
  task = at("Succeeded", "architecture");
  expect(await phase).toBe("Succeeded");
  expect(told).toEqual(["Running", "Task analysis complete", "Architecture designed", "Task completed successfully"]);
  expect(notes).toEqual([
    "The stream of events is refused (20 are watched at once. Wait.); the task is asked about again and again.",
  ]);
});

test("where the stream is refused the task is asked about more rarely, whoever refuses it", async () => {
  refused = { status: 502, text: "no upstream" };
  task = at("Running", null);
  const begun = performance.now();
  const phase = watching();
  await until(() => looks() >= 7);
  expect(performance.now() - begun).toBeGreaterThan(QUICK.refusedMilliseconds * 3 - 5);
  task = at("Failed", null);
  await phase;
  expect(notes).toEqual([expect.stringMatching(/\/tasks\/7\/events answers 502 Bad Gateway no upstream\)/)]);
});

test("a stream that is there again goes on where it had been, and tells nothing twice", async () => {
  stream = [event(1, "one")];
  task = at("Running", null);
  const phase = watching();
  await until(() => told.length > 0);
  refused = TOO_MANY;
  task = at("Running", "analysis");
  await until(() => told.length > 1);
  stream = [event(2, "Task analysis complete"), event(3, "three")];
  refused = undefined;
  await until(() => told.length > 2);
  task = at("Succeeded", "analysis");
  expect(await phase).toBe("Succeeded");
  expect(told).toEqual(["one", "Task analysis complete", "three"]);
});

test("a watch lasts as long as the task does, however often the stream ends", { timeout: 30_000 }, async () => {
  const client = clientFor({ api: server.url, token: "t", tenant: "acme" }, {});
  const seen = { tell: () => 0, doing: () => 0, note: () => 0, signal: abort.signal };
  const phase = watchByApi(client, "7", seen, { ...QUICK, pauseMilliseconds: 0 });
  await until(() => looks() > 2_100);
  task = { body: { id: "7", phase: "Succeeded" } };
  stream = [event(1, "one")];
  expect((await phase).phase).toBe("Succeeded");
});

test("each request brings a token of its time", async () => {
  let made = 0;
  const client = createClient({ baseUrl: server.url, auth: () => `t${++made}` });
  const phase = watchByApi(client, "7", { tell: () => 0, doing: () => 0, note: () => 0, signal: abort.signal }, QUICK);
  await until(() => looks() >= 2);
  task = { body: { id: "7", phase: "Failed" } };
  stream = [event(1, "one")];
  expect((await phase).phase).toBe("Failed");
  expect(server.asked.map(({ authorization }) => authorization)).toEqual(
    server.asked.map((_asked, at) => `Bearer t${at + 1}`),
  );
});
