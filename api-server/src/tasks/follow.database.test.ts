import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { asking, type Headers, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";
import { follow } from "./follow.ts";
import { TaskNews } from "./news.ts";
import { record } from "./record.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let base: string;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  base = await app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);

async function newTask(): Promise<{ tenantId: string; id: string; headers: Headers }> {
  const tenant = await testTenant(parts);
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
  const { body } = await ask("POST", "/api/v1/tasks", headers, { title: "T", description: "D" });
  return { tenantId: tenant.id, id: body.id, headers };
}

/** As the mirror does. */
async function report({ tenantId, id }: { tenantId: string; id: string }, data: object): Promise<void> {
  await parts.database.write(tenantId, async (tx) => {
    const before = await tx.task.findFirstOrThrow({ where: { tenantId, id } });
    const [after] = await tx.task.updateManyAndReturn({ where: { tenantId, id }, data });
    if (after !== undefined) await record(tx, after, before);
  });
}

type Watching = { text: string; status: number; ended: Promise<void>; stop(): void };

async function watch({ id, headers }: { id: string; headers: Headers }, last?: number, at = base): Promise<Watching> {
  const abort = new AbortController();
  const resumed = last === undefined ? {} : { "last-event-id": String(last) };
  const answer = await fetch(`${at}/api/v1/tasks/${id}/events`, {
    headers: { ...headers, ...resumed },
    signal: abort.signal,
  });
  const watching: Watching = { text: "", status: answer.status, ended: Promise.resolve(), stop: () => abort.abort() };
  watching.ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) watching.text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  return watching;
}

const seen = ({ text }: Watching) =>
  [...text.matchAll(/^id: (\d+)\nevent: progress\ndata: (.*)$/gm)].map(([, seq, data]) => {
    const { progress, message } = JSON.parse(data ?? "");
    return `${seq} [${progress}%] ${message}`;
  });

async function until(what: () => boolean, milliseconds = 5_000): Promise<number> {
  const begun = performance.now();
  while (!what()) {
    if (performance.now() - begun > milliseconds) throw new Error("not in time");
    await sleep(5);
  }
  return performance.now() - begun;
}

const SUCCEEDED = { phase: "Succeeded", stage: "done", progress: 100 };

