import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { stateOf, TENANT_STATES, tenantFacts } from "../tenants/state.ts";
import { inDatabase } from "../testing/database.ts";
import {
  asking,
  type Headers,
  PASSWORD,
  signedIn,
  type TestParts,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import { platformHeaders } from "../testing/platform.ts";
import { makeBootstrapToken } from "./sessions.ts";

const run = promisify(execFile);
const TENANTS = "/api/v1/platform/tenants";
const SESSION = "/api/v1/platform/session";

let running: TestParts;
let parts: Parts;
let app: App;
let operator: Headers;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  await app.ready();
  operator = await platformHeaders(app, parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const change = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));
const entries = async (id: string) =>
  (await parts.database.read(id, (db) => db.outbox.findMany({ orderBy: { id: "asc" } }))).map(({ topic, payload }) => ({
    topic,
    payload,
  }));

describe("without a cluster a bootstrap token", () => {
  test("is made by a command, and opens one session", async () => {
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, "..", "bootstrap-token.ts")], {
      env: { DATABASE_WORKER_URL: parts.config.database.workerUrl },
    });
    const body = { bootstrap_token: stdout.trim() };
    const opened = await ask("POST", SESSION, {}, body);
    expect(opened).toMatchObject({ status: 200, body: { token_type: "Bearer" } });
    expect(Math.abs(opened.body.expires_in - 3_600)).toBeLessThan(5);
    const headers = { authorization: `Bearer ${opened.body.access_token}` };
    expect((await ask("GET", TENANTS, headers)).status).toBe(200);
    expect(await ask("POST", SESSION, {}, body)).toMatchObject({
      status: 401,
      body: { error_code: "BOOTSTRAP_NOT_VALID" },
    });
    // Itself it opens nothing else.
    expect((await ask("GET", TENANTS, { authorization: `Bearer ${stdout.trim()}` })).status).toBe(401);
  });

  test("that twenty bring at once opens one session [race]", async () => {
    const body = { bootstrap_token: await makeBootstrapToken(parts.database.worker) };
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("POST", SESSION, {}, body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
  });

  test("and its session end by the clock, and neither is in the database to be read", async () => {
    const late = { bootstrap_token: await makeBootstrapToken(parts.database.worker) };
    const headers = await platformHeaders(app, parts);
    const text = JSON.stringify((await change("SELECT encode(hash, 'escape') AS hash FROM platform_tokens")).rows);
    for (const secret of [late.bootstrap_token, headers["authorization"]?.slice("Bearer ".length)]) {
      expect(text).not.toContain(secret);
    }
    await change("UPDATE platform_tokens SET expires_at = now() - interval '1 s' WHERE used_at IS NULL");
    expect((await ask("POST", SESSION, {}, late)).status).toBe(401);
    expect((await ask("GET", TENANTS, headers)).status).toBe(401);
    operator = await platformHeaders(app, parts);
  });
});

describe("the two kinds of credentials", () => {
  const routesOf = (access: string) =>
    app.declared.flatMap((route) =>
      route.access === access ? [[route.method, route.url.replaceAll(/:(id|token)/g, randomUUID())] as const] : [],
    );

  test("a tenant's, its owner's included, opens no route of the platform [escalation]", async () => {
    const tenant = await testTenant(parts);
    const { headers, refreshToken } = await signedIn(app, tenant, await testUser(parts, tenant, "owner"));
    const routes = routesOf("platform");
    expect(routes.length).toBeGreaterThan(4);
    for (const [method, url] of routes) {
      for (const given of [headers, { authorization: `Bearer ${refreshToken}` }, {}, { authorization: "Basic eDp5" }]) {
        const answer = await app.inject({ method: method as "GET", url, headers: given });
        expect([method, url, answer.statusCode]).toEqual([method, url, 401]);
      }
    }
  });

  test("the platform's opens no route of a tenant, whichever it names [escalation]", async () => {
    const tenant = await testTenant(parts);
    const routes = routesOf("tenant");
    expect(routes.length).toBeGreaterThan(15);
    for (const [method, url] of routes) {
      const headers = { ...operator, "x-tenant-id": tenant.id };
      const answer = await app.inject({ method: method as "GET", url, headers });
      expect([method, url, answer.statusCode]).toEqual([method, url, 401]);
    }
  });
});

