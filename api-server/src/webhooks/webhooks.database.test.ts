import { execFile } from "node:child_process";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type App, buildApp } from "../app.ts";
import { handlersOf } from "../outbox/handlers.ts";
import { startWorker, type Worker } from "../outbox/worker.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { asking, type Headers, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";
import { deliver } from "./deliver.ts";

type Got = { path: string; headers: IncomingHttpHeaders; body: string };

let running: TestParts;
let parts: Parts;
let app: App;
let worker: Worker;
let at: string;
const got: Got[] = [];
/** By path: what is answered instead of 200. */
const answers = new Map<string, (response: ServerResponse, nth: number) => void>();

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const path = request.url ?? "";
  got.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
  const answer = answers.get(path);
  if (answer === undefined) response.end("thanks");
  else answer(response, got.filter((each) => each.path === path).length);
});

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  at = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  worker = await startWorker(parts, handlersOf(parts));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await worker.stop();
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const URL = "/api/v1/webhooks";
const until = <T>(look: () => T | Promise<T>, timeout = 20_000) => vi.waitFor(look, { timeout, interval: 50 });
const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));

async function owner() {
  const tenant = await testTenant(parts, "enterprise");
  const user = await testUser(parts, tenant);
  return { tenant, user, headers: (await signedIn(app, tenant, user)).headers };
}

const listen = async (headers: Headers, path: string, events = ["project.*"]) =>
  (await ask("POST", URL, headers, { url: `${at}${path}`, events })).body;
const project = (headers: Headers, name: string) => ask("POST", "/api/v1/projects", headers, { name });
const at_ = (path: string) => got.filter((each) => each.path === path);
const log = async (headers: Headers, id: string) => (await ask("GET", `${URL}/${id}/deliveries`, headers)).body;

/** As the documentation says it, by a program that is not ours. */
async function isSigned({ headers, body }: Got, secret: string): Promise<boolean> {
  const signature = String(headers["leanvibe-signature"]);
  const [, t] = /^t=(\d+),/.exec(signature) ?? [];
  const child = promisify(execFile)("openssl", ["dgst", "-sha256", "-hmac", secret]);
  child.child.stdin?.end(`${t}.${body}`);
  const hex = (await child).stdout.trim().split("= ")[1];
  return Math.abs(Date.now() / 1000 - Number(t)) < 60 && signature.split(",").includes(`v1=${hex}`);
}

