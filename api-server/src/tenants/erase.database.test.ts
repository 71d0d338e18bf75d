import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import {
  asking,
  signedIn,
  type TestParts,
  type TestTenant,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import { eraseDeleted } from "./erase.ts";

let running: TestParts;
let parts: Parts;
let app: App;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
});

beforeEach(() => rounds());

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const change = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));

/** As if its thirty days were over. */
const due = ({ id }: TestTenant) =>
  change("WITH asked AS (UPDATE tenants SET lifecycle = 'pending_deletion' WHERE id = $1) SELECT 1", [id]).then(() =>
    change("UPDATE tenants SET deletes_at = now() - interval '1 s' WHERE id = $1", [id]),
  );

/** A minute's work, and then the next one's. */
async function rounds(): Promise<void> {
  await eraseDeleted(parts);
  await change("UPDATE tenants SET updated_at = now() - interval '1 minute' WHERE lifecycle = 'deleted'");
  await eraseDeleted(parts);
}

const columns = z.array(z.object({ table: z.string() }));

/** How many rows each table has of a tenant, where it has any. */
/** What is done because a tenant is gone, and its trail. */
const LEFT = { outbox: 1, audit_events: 1, audit_unsealed: 1 };

async function rowsOf({ id }: TestTenant): Promise<Record<string, number>> {
  return await inDatabase(running.admin, async (client) => {
    const { rows } = await client.query(
      "SELECT table_name AS table FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'",
    );
    const found: Record<string, number> = {};
    for (const { table } of columns.parse(rows)) {
      const { rowCount } = await client.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [id]);
      // How much was written down of what was done is another test's.
      if ((rowCount ?? 0) > 0) found[table] = table.startsWith("audit_") ? 1 : (rowCount ?? 0);
    }
    return found;
  });
}

async function full(): Promise<{ tenant: TestTenant; headers: { authorization: string } }> {
  const tenant = await testTenant(parts);
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, "owner"));
  await ask("POST", "/api/v1/invitations", headers, { email: "joe@acme.example" });
  await ask("POST", "/api/v1/projects", { ...headers, "idempotency-key": randomUUID() }, { name: "Website" });
  await change("INSERT INTO tenant_settings (tenant_id) VALUES ($1)", [tenant.id]);
  await change(
    "INSERT INTO projects (tenant_id, id, name) SELECT $1, gen_random_uuid(), 'P' || n FROM generate_series(1, 5000) n",
    [tenant.id],
  );
  await parts.database.write(tenant.id, (tx) =>
    tx.outbox.create({ data: { tenantId: tenant.id, id: randomUUID(), topic: "tenant.apply", payload: {} } }),
  );
  return { tenant, headers };
}

/** What is known of a session is believed for less than a second. */
async function refusedSoon(url: string, headers: { authorization: string }): Promise<void> {
  const status = async () => (await ask("GET", url, headers)).status;
  await vi.waitFor(async () => expect(await status()).toBe(404), { timeout: 1_500, interval: 50 });
}

test("a tenant whose time has come goes with every row, and nobody else's", async () => {
  const [gone, stays] = [await full(), await full()];
  const before = await rowsOf(stays.tenant);
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(["users", "projects", "sessions", "invitations", "idempotency_keys", "tenant_settings"]),
  );
  await due(gone.tenant);
  await rounds();
  // What is to be done because it is gone, and nothing else that was to be done for it.
  expect(await rowsOf(gone.tenant)).toEqual(LEFT);
  const { rows } = await change("SELECT topic, payload FROM outbox WHERE tenant_id = $1", [gone.tenant.id]);
  expect(rows).toEqual([{ topic: "tenant.delete", payload: { subdomain: gone.tenant.subdomain } }]);
  expect((await change("SELECT FROM tenants WHERE id = $1", [gone.tenant.id])).rowCount).toBe(0);
  expect(await rowsOf(stays.tenant)).toEqual(before);
  await refusedSoon("/api/v1/projects", gone.headers);
  expect((await ask("GET", "/api/v1/projects", stays.headers)).status).toBe(200);
});

