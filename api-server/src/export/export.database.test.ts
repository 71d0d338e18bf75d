import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type App, buildApp } from "../app.ts";
import { TABLES } from "../db/roles.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import {
  asking,
  type Headers,
  signedIn,
  type TestParts,
  type TestTenant,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import { unzip } from "../testing/unzip.ts";
import { EXPORTED, LEFT_OUT } from "./tables.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let url: string;
let logged = "";

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  const write = (line: string) => {
    logged += line;
  };
  const log = pino({ level: "info" }, { write });
  app = await buildApp({ ...parts, log });
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});

afterAll(async () => {
  // A client's spare connection that was never used is none that close() would end.
  app.server.closeAllConnections();
  await app.close();
  await running.close();
});

const EXPORT = "/api/v1/tenants/current/export";
const ask = asking(() => app);
const change = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));

async function withOwner() {
  const tenant = await testTenant(parts);
  const owner = await testUser(parts, tenant, "owner");
  const { headers } = await signedIn(app, tenant, owner);
  return { tenant, owner, headers };
}

/** A link, as a path. */
async function linkFor(headers: Headers): Promise<{ path: string; id: string }> {
  const { status, body } = await ask("POST", EXPORT, headers);
  expect(status).toBe(202);
  expect(Date.parse(body.expires_at) - Date.now()).toBeLessThanOrEqual(86_400_000);
  return { path: new URL(body.url).pathname, id: body.id };
}

const stateOf = async (headers: Headers, id: string) => (await ask("GET", `${EXPORT}/${id}`, headers)).body.state;
const addProjects = ({ id }: TestTenant, count: number, length = 20) =>
  change(
    "INSERT INTO projects (tenant_id, id, name, description) SELECT $1, gen_random_uuid(), 'P' || n, repeat(md5(n::text), $3) FROM generate_series(1, $2) n",
    [id, count, length],
  );

const manifest = z.object({
  snapshot_at: z.iso.datetime(),
  tenant: z.object({ id: z.string(), subdomain: z.string() }),
  files: z.array(z.object({ name: z.string(), rows: z.int(), bytes: z.int(), sha256: z.string() })),
});

function read(zip: Buffer) {
  const files = unzip(zip);
  const told = manifest.parse(JSON.parse(String(files.get("manifest.json"))));
  const rowsOf = (name: string): unknown[] =>
    String(files.get(`${name}.jsonl`))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { files, told, rowsOf };
}

async function take(path: string) {
  const answer = await fetch(`${url}${path}`);
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
}

test("every column of what is a tenant's is exported, or left out for a reason", async () => {
  const { rows } = await change(
    "SELECT table_name AS table, column_name AS column FROM information_schema.columns WHERE table_schema = 'public' AND is_generated = 'NEVER' OR (table_name, column_name) = ('tenants', 'is_active') AND table_schema = 'public'",
  );
  const there = z
    .array(z.object({ table: z.string(), column: z.string() }))
    .parse(rows)
    .filter(({ table }) => TABLES[table]?.column !== undefined);
  const isSaid = ({ table, column }: { table: string; column: string }) => [
    LEFT_OUT[table] !== undefined,
    LEFT_OUT[`${table}.${column}`] !== undefined,
    EXPORTED[table]?.columns.includes(column) === true,
  ];
  const wrong = there.filter((each) => isSaid(each).filter(Boolean).length !== 1);
  // Add each to EXPORTED or LEFT_OUT in export/tables.ts, and to one of them only.
  expect(wrong).toEqual([]);
  const known = new Set(there.flatMap(({ table, column }) => [table, `${table}.${column}`]));
  const named = Object.entries(EXPORTED).flatMap(([table, { columns }]) => columns.map((name) => `${table}.${name}`));
  expect([...named, ...Object.keys(LEFT_OUT)].filter((name) => !known.has(name))).toEqual([]);
});

