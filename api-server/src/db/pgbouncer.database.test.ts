import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inDatabase, type TestDatabase, testDatabase } from "../testing/database.ts";
import { interleaved } from "../testing/interleaved.ts";
import { type Database, openDatabase } from "./database.ts";
import type { Statement } from "./lanes.ts";

const DIVIDED: Statement<readonly (string | null)[]> = {
  name: "lv_test_divided",
  text: "SELECT string_agg(name, ' '), 1 / $1::int FROM projects",
  row: (cells) => cells,
};

let at: TestDatabase;
let pooler: Pooler;
let database: Database;

beforeAll(async () => {
  at = await testDatabase();
  pooler = await startPooler(at);
  const [url, workerUrl, lookupUrl] = [at.urls.lv_app, at.urls.lv_worker, at.urls.lv_lookup].map(pooler.url);
  database = await openDatabase({ url: url ?? "", workerUrl: workerUrl ?? "", lookupUrl: lookupUrl ?? "" });
});

afterAll(async () => {
  await database?.close();
  await pooler?.stop();
  await at.drop();
});

describe("through pgbouncer, which gives a connection to another for each transaction", () => {
  test("a query of one tenant never meets another's, among ten thousand of a hundred tenants [pooling]", async () => {
    expect(await interleaved(database)).toEqual([]);
  }, 120_000);

  test("reads that leave together fail alone, and see their own tenant's rows [pooling]", async () => {
    const ids = await inDatabase(at.admin, async (client) => (await client.query("SELECT id FROM tenants")).rows);
    const answers = await Promise.allSettled(
      ids.map(({ id }, at) => database.rows(id, DIVIDED, [at % 5 === 0 ? "0" : "1"])),
    );
    const told = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.code));
    expect(told).toEqual(ids.map(({ id }, at) => (at % 5 === 0 ? "22012" : [[id, "1"]])));
  });

  test("a query without a tenant is an error on a connection that had one [a pool's left-over]", async () => {
    const attempt = inDatabase(pooler.url(at.urls.lv_app), (client) => client.query("SELECT FROM projects"));
    await expect(attempt).rejects.toThrow(/uuid: ""|lv\.tenant_id/);
  });

  test("a query that fails in the middle leaves the connection to the next", async () => {
    const [id] = await inDatabase(
      at.admin,
      async (client) => (await client.query("SELECT id FROM tenants LIMIT 1")).rows,
    );
    await Promise.all(
      Array.from({ length: 40 }, () =>
        expect(database.read(id.id, (db) => db.$queryRaw`SELECT 1 / 0`)).rejects.toThrow(/division by zero/),
      ),
    );
    expect(await database.read(id.id, (db) => db.project.count())).toBe(1);
  });
});

type Pooler = { url(of: string): string; stop(): Promise<void> };

/** In transaction mode, with fewer connections to the server than we have to it. */
async function startPooler({ admin }: TestDatabase): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-pgbouncer-"));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const { hostname, port: serverPort, pathname } = new URL(admin);
  const users = join(folder, "users");
  writeFileSync(users, '"lv_app" "app"\n"lv_worker" "worker"\n"lv_lookup" "lookup"\n');
  const settings = join(folder, "pgbouncer.ini");
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = extra_float_digits
`,
  );
  // It refuses to run as root.
  const as = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  // Debian keeps it where a plain user does not look.
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
  const child = spawn("pgbouncer", [...as, settings], { stdio: "ignore", env });
  const url = (of: string) =>
    Object.assign(new URL(of), { hostname: "127.0.0.1", port: String(port), search: "?pgbouncer=true" }).href;
  await untilItAnswers(
    url(Object.assign(new URL(admin), { username: "lv_lookup", password: "lookup", pathname }).href),
  );
  return {
    url,
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return void (await inDatabase(url, (client) => client.query("SELECT 1")));
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