describe("the list of tenants", () => {
  test("comes in pages, by the beginning of the subdomain too, and has each once", async () => {
    const prefix = `page-${randomUUID().slice(0, 8)}`;
    const made = Array.from({ length: 5 }, (_, at) => `${prefix}-${at}`);
    for (const subdomain of made) {
      await change("INSERT INTO tenants (id, organization_name, subdomain) VALUES (gen_random_uuid(), 'Page', $1)", [
        subdomain,
      ]);
    }
    const seen: string[] = [];
    let url: string | undefined = `${TENANTS}?limit=2&subdomain=${prefix}`;
    while (url !== undefined) {
      const { body, headers } = await ask("GET", url, operator);
      seen.push(...body.map(({ subdomain }: { subdomain: string }) => subdomain));
      url = /<(.*)>; rel="next"/.exec(String(headers["link"]))?.[1];
    }
    expect(seen.toSorted()).toEqual(made);
    for (const wrong of ["limit=0", "limit=101", "state=gone", "cursor=1", "subdomain=%00"]) {
      expect((await ask("GET", `${TENANTS}?${wrong}`, operator)).status).toBe(400);
    }
    expect((await ask("GET", `${TENANTS}?subdomain=%25`, operator)).body).toEqual([]);
  });

  test("by state has those, and those alone, of whom the API says so", async () => {
    const facts = ["active", "pending_deletion", "deleted"].flatMap((lifecycle) =>
      ["active", "restricted", "suspended"].flatMap((standing) =>
        [null, "Security"].map((hold) => tenantFacts.parse({ lifecycle, standing, hold })),
      ),
    );
    const tenants = await Promise.all(facts.map(async (fact) => ({ fact, ...(await testTenant(parts)) })));
    for (const { id, fact } of tenants) {
      const values = [id, fact.lifecycle, fact.standing, fact.hold];
      await change("UPDATE tenants SET lifecycle = $2, standing = $3, hold = $4 WHERE id = $1", values);
    }
    for (const state of TENANT_STATES) {
      const { body } = await ask("GET", `${TENANTS}?limit=100&state=${state}`, operator);
      const ids = new Set(body.map(({ id }: { id: string }) => id));
      for (const { id, fact } of tenants)
        expect([state, fact, ids.has(id)]).toEqual([state, fact, stateOf(fact) === state]);
    }
  });
});

describe("a suspension for security", () => {
  test("refuses every token within a second, tells the cluster and the owners once, and is undone", async () => {
    const tenant = await testTenant(parts);
    const owner = await testUser(parts, tenant, "owner");
    const members = [owner, await testUser(parts, tenant, "viewer")];
    const sessions = await Promise.all(members.map((user) => signedIn(app, tenant, user)));
    const reads = () =>
      Promise.all(sessions.map(async ({ headers }) => (await ask("GET", "/api/v1/projects", headers)).status));
    expect(await reads()).toEqual([200, 200]);

    const suspend = () =>
      ask("POST", `${TENANTS}/${tenant.id}/suspend`, operator, { reason: "Security", note: "keys on a forum" });
    const hold = { reason: "Security", note: "keys on a forum", by: "bootstrap" };
    expect(await suspend()).toMatchObject({ status: 200, body: { id: tenant.id, state: "held", hold } });
    await sleep(1_000);
    expect(await reads()).toEqual([403, 403]);
    const [refreshed, again] = await Promise.all([
      ask("POST", "/auth/refresh", {}, { refresh_token: sessions[0]?.refreshToken }),
      ask("POST", "/auth/login", {}, { email: owner.email, password: PASSWORD, tenant: tenant.subdomain }),
    ]);
    expect([refreshed.status, again.status]).toEqual([403, 403]);

    await suspend();
    const mail = { mail: "held", to: owner.email };
    expect(await entries(tenant.id)).toMatchObject([
      { topic: "tenant.apply" },
      { topic: "mail.send", payload: { ...mail, values: { reason: "Security" } } },
    ]);
    expect(JSON.stringify(await entries(tenant.id))).not.toContain("forum");

    const reactivate = () => ask("POST", `${TENANTS}/${tenant.id}/reactivate`, operator);
    expect(await reactivate()).toMatchObject({ status: 200, body: { state: "active", hold: null } });
    await reactivate();
    await sleep(1_000);
    expect(await reads()).toEqual([200, 200]);
    expect((await entries(tenant.id)).map(({ topic }) => topic)).toEqual(["tenant.apply", "mail.send", "tenant.apply"]);
  });

  test("is no matter of billing: what is unpaid stays so", async () => {
    const tenant = await testTenant(parts);
    await change("UPDATE tenants SET standing = 'suspended' WHERE id = $1", [tenant.id]);
    await ask("POST", `${TENANTS}/${tenant.id}/suspend`, operator, { reason: "Security" });
    expect(await ask("POST", `${TENANTS}/${tenant.id}/reactivate`, operator)).toMatchObject({
      body: { state: "unpaid" },
    });
  });

  test("is of a tenant that is there, for a reason that is known", async () => {
    const { id } = await testTenant(parts);
    for (const body of [
      {},
      { reason: "Billing" },
      { reason: "Security", note: "" },
      { reason: "Security", hold: "x" },
    ]) {
      expect((await ask("POST", `${TENANTS}/${id}/suspend`, operator, body)).status).toBe(400);
    }
    for (const action of ["suspend", "reactivate"]) {
      const body = { reason: "Security" };
      expect((await ask("POST", `${TENANTS}/${randomUUID()}/${action}`, operator, body)).status).toBe(404);
      expect((await ask("POST", `${TENANTS}/acme/${action}`, operator, body)).status).toBe(400);
    }
    expect((await ask("GET", `${TENANTS}/${randomUUID()}`, operator)).status).toBe(404);
    expect(await ask("GET", `${TENANTS}/${id}`, operator)).toMatchObject({ status: 200, body: { id, hold: null } });
  });
});
