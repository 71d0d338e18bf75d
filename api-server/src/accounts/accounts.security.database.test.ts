import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { exportJWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import {
  PASSWORD,
  signedIn,
  type TestParts,
  type TestTenant,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import { Callers } from "./callers.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let tenant: TestTenant;
let user: { id: string; email: string };

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
  tenant = await testTenant(parts);
  user = await testUser(parts, tenant);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const logIn = (body: object) => app.inject({ method: "POST", url: "/auth/login", body });
const refresh = (refresh_token: string) =>
  app.inject({ method: "POST", url: "/auth/refresh", body: { refresh_token } });
const whoIs = (authorization: string) => app.inject({ url: "/auth/sessions", headers: { authorization } });

describe("logging in", () => {
  test("answers with tokens, the user and the tenant, by header, host or body", async () => {
    const credentials = { email: user.email.toUpperCase(), password: PASSWORD };
    for (const [headers, more] of [
      [{ "x-tenant-id": tenant.id }, {}],
      [{ host: `${tenant.subdomain}.localhost` }, {}],
      [{}, { tenant: tenant.subdomain }],
    ] as const) {
      const answer = await app.inject({
        method: "POST",
        url: "/auth/login",
        headers,
        body: { ...credentials, ...more },
      });
      expect(answer.json()).toMatchObject({
        token_type: "Bearer",
        expires_in: 600,
        user: { id: user.id, email: user.email, role: "owner" },
        tenant: { id: tenant.id, subdomain: tenant.subdomain },
      });
    }
    expect((await logIn(credentials)).json()).toMatchObject({ error_code: "TENANT_REQUIRED" });
  });

  test("tells an unknown user, an unknown tenant and a wrong password alike, in body, status and time [enumeration]", async () => {
    const gone = await testUser(parts, tenant);
    await parts.database.read(tenant.id, (db) =>
      db.user.updateMany({ where: { id: gone.id }, data: { isActive: false } }),
    );
    const wrong = [
      { email: user.email, password: "wrong", tenant: tenant.subdomain },
      { email: "nobody@example.com", password: PASSWORD, tenant: tenant.subdomain },
      { email: user.email, password: PASSWORD, tenant: "nobody" },
      { email: gone.email, password: PASSWORD, tenant: tenant.subdomain },
    ];
    const bodies = new Set<string>();
    const milliseconds = wrong.map((): number[] => []);
    for (let round = 0; round < 15; round += 1) {
      for (const [at, body] of wrong.entries()) {
        const begun = performance.now();
        const answer = await logIn(body);
        milliseconds[at]?.push(performance.now() - begun);
        const { request_id: _, ...said } = answer.json();
        bodies.add(JSON.stringify([answer.statusCode, said]));
      }
    }
    expect([...bodies]).toEqual([expect.stringMatching(/^\[401,.*E-mail address or password is wrong/)]);
    const medians = milliseconds.map((each) => each.toSorted((a, b) => a - b)[7] ?? 0);
    // Without the same work for nobody it is fifteen; other tests take their turns meanwhile.
    expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(5);
  });

  test("takes an address as it is, never as a pattern [wildcards]", async () => {
    for (const email of ["%%%", "user-_@example.com", user.email.replace("@", "%"), "a\\\\", `${user.email}\\`]) {
      const answer = await logIn({ email, password: PASSWORD, tenant: tenant.subdomain });
      expect([answer.statusCode, answer.json().error_code]).toEqual([401, "LOGIN_FAILED"]);
    }
  });

  test("refuses text that no database can keep, and a second tenant", async () => {
    const body = { email: user.email, password: PASSWORD, tenant: tenant.subdomain };
    for (const change of [{ email: "a\0b" }, { tenant: "a\0b" }, { device: "\0" }, { password: "\ud800" }]) {
      expect((await logIn({ ...body, ...change })).json()).toMatchObject({ error_code: "VALIDATION_FAILED" });
    }
    const other = await testTenant(parts);
    for (const headers of [{ "x-tenant-id": other.id }, { host: `${other.subdomain}.localhost` }]) {
      const answer = await app.inject({ method: "POST", url: "/auth/login", headers, body });
      expect(answer.json()).toMatchObject({ error_code: "TENANT_AMBIGUOUS" });
    }
  });

  test("of one address is refused past the limit, and says for how long [guessing]", async () => {
    const limited = await buildApp({ ...parts, config: { ...parts.config, signInPerMinute: 3 } });
    const body = { email: user.email, password: "guess", tenant: tenant.subdomain };
    const statuses: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      const answer = await limited.inject({ method: "POST", url: "/auth/login", body });
      statuses.push(answer.statusCode);
      if (at < 3) continue;
      expect(answer.json()).toMatchObject({ error_code: "RATE_LIMITED", status: 429 });
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    await limited.close();
  });

  test("takes a password of any length as a whole [truncation]", async () => {
    const long = "x".repeat(200);
    const hash = await parts.passwords.hash(`${long}a`);
    expect([await parts.passwords.matches(hash, `${long}a`), await parts.passwords.matches(hash, `${long}b`)]).toEqual([
      true,
      false,
    ]);
  });
});

describe("a refresh token", () => {
  test("of fifty who bring it at once gives one its successor, and signs nobody out [race]", async () => {
    const { refreshToken } = await signedIn(app, tenant, user);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted();
    expect(statuses).toEqual([200, ...Array.from({ length: 49 }, () => 409)]);
    const next = answers.find(({ statusCode }) => statusCode === 200)?.json();
    expect((await whoIs(`Bearer ${next.access_token}`)).statusCode).toBe(200);
    expect((await refresh(next.refresh_token)).statusCode).toBe(200);
  });

  test("that comes at once from another network and device ends the session, for the thief and for the owner [theft]", async () => {
    const proxied = await buildApp({ ...parts, config: { ...parts.config, trustedProxies: ["127.0.0.1"] } });
    const from = (ip: string, refresh_token: string, device?: string) =>
      proxied.inject({
        method: "POST",
        url: "/auth/refresh",
        headers: { "x-forwarded-for": ip },
        body: { refresh_token, ...(device === undefined ? {} : { device }) },
      });
    const body = { email: user.email, password: PASSWORD, tenant: tenant.subdomain, device: "Jane's phone" };
    const { refresh_token: first } = (await logIn(body)).json();
    const second = (await from("2001:db8::1", first)).json().refresh_token;
    // Of the same network, and, from another one, of the same device.
    expect((await from("2001:db8::2", first)).statusCode).toBe(409);
    expect((await from("192.0.2.7", first, "Jane's phone")).statusCode).toBe(409);
    expect((await from("192.0.2.7", first, "another")).json()).toMatchObject({ error_code: "AUTHENTICATION_REQUIRED" });
    expect((await from("2001:db8::1", second)).statusCode).toBe(401);
    const { rows } = await inDatabase(running.admin, (client) =>
      client.query(
        "SELECT count(*)::int AS told FROM audit_events WHERE tenant_id = $1 AND action = 'auth.refresh_reused'",
        [tenant.id],
      ),
    );
    expect(rows).toEqual([{ told: 1 }]);
    await proxied.close();
  });

  test("tells where and when the session was last seen", async () => {
    const { headers, refreshToken } = await signedIn(app, tenant, user);
    await inDatabase(running.admin, (client) =>
      client.query(
        "UPDATE sessions SET last_seen_at = now() - interval '1 day', ip = '192.0.2.1' WHERE revoked_at IS NULL",
      ),
    );
    await refresh(refreshToken);
    const listed = (await app.inject({ url: "/auth/sessions", headers })).json();
    const seen = listed.find(({ current }: { current: boolean }) => current);
    expect(seen.ip).toBe("127.0.0.1");
    expect(Date.now() - Date.parse(seen.last_seen_at)).toBeLessThan(10_000);
  });

  test("that comes again later ends the session, for the thief and for the owner [theft]", async () => {
    const { refreshToken } = await signedIn(app, tenant, user);
    const next = (await refresh(refreshToken)).json();
    await inDatabase(running.admin, (client) =>
      client.query(
        "UPDATE refresh_tokens SET claimed_at = claimed_at - interval '11 seconds' WHERE claimed_at IS NOT NULL",
      ),
    );
    expect((await refresh(refreshToken)).json()).toMatchObject({ error_code: "AUTHENTICATION_REQUIRED" });
    expect((await refresh(next.refresh_token)).statusCode).toBe(401);
    await sleep(1000);
    expect((await whoIs(`Bearer ${next.access_token}`)).statusCode).toBe(401);
  });

  test("is no access token, and an access token no refresh token [confusion]", async () => {
    const { headers, refreshToken } = await signedIn(app, tenant, user);
    expect((await whoIs(`Bearer ${refreshToken}`)).statusCode).toBe(401);
    const answer = await refresh(headers.authorization.slice("Bearer ".length));
    expect([400, 401]).toContain(answer.statusCode);
  });

  test("stands nowhere in the database as it is", async () => {
    const { refreshToken } = await signedIn(app, tenant, user);
    const dump = await inDatabase(running.admin, (client) =>
      client.query("SELECT r::text AS line, encode(hash, 'escape') AS hash FROM refresh_tokens r"),
    );
    expect(dump.rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(dump.rows)).not.toContain(refreshToken.slice(4));
  });
});

describe("an access token", () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

  async function forged(change: { header?: object; claims?: object }, sign: (text: string) => string): Promise<string> {
    const { headers } = await signedIn(app, tenant, user);
    const [header = "", claims = ""] = headers.authorization.slice("Bearer ".length).split(".");
    const read = (part: string): object => JSON.parse(Buffer.from(part, "base64url").toString());
    const text = `${encode({ ...read(header), ...change.header })}.${encode({ ...read(claims), ...change.claims })}`;
    return `Bearer ${text}.${sign(text)}`;
  }

  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const byOwnKey = (text: string) =>
    signBytes("sha256", Buffer.from(text), { key: own.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");

  test("without a signature is refused [alg none]", async () => {
    for (const alg of ["none", "None", "nOnE"]) {
      expect((await whoIs(await forged({ header: { alg } }, () => ""))).statusCode).toBe(401);
    }
  });

  test("signed with the public key as a secret is refused [HS256 confusion]", async () => {
    const [jwk] = parts.keys().published.keys;
    for (const secret of [JSON.stringify(jwk), String(jwk?.x)]) {
      const sign = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
      expect((await whoIs(await forged({ header: { alg: "HS256" } }, sign))).statusCode).toBe(401);
    }
  });

  test("that brings its own key, says where one is or names an unknown one is refused [jwk, jku, x5u, kid]", async () => {
    const jwk = await exportJWK(own.publicKey);
    const keys: object[] = [{ jwk }, { jku: "https://evil.example/jwks" }, { x5u: "https://evil.example/cert" }];
    for (const header of [...keys, { kid: "other" }, { kid: "../../dev/null" }, {}]) {
      expect((await whoIs(await forged({ header }, byOwnKey))).statusCode).toBe(401);
    }
    // Even where the signature is right.
    for (const header of [{}, ...keys]) {
      const { headers } = await signedIn(app, tenant, user);
      const [head = "", claims = ""] = headers.authorization.slice("Bearer ".length).split(".");
      const text = `${encode({ ...JSON.parse(Buffer.from(head, "base64url").toString()), ...header })}.${claims}`;
      const bytes = new TextEncoder().encode(text);
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, parts.keys().signing.key, bytes);
      const answer = await whoIs(`Bearer ${text}.${Buffer.from(signature).toString("base64url")}`);
      expect(answer.statusCode).toBe(keys.includes(header) ? 401 : 200);
    }
  });

  test("whose claims were changed is refused", async () => {
    const other = await testTenant(parts);
    for (const claims of [{ tenant: other.id }, { sub: other.id }, { exp: 9_999_999_999 }]) {
      const { headers } = await signedIn(app, tenant, user);
      const signature = headers.authorization.split(".")[2] ?? "";
      expect((await whoIs(await forged({ claims }, () => signature))).statusCode).toBe(401);
    }
  });

  test("is refused within a second of the logout, by another replica too", async () => {
    const { headers } = await signedIn(app, tenant, user);
    const other = await buildApp({ ...parts, callers: new Callers(parts.database, parts.keys, parts.config.tokens) });
    const ask = async (at: App) => (await at.inject({ url: "/auth/sessions", headers })).statusCode;
    expect([await ask(app), await ask(other)]).toEqual([200, 200]);
    expect((await app.inject({ method: "POST", url: "/auth/logout", headers })).statusCode).toBe(204);
    expect(await ask(app)).toBe(401);
    await sleep(1000);
    expect(await ask(other)).toBe(401);
    await other.close();
  });

  test("of a tenant that the platform holds is refused within a second, and nobody logs in there", async () => {
    const held = await testTenant(parts);
    const owner = await testUser(parts, held);
    const { headers, refreshToken } = await signedIn(app, held, owner);
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE tenants SET hold = 'Security' WHERE id = $1", [held.id]),
    );
    await sleep(1000);
    const answer = await app.inject({ url: "/auth/sessions", headers });
    expect([answer.statusCode, answer.json().error_code]).toEqual([403, "TENANT_SUSPENDED"]);
    const body = { email: owner.email, password: PASSWORD, tenant: held.subdomain };
    expect((await logIn(body)).json()).toMatchObject({ error_code: "TENANT_SUSPENDED" });
    expect((await logIn({ ...body, password: "wrong" })).json()).toMatchObject({ error_code: "LOGIN_FAILED" });
    expect((await refresh(refreshToken)).json()).toMatchObject({ error_code: "TENANT_SUSPENDED" });
  });
});

describe("sessions", () => {
  test("are each user's own to see and to end", async () => {
    const [jane, joe] = [await testUser(parts, tenant), await testUser(parts, tenant)];
    const first = await signedIn(app, tenant, jane);
    const second = await signedIn(app, tenant, jane);
    const stranger = await signedIn(app, tenant, joe);
    const seen = (await app.inject({ url: "/auth/sessions", headers: first.headers })).json();
    expect(seen.map(({ current }: { current: boolean }) => current)).toEqual([false, true]);
    const url = `/auth/sessions/${seen[0].id}`;
    expect((await app.inject({ method: "DELETE", url, headers: stranger.headers })).json()).toMatchObject({
      error_code: "SESSION_NOT_FOUND",
    });
    expect((await app.inject({ method: "DELETE", url, headers: first.headers })).statusCode).toBe(204);
    expect((await app.inject({ url: "/auth/sessions", headers: second.headers })).statusCode).toBe(401);
    await signedIn(app, tenant, jane);
    const others = await app.inject({ method: "POST", url: "/auth/sessions/revoke-others", headers: first.headers });
    expect(others.json()).toEqual({ revoked: 1 });
  });
});