describe("a webhook", () => {
  test("hears of what it is for, signed, and of nothing else", async () => {
    const { tenant, headers } = await owner();
    const hook = await listen(headers, "/hears", ["project.created"]);
    const { id } = (await project(headers, "Heard")).body;
    await ask("PATCH", `/api/v1/projects/${id}`, headers, { description: "not told" });
    const [one] = await until(() => {
      expect(at_("/hears")).toHaveLength(1);
      return at_("/hears");
    });
    if (one === undefined) throw new Error("nothing came");
    expect(JSON.parse(one.body)).toEqual({
      id: one.headers["leanvibe-event-id"],
      type: "project.created",
      created_at: expect.any(String),
      tenant_id: tenant.id,
      data: { object: { kind: "project", id }, details: { name: "Heard" } },
    });
    expect([await isSigned(one, hook.secret), await isSigned(one, "whsec_other")]).toEqual([true, false]);
    await until(async () =>
      expect(await log(headers, hook.id)).toMatchObject([
        { event: "project.created", status: "delivered", tries: 1, response_status: 200, response_snippet: "thanks" },
      ]),
    );
    expect(at_("/hears")).toHaveLength(1);
  });

  test("that nobody has writes nothing, and a change that is undone is told to nobody", async () => {
    const { tenant, headers } = await owner();
    await project(headers, "Silent");
    const rows = async () =>
      (
        await sql(
          "SELECT FROM webhook_deliveries WHERE tenant_id = $1 UNION ALL SELECT FROM outbox WHERE tenant_id = $1",
          [tenant.id],
        )
      ).rowCount;
    expect(await rows()).toBe(0);
    await listen(headers, "/undone");
    expect((await project(headers, "Silent")).status).toBe(409);
    expect(await rows()).toBe(0);
  });

  test("is told again what it did not take, under the same id, and once it did no more", async () => {
    const { headers } = await owner();
    answers.set(
      "/again",
      (response, nth) => void response.writeHead(nth < 3 ? 500 : 204).end(nth < 3 ? "no" : undefined),
    );
    const hook = await listen(headers, "/again");
    await project(headers, "Again");
    await until(() => expect(at_("/again")).toHaveLength(3));
    expect(new Set(at_("/again").map((each) => each.headers["leanvibe-event-id"])).size).toBe(1);
    await until(async () => expect(await log(headers, hook.id)).toMatchObject([{ status: "delivered", tries: 3 }]));
    expect((await ask("GET", `${URL}/${hook.id}`, headers)).body.failing_since).toBeNull();
  });

  test("follows no redirect, and says so in its log [to a cloud's metadata]", async () => {
    const { headers } = await owner();
    answers.set("/moved", (response) => void response.writeHead(307, { location: "http://169.254.169.254/" }).end());
    const hook = await listen(headers, "/moved");
    await project(headers, "Moved");
    await until(async () =>
      expect(await log(headers, hook.id)).toMatchObject([
        { status: "pending", response_status: 307, next_try_at: expect.any(String) },
      ]),
    );
    await ask("DELETE", `${URL}/${hook.id}`, headers);
  });

  test("whose name leads inside when it is used is not asked [DNS rebinding]", async () => {
    const { headers, tenant } = await owner();
    const hook = await listen(headers, "/rebound");
    await sql("UPDATE webhooks SET url = 'https://10.0.0.1/' WHERE id = $1", [hook.id]);
    await project(headers, "Rebound");
    await until(async () => {
      const [entry] = await log(headers, hook.id);
      expect(entry).toMatchObject({ response_status: null, error: "its address is not on the Internet" });
    });
    await sql("DELETE FROM webhooks WHERE tenant_id = $1", [tenant.id]);
  });

  test("that is slow delays no other's", async () => {
    const { headers } = await owner();
    const other = await owner();
    answers.set("/slow", (response) => void setTimeout(() => response.end(), 8_000));
    const slow = await listen(headers, "/slow");
    await listen(other.headers, "/quick");
    for (let n = 0; n < 12; n++) await project(headers, `slow ${n}`);
    await until(() => expect(at_("/slow").length).toBeGreaterThan(0));
    await project(other.headers, "Quick");
    const began = Date.now();
    await until(() => expect(at_("/quick")).toHaveLength(1));
    expect(Date.now() - began).toBeLessThan(5_000);
    await ask("DELETE", `${URL}/${slow.id}`, headers);
  });

  test("is one's own organization's, for admins, and its secret is shown once and read by nobody [stolen dump]", async () => {
    const [jane, eve] = [await owner(), await owner()];
    const hook = await listen(jane.headers, "/own");
    expect(hook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["GET", "/deliveries"],
      ["POST", "/test"],
      ["POST", "/rotate-secret"],
    ] as const) {
      const body = method === "PATCH" ? { enabled: false } : undefined;
      expect((await ask(method, `${URL}/${hook.id}${path}`, eve.headers, body)).status).toBe(404);
    }
    const viewer = await signedIn(app, jane.tenant, await testUser(parts, jane.tenant, "member"));
    expect((await ask("GET", URL, viewer.headers)).status).toBe(403);
    expect(JSON.stringify((await ask("GET", URL, jane.headers)).body)).not.toContain("whsec");
    const { rows } = await sql("SELECT to_jsonb(w)::text AS text FROM webhooks w WHERE id = $1", [hook.id]);
    expect(rows[0].text).not.toContain(Buffer.from(hook.secret).toString("hex"));
  });

  test("can be tried while it is off, told again what it was told, and given another secret beside the old one", async () => {
    const { headers } = await owner();
    const hook = await listen(headers, "/tried");
    expect((await ask("PATCH", `${URL}/${hook.id}`, headers, { enabled: false })).body.enabled).toBe(false);
    await project(headers, "Off");
    const rotated = (await ask("POST", `${URL}/${hook.id}/rotate-secret`, headers)).body;
    const sent = await ask("POST", `${URL}/${hook.id}/test`, headers);
    expect(sent).toMatchObject({ status: 202, body: { event: "webhook.test", status: "pending" } });
    const [one] = await until(() => {
      expect(at_("/tried")).toHaveLength(1);
      return at_("/tried");
    });
    if (one === undefined) throw new Error("nothing came");
    expect([await isSigned(one, hook.secret), await isSigned(one, rotated.secret)]).toEqual([true, true]);
    await sql("UPDATE webhooks SET previous_until = now() - interval '1 second' WHERE id = $1", [hook.id]);
    await until(async () => expect(await log(headers, hook.id)).toMatchObject([{ status: "delivered" }]));
    expect((await ask("POST", `${URL}/${hook.id}/deliveries/${sent.body.id}/redeliver`, headers)).status).toBe(202);
    const two = await until(() => {
      expect(at_("/tried")).toHaveLength(2);
      return at_("/tried")[1];
    });
    if (two === undefined) throw new Error("nothing came");
    expect(two.headers["leanvibe-event-id"]).toBe(one.headers["leanvibe-event-id"]);
    expect([await isSigned(two, hook.secret), await isSigned(two, rotated.secret)]).toEqual([false, true]);
  });

  test("that took nothing for three days is switched off, and its owners are told once", async () => {
    const { tenant, user, headers } = await owner();
    answers.set("/dead", (response) => void response.writeHead(410).end());
    const hook = await listen(headers, "/dead");
    await project(headers, "Dead");
    await until(async () => expect(await log(headers, hook.id)).toMatchObject([{ response_status: 410 }]));
    await sql("UPDATE webhooks SET failing_since = now() - interval '73 hours' WHERE id = $1", [hook.id]);
    const [{ id }] = await log(headers, hook.id);
    const tries = Array.from({ length: 3 }, () => deliver(parts, tenant.id, id).catch(() => undefined));
    await Promise.all(tries);
    expect((await ask("GET", `${URL}/${hook.id}`, headers)).body).toMatchObject({ enabled: false });
    const { rows } = await sql("SELECT payload FROM outbox WHERE tenant_id = $1 AND topic = 'mail.send'", [tenant.id]);
    expect(rows).toMatchObject([{ payload: { mail: "webhook_disabled", to: user.email } }]);
    await deliver(parts, tenant.id, id);
    expect(await log(headers, hook.id)).toMatchObject([{ status: "failed", error: "the webhook is switched off" }]);
  });

  test("has room for ten, also when twenty come at once [race]", async () => {
    const { headers } = await owner();
    const made = await Promise.all(
      Array.from({ length: 20 }, () => ask("POST", URL, headers, { url: at, events: ["tenant.*"] })),
    );
    expect(made.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(made.find(({ status }) => status !== 201)?.body).toMatchObject({ error_code: "QUOTA_EXCEEDED" });
  });

  test("is told of 200 events, three of them, all and each once, by receivers that fail 30 % of the time", async () => {
    const { tenant, headers } = await owner();
    const paths = ["/r1", "/r2", "/r3"];
    const taken = new Map(paths.map((path) => [path, new Map<string, number>()]));
    for (const path of paths) {
      await listen(headers, path);
      answers.set(path, (response) => {
        const id = String(got.at(-1)?.headers["leanvibe-event-id"]);
        if (Math.random() < 0.3) return void response.writeHead(503).end();
        const seen = taken.get(path);
        seen?.set(id, (seen.get(id) ?? 0) + 1);
        response.end();
      });
    }
    for (let n = 0; n < 200; n += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, m) => project(headers, `p${n + m}`)));
    }
    const left = async () =>
      (
        await sql("SELECT count(*)::int AS n FROM webhook_deliveries WHERE tenant_id = $1 AND status <> 'delivered'", [
          tenant.id,
        ])
      ).rows[0].n;
    await until(async () => {
      // Nobody waits here for the hour to come round.
      await sql("UPDATE lv_jobs.job SET start_after = now() WHERE state = 'retry' AND name = 'webhook'");
      expect(await left()).toBe(0);
    }, 110_000);
    await sleep(500);
    for (const path of paths) {
      const seen = taken.get(path);
      expect([seen?.size, [...(seen?.values() ?? [])].filter((times) => times !== 1)]).toEqual([200, []]);
    }
  }, 120_000);
});
