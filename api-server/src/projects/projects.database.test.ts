import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
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

let running: TestParts;
let parts: Parts;
let app: App;
let acme: TestTenant;
let tech: TestTenant;
let acmeUser: Headers;
let techUser: Headers;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  acme = await testTenant(parts);
  tech = await testTenant(parts);
  acmeUser = (await signedIn(app, acme, await testUser(parts, acme))).headers;
  techUser = (await signedIn(app, tech, await testUser(parts, tech))).headers;
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);

const list = (headers: Headers) => ask("GET", "/api/v1/projects", headers);

describe("the seed's exercises", () => {
  test("two tenants each see their own project alone, whichever way they are named", async () => {
    const secret = { name: "Acme Project", description: "Secret Acme project" };
    const made = await ask("POST", "/api/v1/projects", { ...acmeUser, "x-tenant-id": acme.id }, secret);
    expect(made).toMatchObject({ status: 201, body: { ...secret, tenant_id: acme.id, status: "active" } });
    await ask("POST", "/api/v1/projects", { ...techUser, "x-tenant-id": tech.id }, { name: "Tech Project" });
    const ways: Headers[] = [
      { "x-tenant-id": acme.id },
      { "x-tenant-id": acme.subdomain },
      { host: `${acme.subdomain}.leanvibe.com` },
      { host: `${acme.subdomain}.localhost:8000` },
      {},
    ];
    for (const way of ways) {
      const { status, body } = await list({ ...acmeUser, ...way });
      expect([status, body.map(({ name }: { name: string }) => name)]).toEqual([200, ["Acme Project"]]);
    }
    const across = await ask("GET", `/api/v1/projects/${made.body.id}`, techUser);
    expect(across).toMatchObject({ status: 404, body: { detail: "Project not found in your organization" } });
  });

  test("a name that is taken is a conflict, in one's own organization alone; a deleted one's is free", async () => {
    const { body } = await ask("POST", "/api/v1/projects", acmeUser, { name: "Twice" });
    const again = await ask("POST", "/api/v1/projects", acmeUser, { name: "Twice" });
    expect(again).toMatchObject({
      status: 409,
      body: { detail: "Project 'Twice' already exists in your organization", error_code: "PROJECT_EXISTS" },
    });
    expect(await ask("POST", "/api/v1/projects", techUser, { name: "Twice" })).toMatchObject({ status: 201 });
    expect(await ask("DELETE", `/api/v1/projects/${body.id}`, acmeUser)).toMatchObject({ status: 204 });
    expect(await ask("GET", `/api/v1/projects/${body.id}`, acmeUser)).toMatchObject({ status: 404 });
    expect(await ask("POST", "/api/v1/projects", acmeUser, { name: "Twice" })).toMatchObject({ status: 201 });
  });

  test("a tenant that is named opens nothing: without a credential 401, with another tenant's 403", async () => {
    for (const named of [{ "x-tenant-id": acme.id }, { host: `${acme.subdomain}.localhost` }]) {
      expect(await list(named)).toMatchObject({ status: 401, body: { error_code: "AUTHENTICATION_REQUIRED" } });
      expect(await list({ ...techUser, ...named })).toMatchObject({
        status: 403,
        body: { error_code: "TENANT_MISMATCH" },
      });
    }
  });

  test("no tenant is 400, one that is not known 404, two that differ 400", async () => {
    expect(await list({})).toMatchObject({
      status: 400,
      body: {
        detail: "Tenant context required. Include X-Tenant-ID header or use tenant subdomain.",
        error_code: "TENANT_REQUIRED",
      },
    });
    for (const named of ["nobody", randomUUID(), "no id, \u0007 at all", "x".repeat(5000)]) {
      const answer = await list({ ...acmeUser, "x-tenant-id": named });
      expect(answer).toMatchObject({ status: 404, body: { detail: "Tenant not found or inactive" } });
    }
    const both = { "x-tenant-id": acme.id, host: `${tech.subdomain}.localhost` };
    expect(await list({ ...acmeUser, ...both })).toMatchObject({
      status: 400,
      body: { error_code: "TENANT_AMBIGUOUS" },
    });
    expect(await list({ ...acmeUser, ...both, host: `${acme.subdomain}.localhost` })).toMatchObject({ status: 200 });
  });
});

