import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { PASSWORD, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";

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

test("a tenant sees itself, and what its plan leaves", async () => {
  const tenant = await testTenant(parts);
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, "viewer"));
  expect((await app.inject({ url: "/api/v1/tenants/current", headers })).json()).toMatchObject({
    id: tenant.id,
    subdomain: tenant.subdomain,
    plan: "starter",
    is_active: true,
    state: "active",
  });
  expect((await app.inject({ url: "/api/v1/tenants/current/usage", headers })).json()).toEqual({
    projects: { current: 0, limit: 5 },
    users: { current: 1, limit: 3 },
  });
});

/** By state: the tenant itself, a list, a change, and logging in. */
test.each([
  ["active", "lifecycle = 'active'", [200, 200, 201, 200]],
  ["restricted", "standing = 'restricted'", [200, 200, 402, 200]],
  ["unpaid", "standing = 'suspended'", [200, 402, 402, 200]],
  ["held", "hold = 'Security'", [403, 403, 403, 403]],
  ["held and unpaid", "hold = 'Security', standing = 'suspended'", [403, 403, 403, 403]],
  ["pending deletion", "lifecycle = 'pending_deletion'", [200, 200, 404, 200]],
  ["held and pending deletion", "hold = 'Security', lifecycle = 'pending_deletion'", [403, 403, 403, 403]],
  ["deleted", "lifecycle = 'deleted'", [404, 404, 404, 401]],
] as const)("%s: what works", async (_state, change, expected) => {
  const tenant = await testTenant(parts);
  const user = await testUser(parts, tenant);
  const { headers } = await signedIn(app, tenant, user);
  await inDatabase(running.admin, (client) => client.query(`UPDATE tenants SET ${change} WHERE id = $1`, [tenant.id]));
  // As long as a session's state may be believed.
  await sleep(1_000);
  const body = { email: user.email, password: PASSWORD, tenant: tenant.subdomain };
  const answers = [
    await app.inject({ url: "/api/v1/tenants/current", headers }),
    await app.inject({ url: "/api/v1/projects", headers }),
    await app.inject({ method: "POST", url: "/api/v1/projects", headers, body: { name: "new" } }),
    await app.inject({ method: "POST", url: "/auth/login", body }),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(expected);
});
