import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildApp } from "../app.ts";
import type { Database } from "../db/database.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { PASSWORD, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
});

afterAll(() => running.close());

/** Signs somebody in, with something happening right before the session is opened, when all that is asked has been asked. */
async function logInWhile(statement: string, values: (who: { tenantId: string; userId: string }) => string[]) {
  const tenant = await testTenant(parts);
  const { email, id: userId } = await testUser(parts, tenant, "admin");
  // So that nothing is made for them at the first time.
  await logIn(parts, tenant.subdomain, email);
  let happened = false;
  const change: Database["change"] = async (...asked) => {
    if (!happened) {
      happened = true;
      await inDatabase(running.admin, (client) => client.query(statement, values({ tenantId: tenant.id, userId })));
    }
    return await parts.database.change(...asked);
  };
  const answer = await logIn({ ...parts, database: { ...parts.database, change } }, tenant.subdomain, email);
  const { rows } = await inDatabase(running.admin, (client) =>
    client.query("SELECT count(*)::int AS sessions FROM sessions WHERE tenant_id = $1", [tenant.id]),
  );
  const { rows: told } = await inDatabase(running.admin, (client) =>
    client.query("SELECT action, details ->> 'reason' AS reason FROM audit_events WHERE tenant_id = $1 ORDER BY id", [
      tenant.id,
    ]),
  );
  return { ...answer, sessions: rows[0].sessions, told: told.slice(1) };
}

async function logIn(on: Parts, tenant: string, email: string) {
  const app = await buildApp(on);
  const answer = await app.inject({ method: "POST", url: "/auth/login", body: { tenant, email, password: PASSWORD } });
  await app.close();
  return { status: answer.statusCode, body: answer.json() };
}

const USER = "tenant_id = $1 AND id = $2";
const user = ({ tenantId, userId }: { tenantId: string; userId: string }) => [tenantId, userId];
const tenant = ({ tenantId }: { tenantId: string }) => [tenantId];

describe("while somebody's password is looked at", () => {
  test.each([
    ["they are let out", `UPDATE users SET is_active = false WHERE ${USER}`, user, "LOGIN_FAILED"],
    ["their password is changed", `UPDATE users SET password_hash = 'x' WHERE ${USER}`, user, "LOGIN_FAILED"],
    ["their organization is held", "UPDATE tenants SET hold = 'Security' WHERE id = $1", tenant, "TENANT_SUSPENDED"],
    ["it is deleted", "UPDATE tenants SET lifecycle = 'deleted' WHERE id = $1", tenant, "TENANT_NOT_FOUND"],
  ])("%s: no session is opened, and the trail says so [race]", async (_what, statement, values, code) => {
    const { body, sessions, told } = await logInWhile(statement, values);
    expect([body.error_code, sessions]).toEqual([code, 1]);
    expect(told).toEqual([{ action: "auth.login_failed", reason: code }]);
  });

  test("they are removed: no session is opened, and none is left [race]", async () => {
    const { body, sessions } = await logInWhile(`DELETE FROM users WHERE ${USER}`, user);
    expect([body.error_code, sessions]).toEqual(["LOGIN_FAILED", 0]);
  });

  test("their role changes: they come in as what they are now [stale right]", async () => {
    const { status, body, sessions, told } = await logInWhile(`UPDATE users SET role = 'viewer' WHERE ${USER}`, user);
    expect([status, body.user.role, sessions]).toEqual([200, "viewer", 2]);
    expect(told).toEqual([{ action: "auth.logged_in", reason: null }]);
  });
});

test("what only looks like another tenant's somebody opens nothing", async () => {
  const [own, other] = [await testTenant(parts), await testTenant(parts)];
  const { email } = await testUser(parts, other);
  expect((await logIn(parts, own.subdomain, email)).body.error_code).toBe("LOGIN_FAILED");
  expect((await logIn(parts, randomUUID(), email)).body.error_code).toBe("LOGIN_FAILED");
});
