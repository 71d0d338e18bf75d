import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import { signedIn, type TestParts, type TestTenant, testTenant, testUser } from "../testing/parts.ts";
import { Requests } from "./collect.ts";
import { removeOldDays, rollMinutes } from "./roll.ts";

const URL = "/api/v1/tenants/current/analytics";
const MINUTE = 60_000;

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

const sql = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, async (client) => (await client.query(text, values)).rows);
const flush = (requests = parts.requests) =>
  requests.flush(parts.database.worker, { last: false, now: Date.now() + MINUTE });

async function owner() {
  const tenant = await testTenant(parts, "professional");
  return { tenant, headers: (await signedIn(app, tenant, await testUser(parts, tenant))).headers };
}

/** A minute as a server would have written it. */
async function minute({ id }: TestTenant, at: string, users: string[], calls = 10): Promise<void> {
  const buckets = [calls, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  await sql("INSERT INTO request_minutes VALUES ($1, $2, $3, $4, 1, 0, $5, $6, $7)", [
    id,
    at,
    randomUUID(),
    calls,
    buckets,
    { "GET /x": [calls, 1, 0] },
    users,
  ]);
}

describe("what is counted", () => {
  test("is one's own: calls, errors, latency, people and routes, in one row a minute", async () => {
    const [{ tenant, headers }, other] = [await owner(), await owner()];
    for (let at = 0; at < 4; at++) await ask("GET", "/api/v1/projects", headers);
    await ask("GET", `/api/v1/projects/${randomUUID()}`, headers);
    await ask("GET", "/api/v1/projects", other.headers);
    // A refusal of somebody who is not known is nobody's.
    await ask("GET", "/api/v1/projects", { "x-tenant-id": tenant.subdomain });
    await flush();
    expect(await sql("SELECT calls FROM request_minutes WHERE tenant_id = $1", [tenant.id])).toEqual([{ calls: 5 }]);
    const to = new Date(Date.now() + MINUTE).toISOString();
    const { status, body } = await ask("GET", `${URL}?resolution=minute&to=${to}`, headers);
    expect([status, body]).toMatchObject([
      200,
      {
        points: [{ calls: 5, client_errors: 1, server_errors: 0, users: 1, p95_milliseconds: expect.any(Number) }],
        routes: [
          { route: "GET /api/v1/projects", calls: 4, client_errors: 0 },
          { route: "GET /api/v1/projects/:id", calls: 1, client_errors: 1 },
        ],
      },
    ]);
    expect((await ask("GET", `${URL}?resolution=minute&to=${to}`, other.headers)).body.points).toMatchObject([
      { calls: 1 },
    ]);
  });

  test("is written once, in one statement, also where the answer to it was lost; who is idle costs nothing", async () => {
    const tenants = [await testTenant(parts), await testTenant(parts)];
    const requests = new Requests();
    for (const { id: tenantId } of tenants) {
      requests.count({ tenantId, userId: randomUUID(), route: "GET /x", status: 500, milliseconds: 3 });
    }
    const asked: string[] = [];
    const pool = {
      query: async (text: string, values: unknown[]) => {
        asked.push(text);
        await parts.database.worker.query(text, values);
        if (asked.length === 1) throw new Error("the answer was lost");
      },
    };
    const spied = Object.assign(Object.create(parts.database.worker), pool);
    await expect(requests.flush(spied, { last: true })).rejects.toThrow("lost");
    expect(await requests.flush(spied, { last: true })).toBe(2);
    expect(await requests.flush(spied, { last: true })).toBe(0);
    expect(asked).toHaveLength(2);
    const ids = tenants.map(({ id }) => id);
    expect(await sql("SELECT calls, server_errors FROM request_minutes WHERE tenant_id = ANY ($1)", [ids])).toEqual([
      { calls: 1, server_errors: 1 },
      { calls: 1, server_errors: 1 },
    ]);
  });

  test("of a tenant that is gone meanwhile keeps no other from being written", async () => {
    const { id: tenantId } = await testTenant(parts);
    const requests = new Requests();
    for (const each of [tenantId, randomUUID()]) {
      requests.count({ tenantId: each, userId: randomUUID(), route: "GET /x", status: 200, milliseconds: 3 });
    }
    await flush(requests);
    expect(await sql("SELECT calls FROM request_minutes WHERE tenant_id = $1", [tenantId])).toEqual([{ calls: 1 }]);
  });
});

describe("days", () => {
  test("are made of the minutes of all servers, each person once, and written only where something changed", async () => {
    const { tenant, headers } = await owner();
    const [jane, joe] = [randomUUID(), randomUUID()];
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    await minute(tenant, `${day}T10:00:00Z`, [jane]);
    await minute(tenant, `${day}T10:00:00Z`, [jane, joe]);
    await minute(tenant, `${day}T11:30:00Z`, [joe]);
    expect(await rollMinutes(parts.database)).toBeGreaterThan(0);
    expect(await rollMinutes(parts.database)).toBe(0);
    await sql("INSERT INTO request_days VALUES ($1, current_date - 20, 7, 0, 0, '{7,0,0,0,0,0,0,0,0,0,0,0}', 3)", [
      tenant.id,
    ]);
    const { body } = await ask("GET", `${URL}?resolution=day`, headers);
    expect(body.points).toMatchObject([
      { calls: 7, users: 3, p95_milliseconds: 4.8 },
      { at: `${day}T00:00:00.000Z`, calls: 30, client_errors: 3, users: 2 },
    ]);
    expect((await ask("GET", `${URL}?from=${day}T00:00:00Z&to=${day}T23:59:00Z`, headers)).body.points).toMatchObject([
      { at: `${day}T10:00:00.000Z`, calls: 20, users: 2 },
      { at: `${day}T11:00:00.000Z`, calls: 10, users: 1 },
    ]);
    const metrics = await app.inject({ url: `${URL}/metrics`, headers });
    expect(metrics.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.body).toMatch(/^leanvibe_api_requests_total\{class="ok"\} 34$/m);
    expect(metrics.body).toMatch(/^leanvibe_api_request_duration_seconds_bucket\{le="\+Inf"\} 37$/m);
    expect(metrics.body).toMatch(/^leanvibe_usage_limit\{resource="projects"\} 50$/m);
  });

  test("go when the organization's settings say so, minutes after eight days, and nobody else's", async () => {
    const [short, usual] = [await testTenant(parts), await testTenant(parts)];
    await sql("INSERT INTO tenant_settings (tenant_id, retention_days) VALUES ($1, 40)", [short.id]);
    for (const { id } of [short, usual]) {
      for (const ago of [35, 60]) {
        await sql(
          "INSERT INTO request_days VALUES ($1, current_date - $2::int, 1, 0, 0, '{1,0,0,0,0,0,0,0,0,0,0,0}', 1)",
          [id, ago],
        );
      }
    }
    await minute(usual, "2020-01-01T00:00:00Z", []);
    await rollMinutes(parts.database);
    await removeOldDays(parts.database);
    const left = async ({ id }: TestTenant) =>
      (await sql("SELECT FROM request_days WHERE tenant_id = $1", [id])).length;
    expect([await left(short), await left(usual)]).toEqual([1, 2]);
    expect(await sql("SELECT FROM request_minutes WHERE tenant_id = $1", [usual.id])).toEqual([]);
  });
});

test.each([
  ["from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z", "must be before to"],
  ["resolution=minute&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "at most 6 hours"],
  ["from=yesterday", "must be a time such as"],
])("a span that is none is told so: %s", async (query, message) => {
  const { headers } = await owner();
  const answer = await ask("GET", `${URL}?${query}`, headers);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "querystring.from" }] } });
  expect(answer.body.detail).toContain(message);
});

test.each([
  "to=0001-01-01T00:00:01Z",
  "from=0001-01-01T00:00:00Z&to=1970-01-01T01:00:00Z",
  "from=9999-12-30T00:00:00Z&to=9999-12-31T23:59:59-12:00",
])("a time that PostgreSQL cannot say is no fault of the server's: %s", async (query) => {
  const { headers } = await owner();
  const { status } = await ask("GET", `${URL}?${query.replaceAll("+", "%2B")}`, headers);
  expect([200, 400]).toContain(status);
});
