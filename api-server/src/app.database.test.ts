import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@leanvibe/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "./app.ts";
import { configFrom } from "./config.ts";
import { openDatabase } from "./db/database.ts";
import { ERRORS } from "./errors/catalogue.ts";
import { problem } from "./errors/problem.ts";
import type { Parts } from "./parts.ts";
import { type TestParts, testParts } from "./testing/parts.ts";

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

describe("the application", () => {
  test("is not built with a route that does not say who may call it", async () => {
    const other = await buildApp(parts);
    expect(() => other.get("/forgotten", async () => "anybody")).toThrow(/GET.*\/forgotten declares no access/);
    await other.close();
  });

  test.each(["/health", "/api/v1/health"])("says that it lives: %s", async (url) => {
    const answer = await app.inject(url);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: "healthy", service: "leanvibe-api" }]);
  });

  test("says whether its database answers", async () => {
    expect((await app.inject("/health/ready")).json()).toEqual({
      status: "ready",
      checks: {
        database: { ok: true },
        cluster: { ok: true, detail: "none: the API works alone" },
        mail: { ok: true, detail: "off: it waits until SMTP_URL is set" },
      },
    });
    const database = await openDatabase(parts.config.database);
    const cut = await buildApp({ ...parts, database });
    await database.close();
    const answer = await cut.inject("/health/ready");
    expect([answer.statusCode, answer.json().status]).toEqual([503, "not ready"]);
    await cut.close();
  });

  test("asks its database once a second whether it answers, whoever asks [amplification]", async () => {
    let pings = 0;
    const ping = async () => {
      pings += 1;
    };
    const counting = await buildApp({ ...parts, database: { ...parts.database, ping } });
    await Promise.all(Array.from({ length: 20 }, () => counting.inject("/health/ready")));
    expect(pings).toBe(1);
    await sleep(1_100);
    await counting.inject("/health/ready");
    expect(pings).toBe(2);
    await counting.close();
  });

  test("tells nobody where its cluster is [reconnaissance]", async () => {
    const unreached = async () => {
      throw new Error("not reached");
    };
    const server = "https://10.1.2.3:6443";
    const transport = connect({ server, tls: {}, headers: async () => ({}) });
    const cluster = { transport, server: () => server, there: unreached, close: async () => undefined };
    const mirror = {
      start: () => undefined,
      state: () => ({ leading: true, fresh: false }),
      stop: async () => undefined,
    };
    const beside = await buildApp({ ...parts, cluster, mirror });
    const { body } = await beside.inject("/health/ready");
    expect(body).toContain("the cluster is not heard");
    expect(body).not.toContain("10.1.2.3");
    await beside.close();
    await transport.close();
  });

  test("answers every refusal as problem+json with a page of its code", async () => {
    const answer = await app.inject("/api/v1/nothing?secret=1");
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(problem.parse(answer.json())).toMatchObject({
      status: 404,
      error_code: "ROUTE_NOT_FOUND",
      detail: "There is no GET /api/v1/nothing.",
      request_id: answer.headers["x-request-id"],
      docs: "http://localhost:8000/docs/errors/ROUTE_NOT_FOUND",
    });
  });

  test("says at each answer what a browser must not do with it, whichever answer it is", async () => {
    const policies: Record<string, RegExp> = {
      "/health": /^default-src 'none';frame-ancestors 'none'$/,
      "/api/v1/nothing": /^default-src 'none';frame-ancestors 'none'$/,
      "/api/v1/projects": /^default-src 'none';frame-ancestors 'none'$/,
      // The page asks for its scripts by what it was asked for by itself.
      "/docs": /^default-src 'self';.*;frame-ancestors 'none'((?!upgrade-insecure-requests).)*$/,
      "/docs/errors": /^default-src 'self';.*;frame-ancestors 'none';.*;?upgrade-insecure-requests$/,
    };
    for (const [url, policy] of Object.entries(policies)) {
      const { headers } = await app.inject({ url, headers: { "x-tenant-id": "nobody" } });
      expect(headers, url).toMatchObject({
        "content-security-policy": expect.stringMatching(policy),
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      // What is for documents alone.
      expect(headers["cross-origin-opener-policy"], url).toBe(url.startsWith("/docs") ? "same-origin" : undefined);
    }
  });

  test.each(Object.entries(ERRORS))("has a page for %s with cause, fix and example", async (code, entry) => {
    const { statusCode, body } = await app.inject(`/docs/errors/${code}`);
    expect(statusCode).toBe(200);
    for (const heading of ["Cause", "Fix", "Example"]) expect(body).toContain(`<h2>${heading}</h2>`);
    expect(body).toContain(`HTTP ${entry.status}`);
    expect((await app.inject("/docs/errors")).body).toContain(code);
  });

  test.each(["/%ZZ", `/api/v1/projects/${"x".repeat(300)}`])(
    "answers so what the framework refuses by itself: %s",
    async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).toBe(400);
      expect(problem.parse(answer.json())).toMatchObject({ error_code: "VALIDATION_FAILED" });
      expect(answer.headers["x-request-id"]).toBe(answer.json().request_id);
    },
  );

  test.each([
    ["PUT", "/api/v1/projects", "GET, HEAD, POST"],
    ["POST", "/api/v1/projects/0190a5f0-0000-7000-8000-000000000000?x=1", "DELETE, GET, HEAD, PATCH"],
    ["DELETE", "/health", "GET, HEAD"],
    ["DELETE", "/auth/sessions/revoke-others", "POST"],
  ] as const)("tells of %s %s which methods there are", async (method, url, allow) => {
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow]);
    expect(problem.parse(answer.json()).error_code).toBe("METHOD_NOT_ALLOWED");
  });

  test("takes no request id from outside, where two callers could choose the same", async () => {
    const headers = { "x-request-id": "chosen", "request-id": "chosen" };
    expect((await app.inject({ url: "/health", headers })).headers["x-request-id"]).not.toBe("chosen");
  });

  test("describes every route but pages, with who may call it and what it refuses", async () => {
    const { openapi, paths } = (await app.inject("/openapi.json")).json();
    expect(openapi).toBe("3.1.0");
    expect(paths["/api/v1/projects"].get.security).toEqual([{ bearer: [] }]);
    expect(paths["/auth/login"].post.security).toBeUndefined();
    expect(
      paths["/api/v1/projects/{id}"].patch.requestBody.content["application/json"].schema.properties,
    ).toHaveProperty("name");
    expect(paths["/api/v1/projects/{id}"].get.responses).toHaveProperty("default");
    expect(Object.keys(paths).some((path) => path.startsWith("/docs"))).toBe(false);
  });

  test("counts requests by the route's pattern, never by the path that a caller chose", async () => {
    await app.inject("/docs/errors/chosen-by-a-caller");
    const text = await parts.metrics.text();
    expect(text).toContain('route="/docs/errors/:code"');
    expect(text).not.toContain("chosen-by-a-caller");
  });
});

