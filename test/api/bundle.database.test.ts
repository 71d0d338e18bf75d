import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inDatabase, type TestDatabase, testDatabase } from "../../api-server/src/testing/database.ts";
import { freePorts } from "../../cli/cluster/ports.ts";
import { ROOT } from "../../cli/src/manifests.ts";

// Far from the repository: what it needed beside itself would be missing here. The same places as in the images.
const folder = mkdtempSync(join(tmpdir(), "leanvibe-api-bundle-"));
const bundle = join(folder, "dist", "bundle");
let database: TestDatabase;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "api-server", "build.ts"), bundle]);
  cpSync(join(ROOT, "api-server", "migrations"), join(folder, "migrations"), { recursive: true });
  database = await testDatabase();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** As the images start it, with nothing of this process' own settings. */
function start(
  program: string,
  env: Record<string, string>,
  ...flags: string[]
): ChildProcess & { output: () => string } {
  const args = ["--enable-source-maps", join(bundle, `${program}.mjs`), ...flags];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return Object.assign(child, { output: () => output });
}

describe("the API as it ships, in a folder without the repository", () => {
  test("answers from the database, hashes passwords, and says nothing but its log", async () => {
    const [port = 0, metrics = 0] = await freePorts(2);
    const server = start("leanvibe-api", {
      DATABASE_URL: database.urls.lv_app,
      DATABASE_WORKER_URL: database.urls.lv_worker,
      DATABASE_LOOKUP_URL: database.urls.lv_lookup,
      SECRET_KEY: randomBytes(32).toString("base64"),
      TENANT_CREATION: "open",
      PORT: String(port),
      METRICS_PORT: String(metrics),
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      await eventually(async () => (await fetch(`${url}/health/ready`)).ok, server);
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ organization_name: "Bundled" });
      const made = await fetch(`${url}/tenants`, { method: "POST", headers, body });
      expect({ status: made.status, body: await made.json() }).toMatchObject({ status: 201 });
      // Only a password that is compared needs the part of argon2 that is no JavaScript.
      const login = JSON.stringify({ email: "nobody@example.com", password: "wrong", tenant: "bundled" });
      expect((await fetch(`${url}/auth/login`, { method: "POST", headers, body: login })).status).toBe(401);
      // A part that is loaded only when somebody asks for it.
      const docs = await fetch(`${url}/docs/scalar.js`);
      expect((await docs.text()).length).toBeGreaterThan(1_000_000);
      server.kill("SIGTERM");
      const [code] = await once(server, "exit");
      const lines = server.output().trimEnd().split("\n");
      expect({ code, strange: lines.filter((line) => line !== "" && !line.startsWith("{")) }).toEqual({
        code: 0,
        strange: [],
      });
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("finds its migrations", async () => {
    await inDatabase(database.admin, (client) => client.query("CREATE DATABASE lv_bundle"));
    const empty = Object.assign(new URL(database.admin), { pathname: "/lv_bundle" }).href;
    try {
      const migrating = start("leanvibe-migrate", { DATABASE_OWNER_URL: empty });
      await once(migrating, "close");
      expect(migrating.output()).toContain("applied 0001_tenants");
    } finally {
      await inDatabase(database.admin, (client) => client.query("DROP DATABASE lv_bundle"));
    }
  });

  test("[who reads a Job's log] migrates with the server's own passwords, and says none of them", async () => {
    const urls = {
      DATABASE_URL: database.urls.lv_app,
      DATABASE_WORKER_URL: database.urls.lv_worker,
      DATABASE_LOOKUP_URL: database.urls.lv_lookup,
    };
    const job = start("leanvibe-migrate", { DATABASE_OWNER_URL: database.admin, ...urls }, "--for-server");
    const [code] = await once(job, "close");
    expect({ code, said: job.output() }).toEqual({ code: 0, said: "No migrations to run!\nup to date\n" });
    await inDatabase(database.urls.lv_app, (client) => client.query("SELECT 1"));
    // Of another role, such as the owner: the server must not be given it.
    const wrong = { ...urls, DATABASE_OWNER_URL: database.admin, DATABASE_URL: database.admin };
    const refused = start("leanvibe-migrate", wrong, "--for-server");
    expect(await once(refused, "close")).toEqual([2, null]);
    expect(refused.output()).toContain("DATABASE_URL is needed: the URL with which the server logs in as lv_app");
    expect(refused.output()).not.toContain(new URL(database.admin).password);
  });

  test("brings the packages that stay outside of it, and all that they load", () => {
    const load = `for (const name of ["sharp", "@node-rs/argon2"]) console.log((await import(name)) && import.meta.resolve(name))`;
    const told = execFileSync(process.execPath, ["--input-type=module", "--eval", load], {
      cwd: bundle,
      encoding: "utf8",
    });
    for (const path of told.trim().split("\n")) expect(path).toContain(`${bundle}/node_modules/`);
  });

  test("names the source of an error, not a place in the bundle", () => {
    const map: { sources: string[] } = JSON.parse(readFileSync(join(bundle, "leanvibe-api.mjs.map"), "utf8"));
    expect(map.sources.some((path) => path.endsWith("api-server/src/main.ts"))).toBe(true);
  });
});

async function eventually(ask: () => Promise<boolean>, server: ReturnType<typeof start>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end && server.exitCode === null; await sleep(50))
    if (await ask().catch(() => false)) return;
  throw new Error(`it did not become ready: ${server.output()}`);
}
