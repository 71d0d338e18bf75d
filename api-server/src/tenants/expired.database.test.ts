import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";
import { removeExpired } from "./expired.ts";

let running: TestParts;
let parts: Parts;
let app: App;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));

/** Two sessions, three invitations and as many projects as are said, of each kind one that is over and was not long ago. */
async function full(projects: number): Promise<string> {
  const tenant = await testTenant(parts);
  const user = await testUser(parts, tenant);
  for (let at = 0; at < 2; at += 1) await signedIn(app, tenant, user);
  await sql(
    `WITH one AS (SELECT id FROM sessions WHERE tenant_id = $1 LIMIT 1),
       token AS (UPDATE refresh_tokens SET expires_at = now() - interval '1 s' WHERE session_id = (SELECT id FROM one))
     UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id = (SELECT id FROM one)`,
    [tenant.id],
  );
  await sql(
    `INSERT INTO invitations (tenant_id, id, email, role, token_hash, expires_at, accepted_at)
     SELECT $1::uuid, gen_random_uuid(), 'a' || n || '@example.com', 'viewer', sha256(($1::text || n)::bytea), now() - n * interval '15 days',
       CASE WHEN n = 3 THEN now() END
     FROM generate_series(1, 3) n`,
    [tenant.id],
  );
  await sql(
    `INSERT INTO projects (tenant_id, id, name, status, updated_at)
     SELECT $1, gen_random_uuid(), 'P' || n, CASE WHEN n % 2 = 0 THEN 'deleted' ELSE 'archived' END, now() - interval '31 days'
     FROM generate_series(1, $2::int) n`,
    [tenant.id, projects],
  );
  await sql("INSERT INTO projects (tenant_id, id, name, status) VALUES ($1, gen_random_uuid(), 'new', 'deleted')", [
    tenant.id,
  ]);
  return tenant.id;
}

async function left(id: string) {
  const { rows } = await sql(
    `SELECT (SELECT count(*)::int FROM sessions WHERE tenant_id = $1) AS sessions,
       (SELECT count(*)::int FROM refresh_tokens WHERE tenant_id = $1) AS tokens,
       (SELECT array_agg(email ORDER BY email) FROM invitations WHERE tenant_id = $1) AS invitations,
       (SELECT count(*)::int FROM projects WHERE tenant_id = $1) AS projects`,
    [id],
  );
  return rows[0];
}

test("what is over goes within a day, whatever its number, and nothing else does", async () => {
  const tenants = [await full(9_000), await full(4)];
  let removed = 0;
  for (let hour = 0; hour < 24; hour += 1) removed += await removeExpired(parts, new Date(Date.UTC(2026, 0, 1, hour)));
  const wanted = { sessions: 1, tokens: 1, invitations: ["a1@example.com", "a3@example.com"] };
  expect(await left(tenants[0] ?? "")).toEqual({ ...wanted, projects: 4_501 });
  expect(await left(tenants[1] ?? "")).toEqual({ ...wanted, projects: 3 });
  expect(removed).toBe(4_500 + 2 + 2 * 3);
});