describe("the settings", () => {
  const least = {
    DATABASE_URL: "postgresql://lv_app@localhost/x",
    DATABASE_WORKER_URL: "postgresql://lv_worker@localhost/x",
    DATABASE_LOOKUP_URL: "postgresql://lv_lookup@localhost/x",
    SECRET_KEY: Buffer.alloc(32).toString("base64"),
  };

  test.each(["0.0.0.0", "::", "10.1.2.3", "api.example.com"])(
    "say what stands before a server that others reach, on %s: all callers would be one else [rate limits]",
    (HOST) => {
      expect(() => configFrom({ ...least, HOST })).toThrow(/TRUSTED_PROXIES is needed where HOST is/);
      expect(() => configFrom({ ...least, HOST, TRUSTED_PROXIES: " , " })).toThrow(/TRUSTED_PROXIES is needed/);
      expect(configFrom({ ...least, HOST, TRUSTED_PROXIES: "none" }).trustedProxies).toEqual([]);
      expect(configFrom({ ...least, HOST, TRUSTED_PROXIES: "10.0.0.0/8, ::1" }).trustedProxies).toEqual([
        "10.0.0.0/8",
        "::1",
      ]);
    },
  );

  test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])(
    "need not on %s, which this machine alone reaches",
    (HOST) => {
      expect(configFrom({ ...least, HOST }).trustedProxies).toEqual([]);
    },
  );

  test("name what is missing or wrong, and an example", () => {
    expect(() => configFrom({ PORT: "http", DATABASE_URL: "mysql://x" })).toThrow(
      /PORT must be a port.*PORT=8000[\s\S]*DATABASE_URL must be a PostgreSQL URL[\s\S]*DATABASE_LOOKUP_URL is needed/,
    );
  });
});