test("its name is nobody's for ninety days, and its id for ever", async () => {
  const { tenant } = await full();
  await due(tenant);
  await rounds();
  const create = () => ask("POST", "/api/v1/tenants", {}, { organization_name: "Next", subdomain: tenant.subdomain });
  expect(await create()).toMatchObject({ status: 409, body: { error_code: "SUBDOMAIN_TAKEN" } });
  const { rows } = await change(
    "SELECT round(extract(epoch FROM held_until - now()) / 86400)::int AS days FROM held_names WHERE subdomain = $1",
    [tenant.subdomain],
  );
  expect(rows).toEqual([{ days: 90 }]);
  expect((await change("SELECT FROM deleted_tenants WHERE id = $1", [tenant.id])).rowCount).toBe(1);
  await change("UPDATE held_names SET held_until = now() WHERE subdomain = $1", [tenant.subdomain]);
  const next = await create();
  expect(next.status).toBe(201);
  expect(next.body.id).not.toBe(tenant.id);
});

test("one that may still be called back, was called back, or was never given up stays whole", async () => {
  const [pending, kept, active] = [await full(), await full(), await full()];
  await change("UPDATE tenants SET lifecycle = 'pending_deletion' WHERE id = $1", [pending.tenant.id]);
  await due(kept.tenant);
  expect((await ask("POST", "/api/v1/tenants/current/cancel-deletion", kept.headers)).status).toBe(200);
  const all = () => Promise.all([pending, kept, active].map(({ tenant }) => rowsOf(tenant)));
  const before = await all();
  await rounds();
  expect(await all()).toEqual(before);
});

test("an owner who calls back at the last moment has it back whole, or not at all [race]", async () => {
  const outcomes = new Set<string>();
  for (let at = 0; at < 12; at++) {
    const tenant = await testTenant(parts);
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, "owner"));
    await due(tenant);
    const [cancelled] = await Promise.all([ask("POST", "/api/v1/tenants/current/cancel-deletion", headers), rounds()]);
    await rounds();
    const { users = 0 } = await rowsOf(tenant);
    expect([cancelled.status, users]).toEqual(cancelled.status === 200 ? [200, 1] : [404, 0]);
    outcomes.add(String(cancelled.status));
  }
  expect(outcomes.size).toBeGreaterThan(0);
});

test("what is cut off half-way is gone for everybody, keeps nobody else, and is finished by the next round [crash]", async () => {
  const [stuck, other] = [await full(), await full()];
  await change(`
    CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power went'; END $$;
    CREATE TRIGGER stop BEFORE DELETE ON tenants FOR EACH ROW WHEN (OLD.id = '${stuck.tenant.id}') EXECUTE FUNCTION stop()`);
  await due(stuck.tenant);
  await due(other.tenant);
  await rounds();
  expect(await rowsOf(other.tenant)).toEqual(LEFT);
  expect(await rowsOf(stuck.tenant)).toEqual(LEFT);
  expect((await change("SELECT FROM held_names WHERE subdomain = $1", [stuck.tenant.subdomain])).rowCount).toBe(0);
  await refusedSoon("/api/v1/tenants/current", stuck.headers);
  await change("DROP TRIGGER stop ON tenants; DROP FUNCTION stop()");
  await Promise.all([rounds(), rounds(), rounds()]);
  const { rows } = await change("SELECT topic FROM outbox WHERE tenant_id = $1", [stuck.tenant.id]);
  expect(rows).toEqual([{ topic: "tenant.delete" }]);
  expect((await change("SELECT FROM held_names WHERE subdomain = $1", [stuck.tenant.subdomain])).rowCount).toBe(1);
});

test("a parent goes after its children, and not before them", async () => {
  const [parent, child] = [await full(), await full()];
  await change("UPDATE tenants SET parent_id = $1 WHERE id = $2", [parent.tenant.id, child.tenant.id]);
  await due(parent.tenant);
  await rounds();
  expect((await rowsOf(parent.tenant))["users"]).toBe(1);
  await due(child.tenant);
  await rounds();
  await rounds();
  expect([await rowsOf(parent.tenant), await rowsOf(child.tenant)]).toEqual([LEFT, LEFT]);
});
