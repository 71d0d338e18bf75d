import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
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
import { removeExpiredAnswers } from "./expired.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let acme: TestTenant;
let jane: Headers;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp({ ...parts, config: { ...parts.config, trustedProxies: ["127.0.0.1"] } });
  acme = await testTenant(parts, "enterprise");
  jane = (await signedIn(app, acme, await testUser(parts, acme))).headers;
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const projects = async (name: string) =>
  (await sql("SELECT id FROM projects WHERE name = $1", [name])).rows.map(({ id }) => id);
const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));
const create = (name: string, key: string, headers = jane) =>
  ask("POST", "/api/v1/projects", { ...headers, "idempotency-key": key }, { name });

describe("a request that is sent again with its Idempotency-Key", () => {
  test("creates nothing more, and has the same answer, said to be one", async () => {
    const key = randomUUID();
    const first = await create("Twice", key);
    const second = await create("Twice", key);
    expect(first).toMatchObject({ status: 201, headers: { location: `/api/v1/projects/${first.body.id}` } });
    expect(first.headers).not.toHaveProperty("idempotent-replayed");
    expect(second).toMatchObject({ status: 201, body: first.body, headers: { "idempotent-replayed": "true" } });
    expect(second.headers["location"]).toBe(first.headers["location"]);
    expect(await projects("Twice")).toEqual([first.body.id]);
    // Also where what was made is gone meanwhile: it is the answer that is repeated, not the work.
    await ask("DELETE", `/api/v1/projects/${first.body.id}`, jane);
    expect(await create("Twice", key)).toMatchObject({ status: 201, body: first.body });
  });

  test("20 times at once creates one, and tells the others that or to wait [race]", async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create("Race", key)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.filter(({ headers }) => headers["idempotent-replayed"] === undefined)).toHaveLength(1);
    for (const { body } of made) expect(body).toEqual(made[0]?.body);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject({
        status: 409,
        body: { error_code: "IDEMPOTENCY_IN_PROGRESS" },
        headers: { "retry-after": "1" },
      });
    }
    expect(await projects("Race")).toHaveLength(1);
  });

  test("while the first is under way is told to come again, and then has its answer", async () => {
    const key = randomUUID();
    await inDatabase(running.admin, async (client) => {
      await client.query("BEGIN");
      // Whoever creates must wait for the tenant's row.
      await client.query("SELECT FROM tenants WHERE id = $1 FOR UPDATE", [acme.id]);
      const first = create("Slow", key);
      const busy = async () =>
        (await sql("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'lv_app'")).rowCount;
      while ((await busy()) === 0);
      expect(await create("Slow", key)).toMatchObject({ status: 409, body: { error_code: "IDEMPOTENCY_IN_PROGRESS" } });
      await client.query("COMMIT");
      const { status, body } = await first;
      expect(status).toBe(201);
      expect(await create("Slow", key)).toMatchObject({ status: 201, body });
    });
    expect(await projects("Slow")).toHaveLength(1);
  });

  test("and another body is refused", async () => {
    const key = randomUUID();
    await create("One", key);
    expect(await create("Other", key)).toMatchObject({ status: 422, body: { error_code: "IDEMPOTENCY_KEY_REUSED" } });
    expect(await projects("Other")).toEqual([]);
  });

  test("by another user, of another tenant or on another route is another request [foreign answer]", async () => {
    const key = randomUUID();
    const first = await create("Mine", key);
    const joe = (await signedIn(app, acme, await testUser(parts, acme))).headers;
    expect(await create("Mine", key, joe)).toMatchObject({ status: 409, body: { error_code: "PROJECT_EXISTS" } });
    const tech = await testTenant(parts);
    const other = (await signedIn(app, tech, await testUser(parts, tech))).headers;
    const foreign = await create("Mine", key, other);
    expect([foreign.status, foreign.body.tenant_id]).toEqual([201, tech.id]);
    const invited = { email: "guest@example.com" };
    expect(await ask("POST", "/api/v1/invitations", { ...jane, "idempotency-key": key }, invited)).toMatchObject({
      status: 201,
      body: invited,
    });
    expect(await create("Mine", key)).toMatchObject({ body: first.body });
  });

  test("a day later is a new request, and what is over goes", async () => {
    const key = randomUUID();
    const first = await create("Daily", key);
    await ask("DELETE", `/api/v1/projects/${first.body.id}`, jane);
    await sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'");
    const second = await create("Daily", key);
    expect([second.status, second.body.id === first.body.id]).toEqual([201, false]);
    expect(await removeExpiredAnswers(parts.database)).toBeGreaterThan(0);
    expect((await sql("SELECT FROM idempotency_keys")).rowCount).toBe(1);
    expect(await create("Daily", key)).toMatchObject({ body: second.body });
  });

  test.each(["x".repeat(256), "a b", "schlüssel", "a, b"])("and a key that is none is refused: %s", async (key) => {
    expect(await create("None", key)).toMatchObject({
      status: 400,
      body: { error_code: "VALIDATION_FAILED", errors: [{ path: "headers.idempotency-key" }] },
    });
    expect(await projects("None")).toEqual([]);
  });

  test("after a refusal is tried anew", async () => {
    const key = randomUUID();
    await create("Taken", randomUUID());
    expect((await create("Taken", key)).status).toBe(409);
    const [id = ""] = await projects("Taken");
    await ask("DELETE", `/api/v1/projects/${id}`, jane);
    expect(await create("Taken", key)).toMatchObject({ status: 201 });
  });

  test("after its first was killed half-way creates one, because that left neither work nor mark [crash]", async () => {
    const key = randomUUID();
    await sql(`
      CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NEW; END $$;
      CREATE TRIGGER die AFTER INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION die()`);
    const crashed = await create("Crash", key);
    await sql("DROP TRIGGER die ON idempotency_keys");
    expect([crashed.status, await projects("Crash")]).toEqual([503, []]);
    expect(await create("Crash", key)).toMatchObject({ status: 201 });
    expect(await create("Crash", key)).toMatchObject({ headers: { "idempotent-replayed": "true" } });
    expect(await projects("Crash")).toHaveLength(1);
  });

  test("by who may no longer do it is refused like any other [lost role]", async () => {
    const [key, user] = [randomUUID(), await testUser(parts, acme, "member")];
    const { headers } = await signedIn(app, acme, user);
    await create("Role", key, headers);
    await parts.database.read(acme.id, (db) =>
      db.user.updateMany({ where: { tenantId: acme.id, id: user.id }, data: { role: "viewer" } }),
    );
    await expect.poll(async () => (await create("Role", key, headers)).status, { timeout: 2_000 }).toBe(403);
  });
});