describe("the host", () => {
  test("of the API itself names no tenant, even where it looks like one", async () => {
    const config = { ...parts.config, publicUrl: "https://api.leanvibe.com" };
    const own = await buildApp({ ...parts, config });
    const headers = { ...acmeUser, host: "api.leanvibe.com" };
    expect((await own.inject({ url: "/api/v1/projects", headers })).statusCode).toBe(200);
    await own.close();
  });
});

describe("projects", () => {
  test("200 created at once at one below the limit: exactly one is made, and the others are told why", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
    for (let at = 0; at < 4; at += 1) await ask("POST", "/api/v1/projects", headers, { name: `before ${at}` });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ask("POST", "/api/v1/projects", headers, { name: `race ${at}` })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const answer of refused) {
      const detail = "Project limit reached (5). Upgrade to create more projects.";
      expect(answer).toMatchObject({ status: 403, body: { detail, error_code: "QUOTA_EXCEEDED" } });
    }
    expect((await list(headers)).body).toHaveLength(5);
  });

  test("an archived one leaves room, and comes back only where there is room", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
    const made = await ask("POST", "/api/v1/projects", headers, { name: "first" });
    const url = `/api/v1/projects/${made.body.id}`;
    expect((await ask("PATCH", url, headers, { status: "archived" })).body).toMatchObject({ status: "archived" });
    for (let at = 0; at < 5; at += 1) await ask("POST", "/api/v1/projects", headers, { name: `more ${at}` });
    expect(await ask("PATCH", url, headers, { status: "active" })).toMatchObject({ status: 403 });
    expect((await ask("PATCH", url, headers, { description: "kept" })).body).toMatchObject({ description: "kept" });
  });

  test("come in pages that join without a gap and without a repetition", async () => {
    const tenant = await testTenant(parts, "enterprise");
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
    const names = Array.from({ length: 25 }, (_, at) => `project ${at}`);
    for (const name of names) await ask("POST", "/api/v1/projects", headers, { name });
    const seen: string[] = [];
    for (let url: string | undefined = "/api/v1/projects?limit=10"; url !== undefined; ) {
      const page = await ask("GET", url, headers);
      seen.push(...page.body.map(({ name }: { name: string }) => name));
      url = /<([^>]+)>; rel="next"/.exec(String(page.headers["link"] ?? ""))?.[1];
      if (url !== undefined) expect(url).toContain(page.headers["x-next-cursor"]);
    }
    expect(seen).toEqual(names);
  });

  test("a request that is wrong is told each fault with its place", async () => {
    for (const [body, path] of [
      [{}, "body.name"],
      [{ name: "  " }, "body.name"],
      [{ name: "x".repeat(201) }, "body.name"],
      [{ name: "a\nb" }, "body.name"],
      [{ name: "x", description: 7 }, "body.description"],
      [{ name: "x", description: "a\0b" }, "body.description"],
    ] as const) {
      const answer = await ask("POST", "/api/v1/projects", acmeUser, body);
      expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_FAILED", errors: [{ path }] } });
    }
    expect((await ask("GET", "/api/v1/projects?limit=1000000", acmeUser)).body.errors).toMatchObject([
      { path: "querystring.limit", message: "must be from 1 to 100" },
    ]);
    const text = { "content-type": "application/json", ...acmeUser };
    for (const payload of [
      "{",
      "",
      '{"name":"\u0000"}',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
      `{"name":"${"x".repeat(2_000_000)}"}`,
    ]) {
      const answer = await app.inject({ method: "POST", url: "/api/v1/projects", headers: text, payload });
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.statusCode).toBeLessThan(500);
      expect(answer.json()).toMatchObject({ fix: expect.any(String) });
    }
  });

  test.each([
    ["viewer", 200, 403],
    ["member", 200, 201],
    ["admin", 200, 201],
    ["owner", 200, 201],
  ] as const)("a %s reads and writes what the role includes", async (role, reads, writes) => {
    const tenant = await testTenant(parts);
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, role));
    expect((await list(headers)).status).toBe(reads);
    expect((await ask("POST", "/api/v1/projects", headers, { name: role })).status).toBe(writes);
  });
});