describe("an export", () => {
  test("holds what the organization has, nobody else's, and no secret; its manifest says what each file is", async () => {
    const { tenant, owner, headers } = await withOwner();
    const other = await withOwner();
    await addProjects(tenant, 3);
    await addProjects(other.tenant, 2);
    await ask("POST", "/api/v1/invitations", headers, { email: "joe@acme.example" });
    await change("INSERT INTO tenant_settings (tenant_id, logo, logo_sha256) VALUES ($1, $2, $3)", [
      tenant.id,
      Buffer.from("a picture".repeat(20)),
      Buffer.alloc(32),
    ]);
    const { path, id } = await linkFor(headers);
    const { status, bytes, headers: sent } = await take(path);
    expect([status, sent.get("content-type"), sent.get("cache-control")]).toEqual([200, "application/zip", "no-store"]);
    expect(sent.get("content-disposition")).toMatch(
      new RegExp(`^attachment; filename="${tenant.subdomain}-[\\d-]+\\.zip"$`),
    );
    const { files, told, rowsOf } = read(bytes);
    expect(told.tenant).toEqual({ id: tenant.id, subdomain: tenant.subdomain });
    expect(told.files.map(({ name }) => name)).toEqual([...files.keys()].filter((name) => name !== "manifest.json"));
    for (const { name, rows, bytes: size, sha256 } of told.files) {
      const file = files.get(name) ?? Buffer.alloc(0);
      expect([name, createHash("sha256").update(file).digest("hex"), file.length]).toEqual([name, sha256, size]);
      expect(rowsOf(name.replace(".jsonl", ""))).toHaveLength(rows);
    }
    expect(rowsOf("projects")).toHaveLength(3);
    expect(rowsOf("users")).toMatchObject([{ id: owner.id, email: owner.email, role: "owner" }]);
    expect(rowsOf("settings")).toMatchObject([{ logo: Buffer.from("a picture".repeat(20)).toString("base64") }]);
    const text = [...files.values()].map(String).join("");
    expect(text).not.toContain(other.tenant.id);
    expect(text).not.toMatch(/argon2|"(password|token)_hash":/);
    await expect.poll(() => stateOf(headers, id)).toBe("done");
    const { rows: events } = await change(
      "SELECT action, actor_id FROM audit_events WHERE target_id = $1 ORDER BY id",
      [id],
    );
    expect(events).toEqual(["export.asked", "export.taken"].map((action) => ({ action, actor_id: owner.id })));
  });

  test("is of one moment: what changes while it is taken is in it wholly as it was", async () => {
    const { tenant, headers } = await withOwner();
    await addProjects(tenant, 20_000, 60);
    const { path } = await linkFor(headers);
    const answer = await fetch(`${url}${path}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) {
      if (chunks.length === 0) {
        await change("UPDATE projects SET name = 'changed ' || name WHERE tenant_id = $1", [tenant.id]);
        await addProjects({ ...tenant, id: tenant.id }, 10);
        await change("DELETE FROM projects WHERE tenant_id = $1 AND name LIKE 'changed P1%'", [tenant.id]);
      }
      chunks.push(chunk);
    }
    const rows = z.array(z.object({ name: z.string() })).parse(read(Buffer.concat(chunks)).rowsOf("projects"));
    expect(rows).toHaveLength(20_000);
    expect(rows.filter(({ name }) => name.startsWith("changed"))).toEqual([]);
  });
});

test("an export takes longer than any statement may, where whoever takes it does", async () => {
  const strict = await testParts();
  await inDatabase(strict.admin, async (client) => {
    const { rows } = await client.query("SELECT current_database() AS name");
    await client.query(`ALTER ROLE lv_app IN DATABASE ${rows[0].name} SET statement_timeout = '500ms'`);
    await client.query(
      `ALTER ROLE lv_app IN DATABASE ${rows[0].name} SET idle_in_transaction_session_timeout = '500ms'`,
    );
  });
  const slow = await buildApp(strict.parts);
  const at = await slow.listen({ port: 0, host: "127.0.0.1" });
  const tenant = await testTenant(strict.parts);
  const { headers } = await signedIn(slow, tenant, await testUser(strict.parts, tenant, "owner"));
  await inDatabase(strict.admin, (client) =>
    client.query(
      "INSERT INTO projects (tenant_id, id, name, description) SELECT $1, gen_random_uuid(), 'P' || n, md5(n::text) FROM generate_series(1, 60000) n",
      [tenant.id],
    ),
  );
  const asked = await slow.inject({ method: "POST", url: EXPORT, headers });
  const answer = await fetch(`${at}${new URL(asked.json().url).pathname}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) {
    if (chunks.length < 3) await sleep(800);
    chunks.push(chunk);
  }
  expect(read(Buffer.concat(chunks)).rowsOf("projects")).toHaveLength(60_000);
  slow.server.closeAllConnections();
  await slow.close();
  await strict.close();
}, 60_000);

describe("the link of an export", () => {
  test("holds once: a second use is told so, and of ten at once one gets it [race]", async () => {
    const { headers } = await withOwner();
    const { path } = await linkFor(headers);
    // A look at what is there uses nothing up.
    expect((await fetch(`${url}${path}`, { method: "HEAD" })).status).toBe(405);
    const answers = await Promise.all(Array.from({ length: 10 }, () => take(path)));
    const used = answers.filter(({ status }) => status !== 200).map(({ status }) => status);
    expect(used).toHaveLength(9);
    expect(used.filter((status) => status !== 410 && status !== 503)).toEqual([]);
    const last = await take(path);
    expect([last.status, JSON.parse(String(last.bytes)).error_code]).toEqual([410, "EXPORT_LINK_USED"]);
  });

  test("holds for a day, for who is still an owner, and until there is a newer one", async () => {
    const { tenant, owner, headers } = await withOwner();
    const first = await linkFor(headers);
    const second = await linkFor(headers);
    expect((await take(first.path)).status).toBe(404);
    await change("UPDATE exports SET expires_at = now() - interval '1 s' WHERE id = $1", [second.id]);
    expect((await take(second.path)).status).toBe(410);
    expect(await stateOf(headers, second.id)).toBe("expired");
    const third = await linkFor(headers);
    await change("UPDATE users SET role = 'admin' WHERE id = $1", [owner.id]);
    expect((await take(third.path)).status).toBe(410);
    await change("UPDATE users SET role = 'owner' WHERE id = $1", [owner.id]);
    await change("UPDATE tenants SET hold = 'Security' WHERE id = $1", [tenant.id]);
    expect((await take(third.path)).status).toBe(403);
    await change("UPDATE tenants SET hold = NULL WHERE id = $1", [tenant.id]);
    expect((await take(third.path)).status).toBe(200);
    for (const wrong of ["lvx_guess", "x".repeat(100), "%00", "..%2f.."]) {
      expect((await take(`/api/v1/exports/${wrong}`)).status).toBeGreaterThanOrEqual(400);
    }
  });

  test("is an owner's to ask for, also of one that owes money or is being deleted", async () => {
    for (const role of ["viewer", "member", "admin"] as const) {
      const tenant = await testTenant(parts);
      const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, role));
      expect((await ask("POST", EXPORT, headers)).status).toBe(403);
    }
    for (const state of ["standing = 'suspended'", "lifecycle = 'pending_deletion'"]) {
      const { tenant, headers } = await withOwner();
      await change(`UPDATE tenants SET ${state} WHERE id = $1`, [tenant.id]);
      const { path, id } = await linkFor(headers);
      expect((await take(path)).status).toBe(200);
      expect((await ask("GET", `${EXPORT}/${randomUUID()}`, headers)).status).toBe(404);
      const other = await withOwner();
      expect((await ask("GET", `${EXPORT}/${id}`, other.headers)).status).toBe(404);
    }
  });

  test("stands in no log and no table", async () => {
    const { headers } = await withOwner();
    const { path } = await linkFor(headers);
    await take(path);
    await take(path);
    const token = path.split("/").at(-1) ?? "";
    expect(logged).toContain("/api/v1/exports/...");
    expect(logged).not.toContain(token.slice(0, 12));
    const { rows } = await change("SELECT encode(token_hash, 'escape') AS hash FROM exports");
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("of who goes away in the middle is used up, and its connection is free for others", async () => {
    const { tenant, headers } = await withOwner();
    await addProjects(tenant, 30_000, 60);
    const { hostname, port } = new URL(url);
    for (let at = 0; at < 3; at++) {
      const { path, id } = await linkFor(headers);
      const socket = createConnection({ host: hostname, port: Number(port) });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await once(socket, "data");
      socket.destroy();
      await expect.poll(() => stateOf(headers, id), { timeout: 5_000 }).toBe("broken_off");
      expect((await take(path)).status).toBe(410);
    }
    const open = async () =>
      (
        await change(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND usename = 'lv_app'",
        )
      ).rowCount;
    await expect.poll(open, { timeout: 5_000 }).toBe(0);
    expect((await take((await linkFor(headers)).path)).status).toBe(200);
  });

  test("stays good while too much is being exported already", async () => {
    const slow = await Promise.all([withOwner(), withOwner()]);
    const held = await Promise.all(
      slow.map(async ({ tenant, headers }) => {
        await addProjects(tenant, 50_000, 60);
        return await fetch(`${url}${(await linkFor(headers)).path}`);
      }),
    );
    const { headers } = await withOwner();
    const { path } = await linkFor(headers);
    const refused = await take(path);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
    // Requests have connections of their own.
    expect((await ask("GET", "/api/v1/projects", headers)).status).toBe(200);
    for (const answer of held) await answer.body?.cancel();
    await expect.poll(async () => (await take(path)).status, { timeout: 5_000 }).toBe(200);
  });
});