describe("a stranger who creates a tenant with an Idempotency-Key", () => {
  const found = (subdomain: string, key: string, from: string) =>
    ask(
      "POST",
      "/tenants",
      { "idempotency-key": key, "x-forwarded-for": from },
      { organization_name: "Acme Corp", subdomain },
    );

  test("has one, and its claim_url again, which nobody finds in the database", async () => {
    const key = randomUUID();
    const first = await found("once", key, "10.1.0.1");
    const again = await found("once", key, "10.1.0.1");
    expect(first).toMatchObject({ status: 201, body: { claim_url: expect.stringContaining("lvi_") } });
    expect(again).toMatchObject({ status: 201, body: first.body, headers: { "idempotent-replayed": "true" } });
    const { rows } = await sql("SELECT i.*, encode(sealed, 'escape') AS text FROM idempotency_keys i");
    expect(rows.length).toBeGreaterThan(0);
    for (const said of ["lvi_", first.body.id, "Acme Corp", key, "10.1.0.1"]) {
      expect(JSON.stringify(rows)).not.toContain(said);
    }
    // Three an hour are let through of a network; who is only answered again is not counted.
    for (let at = 0; at < 5; at += 1) expect((await found("once", key, "10.1.0.1")).status).toBe(201);
  });

  test("20 times at once has one [race]", async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => found("crowd", key, "10.2.0.1")));
    const ids = new Set(answers.flatMap(({ status, body }) => (status === 201 ? [body.id] : [])));
    expect(ids.size).toBe(1);
    expect((await sql("SELECT FROM tenants WHERE subdomain = 'crowd'")).rowCount).toBe(1);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
  });

  test("is not given another's claim_url, from another address or by a key that can be guessed [theft]", async () => {
    const key = randomUUID();
    const first = await found("victim", key, "10.3.0.1");
    const thief = await found("victim", key, "10.3.0.2");
    expect([first.status, thief.status, thief.body.error_code]).toEqual([201, 409, "SUBDOMAIN_TAKEN"]);
    expect(await found("short", "1", "10.3.0.3")).toMatchObject({
      status: 400,
      body: { errors: [{ path: "headers.idempotency-key" }] },
    });
  });
});