describe("who watches a task", () => {
  test("is told of it as it happens, to its end", async () => {
    const task = await newTask();
    const watching = await watch(task);
    await until(() => watching.text.includes("Task accepted"));
    await report(task, { phase: "Running", attempt: 1 });
    await until(() => watching.text.includes("at work"));
    await report(task, { stage: "analysis", progress: 15, activity: "reading" });
    expect(await until(() => watching.text.includes("analysis complete"))).toBeLessThan(1_000);
    await until(() => watching.text.includes('"activity":"reading"'));
    await report(task, SUCCEEDED);
    await watching.ended;
    expect(seen(watching)).toEqual([
      "1 [0%] Task accepted",
      "2 [0%] An agent is at work",
      "3 [15%] Task analysis complete",
      "4 [25%] Architecture designed",
      "5 [50%] Code generated",
      "6 [65%] Tests created",
      "7 [80%] Code validated",
      "8 [90%] Documentation generated",
      "9 [100%] Task completed successfully",
    ]);
  });

  test("goes on after the last event that it has, and is told when there is nothing more", async () => {
    const task = await newTask();
    await report(task, { phase: "Running", attempt: 1 });
    await report(task, SUCCEEDED);
    const watching = await watch(task, 7);
    await watching.ended;
    expect(seen(watching)).toEqual(["8 [90%] Documentation generated", "9 [100%] Task completed successfully"]);
    expect((await watch(task, 9)).status).toBe(204);
    const wrong = await fetch(`${base}/api/v1/tasks/${task.id}/events`, {
      headers: { ...task.headers, "last-event-id": "x" },
    });
    expect(wrong.status).toBe(400);
  });

  test("misses nothing while the one connection that listens is lost", async () => {
    const task = await newTask();
    const watching = await watch(task);
    await until(() => watching.text.includes("Task accepted"));
    const killed = await inDatabase(running.admin, (client) =>
      client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"),
    );
    expect(killed.rowCount).toBe(1);
    await report(task, { phase: "Running", attempt: 1 });
    await until(() => watching.text.includes("at work"));
    watching.stop();
    await watching.ended;
  });

  test("shares that connection with all others", async () => {
    const tasks = await Promise.all([newTask(), newTask(), newTask()]);
    const all = await Promise.all(tasks.map((task) => watch(task)));
    await until(() => all.every(({ text }) => text.includes("Task accepted")));
    const { rows } = await inDatabase(running.admin, (client) =>
      client.query("SELECT usename FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"),
    );
    expect(rows).toEqual([{ usename: "lv_lookup" }]);
    for (const each of all) each.stop();
  });

  test("more than twenty times at once in an organization is refused, until one goes", async () => {
    const task = await newTask();
    const all = await Promise.all(Array.from({ length: 20 }, () => watch(task)));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const other = await newTask();
    const others = await watch(other);
    expect([(await watch(task)).status, others.status]).toEqual([429, 200]);
    all[0]?.stop();
    await until(() => all.length > 0);
    await sleep(200);
    const again = await watch(task);
    expect(again.status).toBe(200);
    for (const each of [...all, others, again]) each.stop();
  });

  test("and is gone before it was found keeps no place: the next ones watch [slots]", async () => {
    const task = await newTask();
    await inDatabase(running.admin, async (client) => {
      // Whoever looks for a task waits.
      await client.query("BEGIN");
      await client.query("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE");
      const gone = Array.from({ length: 30 }, () => new AbortController());
      const asking = gone.map(({ signal }) =>
        fetch(`${base}/api/v1/tasks/${task.id}/events`, { headers: task.headers, signal }).catch(() => undefined),
      );
      await sleep(500);
      for (const each of gone) each.abort();
      await Promise.all(asking);
      await sleep(100);
      await client.query("COMMIT");
    });
    await sleep(500);
    const watching = await watch(task);
    expect(watching.status).toBe(200);
    watching.stop();
  });

  test("behind a pooler that lets no LISTEN through hears of it within seconds", async () => {
    const log = pino({ level: "silent" });
    const news = new TaskNews({ listenUrl: undefined, worker: parts.database.worker, log });
    const polled = await buildApp({ ...parts, news });
    const at = await polled.listen({ host: "127.0.0.1", port: 0 });
    const task = await newTask();
    const watching = await watch(task, undefined, at);
    await until(() => watching.text.includes("Task accepted"));
    await report(task, { phase: "Running", attempt: 1 });
    await until(() => watching.text.includes("at work"));
    await polled.close();
    await watching.ended;
    await news.close();
  });

  test("is asked for anew at every heartbeat: a session that ended hears no more [stolen token]", async () => {
    const { tenantId, id: taskId } = await newTask();
    let beats = 0;
    const mayGoOn = async () => ++beats < 3;
    const following = { database: parts.database, news: parts.news, tenantId, taskId, after: 0, mayGoOn };
    const texts: string[] = [];
    const signal = new AbortController().signal;
    for await (const text of follow({ ...following, signal, heartbeatMilliseconds: 20 })) texts.push(text);
    expect([beats, texts.filter((text) => text === ": nothing new\n\n")]).toEqual([
      3,
      Array(2).fill(": nothing new\n\n"),
    ]);
  });

  test("is asked for anew also where there is news all the time [stolen token]", async () => {
    const task = await newTask();
    let asked = 0;
    const mayGoOn = async () => ++asked < 3;
    const stopping = new AbortController();
    const busy = (async () => {
      for (let at = 0; !stopping.signal.aborted; at++) {
        await report(task, { phase: "Running", activity: `at ${at}` });
        await sleep(10);
      }
    })();
    const following = {
      database: parts.database,
      news: parts.news,
      tenantId: task.tenantId,
      taskId: task.id,
      after: 0,
    };
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(5_000)]);
    const texts: string[] = [];
    // No silence lasts as long as that.
    for await (const text of follow({ ...following, mayGoOn, signal, heartbeatMilliseconds: 300 })) texts.push(text);
    expect([asked, signal.aborted]).toEqual([3, false]);
    expect(texts.filter((text) => text.startsWith("event: activity")).length).toBeGreaterThan(3);
    stopping.abort();
    await busy;
  });

  test("does not keep a server from stopping", async () => {
    const other = await buildApp(parts);
    const at = await other.listen({ host: "127.0.0.1", port: 0 });
    const watching = await watch(await newTask(), undefined, at);
    await until(() => watching.text.includes("Task accepted"));
    const begun = performance.now();
    await other.close();
    expect(performance.now() - begun).toBeLessThan(2_000);
    await watching.ended;
  });
});
