import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { asking, PASSWORD, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let logged = "";

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  const write = (line: string) => {
    logged += line;
  };
  app = await buildApp({ ...parts, log: pino({ level: "debug" }, { write }) });
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);

async function invited(email = "joe@acme.example") {
  const tenant = await testTenant(parts, "professional");
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
  const { body } = await ask("POST", "/api/v1/invitations", headers, { email });
  return { tenant, headers, token: String(body.token) };
}

const open = (token: string) => app.inject({ url: `/welcome?token=${encodeURIComponent(token)}` });
const submit = (fields: Record<string, string>) =>
  app.inject({
    method: "POST",
    url: "/welcome",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: new URLSearchParams(fields).toString(),
  });

describe("the page of a link", () => {
  test("lets nothing of it out: by no header, no script, no log, no cache", async () => {
    const { token } = await invited();
    const { statusCode, headers, body } = await open(token);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      "content-security-policy": expect.stringMatching(/^default-src 'self'; script-src 'none';/),
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    expect(body).not.toMatch(/<script|<style| on\w+=| style=|https?:\/\//);
    await submit({ token, password: "short" });
    expect(logged).toContain('"path":"/welcome"');
    expect(logged).not.toContain(token.slice(0, 12));
  });

  test("is used up by setting a password, once, and leaves nobody signed in", async () => {
    const { tenant, token } = await invited();
    // Whoever only looks, uses nothing up.
    for (let at = 0; at < 3; at++) expect((await open(token)).statusCode).toBe(200);
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit({ token, password: PASSWORD, name: "" })));
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 400),
    ]);
    expect((await open(token)).statusCode).toBe(400);
    const sessions = await inDatabase(running.admin, (client) =>
      client.query(
        "SELECT s.revoked_at IS NOT NULL AS ended FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.tenant_id = $1 AND u.email = 'joe@acme.example'",
        [tenant.id],
      ),
    );
    expect(sessions.rows).toEqual([{ ended: true }]);
    const login = { email: "joe@acme.example", password: PASSWORD, tenant: tenant.subdomain };
    expect((await ask("POST", "/auth/login", {}, login)).status).toBe(200);
  });

  test("keeps the invitation's address, whatever is sent for it", async () => {
    const { token } = await invited();
    const { body } = await submit({ token, password: PASSWORD, email: "eve@evil.example" });
    expect(body).toContain("joe@acme.example");
    expect(body).not.toContain("eve@evil.example");
  });

  test("says what is wrong where it is, shows text as text, and keeps what was typed [injection]", async () => {
    const { token } = await invited();
    const name = '"><img src=x onerror=alert(1)>';
    const { statusCode, body } = await submit({ token, password: "short", name });
    expect(statusCode).toBe(400);
    expect(body).toContain('aria-describedby="password-hint password-fault"');
    expect(body).toContain("&quot;&gt;&lt;img src=x");
    expect(body).not.toContain("<img");
    expect(body).not.toContain("short");
  });

  test("of a plan without room says so, and the link still holds", async () => {
    const { tenant, token } = await invited();
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE tenants SET plan = 'starter' WHERE id = $1", [tenant.id]),
    );
    for (let at = 0; at < 2; at++) await testUser(parts, tenant, "viewer");
    const full = await submit({ token, password: PASSWORD });
    expect([full.statusCode, full.body]).toEqual([403, expect.stringContaining("User limit reached (3)")]);
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE tenants SET plan = 'professional' WHERE id = $1", [tenant.id]),
    );
    expect((await submit({ token, password: PASSWORD })).statusCode).toBe(200);
  });

  test.each(["", "lvi_guess", "'; --", "\0", "x".repeat(5_000), "<script>"])(
    "of no link is a page that says so: %j",
    async (token) => {
      for (const answer of [await open(token), await submit({ token, password: PASSWORD })]) {
        expect([answer.statusCode, answer.headers["content-type"]]).toEqual([400, "text/html; charset=utf-8"]);
        expect(answer.body).not.toContain("<script");
      }
      expect((await app.inject({ url: "/welcome?token=a&token=b" })).statusCode).toBe(400);
      const json = await app.inject({ method: "POST", url: "/welcome", body: { token, password: PASSWORD } });
      expect(json.statusCode).toBe(415);
    },
  );
});
