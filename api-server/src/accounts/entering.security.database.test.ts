import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import {
  asking,
  type Headers,
  PASSWORD,
  signedIn,
  type TestParts,
  type TestTenant,
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import type { UserRole } from "./roles.ts";
import { signAccessToken } from "./tokens.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let parent: TestTenant;
let child: TestTenant;
let sibling: TestTenant;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));

/** A family of its own for each test. */
async function family() {
  parent = await testTenant(parts, "professional");
  child = await testTenant(parts);
  sibling = await testTenant(parts);
  await sql("UPDATE tenants SET parent_id = $1 WHERE id = ANY ($2)", [parent.id, [child.id, sibling.id]]);
}

async function someone(role: UserRole, tenant = parent) {
  const user = await testUser(parts, tenant, role);
  const { headers, refreshToken } = await signedIn(app, tenant, user);
  return { ...user, headers, refreshToken };
}

const enter = (headers: Headers, tenant: string = child.id) => ask("POST", "/auth/switch", headers, { tenant });

/** Inside: with what a child's tokens open. */
async function inside(headers: Headers, tenant: string = child.id) {
  const { status, body } = await enter(headers, tenant);
  expect(status).toBe(200);
  return { headers: { authorization: `Bearer ${body.access_token}` }, refreshToken: body.refresh_token, body };
}

const projects = (headers: Headers) => ask("GET", "/api/v1/projects", headers);
const refresh = (refresh_token: string) => ask("POST", "/auth/refresh", {}, { refresh_token });
const give = (headers: Headers, user_id: string, role = "member", tenant = child.subdomain) =>
  ask("POST", "/api/v1/grants", headers, { user_id, tenant, role });

/** As long as a session's state may be believed, and no longer. */
async function endsWithinASecond(headers: Headers, [status, code]: [number, string]) {
  const begun = performance.now();
  const told = async () => {
    const answer = await projects(headers);
    return [answer.status, answer.body?.error_code];
  };
  await expect.poll(told, { timeout: 2_000, interval: 20 }).toEqual([status, code]);
  expect(performance.now() - begun).toBeLessThan(1_000);
}

const ENDED: [number, string] = [401, "AUTHENTICATION_REQUIRED"];

describe("entering a child", () => {
  test("by owners and admins of the parent, as what they are at home", async () => {
    await family();
    for (const role of ["owner", "admin"] as const) {
      const person = await someone(role);
      const { body, headers, refreshToken } = await inside(person.headers);
      expect(body).toMatchObject({
        user: { id: person.id, email: person.email, role },
        tenant: { id: child.id, subdomain: child.subdomain },
      });
      const made = await ask("POST", "/api/v1/projects", headers, { name: `by ${role}` });
      expect([made.status, made.body.tenant_id]).toEqual([201, child.id]);
      expect((await ask("GET", "/api/v1/tenants/current", { ...headers, "x-tenant-id": child.id })).body).toMatchObject(
        {
          id: child.id,
          plan: "professional",
        },
      );
      const next = (await refresh(refreshToken)).body;
      expect((await projects({ authorization: `Bearer ${next.access_token}` })).body).toContainEqual(
        expect.objectContaining({ name: `by ${role}` }),
      );
    }
    // Nobody's name is among its members, and nobody counts.
    const owner = await inside((await someone("owner")).headers);
    expect((await ask("GET", "/api/v1/members", owner.headers)).body).toEqual([]);
    expect((await ask("GET", "/api/v1/tenants/current/usage", owner.headers)).body.users.own).toBe(0);
  });

  test("by others with a grant, as what it says", async () => {
    await family();
    const owner = await someone("owner");
    const member = await someone("viewer");
    expect(await enter(member.headers)).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
    expect(await give(owner.headers, member.id, "viewer")).toMatchObject({
      status: 201,
      body: { user_id: member.id, tenant_id: child.id, role: "viewer" },
    });
    const { headers } = await inside(member.headers, child.subdomain.toUpperCase());
    expect((await ask("POST", "/api/v1/projects", headers, { name: "x" })).status).toBe(403);
    // In that child alone.
    expect(await enter(member.headers, sibling.id)).toMatchObject({ status: 403 });
    await give(owner.headers, member.id, "member");
    const written = async () => (await ask("POST", "/api/v1/projects", headers, { name: randomUUID() })).status;
    await expect.poll(written, { timeout: 2_000 }).toBe(201);
    expect((await ask("GET", "/api/v1/grants", owner.headers)).body).toMatchObject([{ role: "member" }]);
  });

  test("shows in the list of one's own sessions, and ends with them", async () => {
    await family();
    const owner = await someone("owner");
    const { headers } = await inside(owner.headers);
    const sessions = (await ask("GET", "/auth/sessions", owner.headers)).body;
    expect(sessions).toMatchObject([{ entered_tenant_id: child.id }, { entered_tenant_id: null, current: true }]);
    expect(sessions[0].expires_at).toBe(sessions[1].expires_at);
    expect((await ask("DELETE", `/auth/sessions/${sessions[0].id}`, owner.headers)).status).toBe(204);
    expect((await projects(headers)).status).toBe(401);
    const second = await inside(owner.headers);
    expect((await ask("POST", "/auth/logout", second.headers)).status).toBe(204);
    expect([(await projects(second.headers)).status, (await projects(owner.headers)).status]).toEqual([401, 200]);
    const third = await inside(owner.headers);
    await ask("POST", "/auth/logout", owner.headers);
    await endsWithinASecond(third.headers, ENDED);
    expect((await refresh(third.refreshToken)).status).toBe(401);
  });

  test("is no way to one's account, nor further on", async () => {
    await family();
    const { headers } = await inside((await someone("owner")).headers);
    for (const [method, url] of [
      ["GET", "/auth/sessions"],
      ["POST", "/auth/sessions/revoke-others"],
    ] as const) {
      expect(await ask(method, url, headers)).toMatchObject({ status: 403, body: { error_code: "ENTERED_SESSION" } });
    }
    for (const name of [sibling.id, parent.id, child.id]) {
      expect(await enter(headers, name)).toMatchObject({ status: 403, body: { error_code: "ENTERED_SESSION" } });
    }
  });

  test("lets an admin manage the child's members; who is invited so comes only while the inviter may", async () => {
    await family();
    const admin = await someone("admin");
    const { headers } = await inside(admin.headers);
    const invite = (email: string, role = "member") => ask("POST", "/api/v1/invitations", headers, { email, role });
    expect((await invite("boss@child.example", "owner")).status).toBe(403);
    const first = (await invite("first@child.example")).body;
    const late = (await invite("late@child.example", "admin")).body;
    const accept = (token: string) => ask("POST", "/auth/register", {}, { token, password: PASSWORD });
    const joined = await accept(first.token);
    expect(joined.status).toBe(201);
    const url = `/api/v1/members/${joined.body.user.id}`;
    expect((await ask("PATCH", url, headers, { role: "viewer" })).body).toMatchObject({ role: "viewer" });
    await sql("UPDATE users SET role = 'member' WHERE id = $1", [admin.id]);
    expect(await accept(late.token)).toMatchObject({ status: 400, body: { error_code: "INVITATION_NOT_VALID" } });
    expect((await ask("DELETE", url, headers)).status).toBe(401);
  });
});

describe("entering is refused", () => {
  test("to a sibling, to the parent, to a stranger, and to whoever is nobody's child [widening]", async () => {
    await family();
    const inChild = await someone("owner", child);
    const stranger = await someone("owner", await testTenant(parts));
    const owner = await someone("owner");
    const grandchild = await testTenant(parts);
    const told = await Promise.all([
      enter(inChild.headers, sibling.id),
      enter(inChild.headers, parent.id),
      enter(inChild.headers, child.id),
      enter(stranger.headers, child.id),
      enter(stranger.headers, child.subdomain),
      enter(owner.headers, parent.id),
      enter(owner.headers, grandchild.id),
      enter(owner.headers, "nobody"),
    ]);
    const shown = told.map(({ status, body: { request_id: _, ...body } }) => JSON.stringify([status, body]));
    expect(new Set(shown).size).toBe(1);
    expect(told[0]).toMatchObject({ status: 404, body: { error_code: "TENANT_NOT_FOUND" } });
  });

  test("by a header: a child that is named stays closed to the parent's token, and the other way round", async () => {
    await family();
    const owner = await someone("owner");
    const { headers } = await inside(owner.headers);
    for (const named of [{ "x-tenant-id": child.id }, { host: `${child.subdomain}.localhost` }]) {
      expect(await projects({ ...owner.headers, ...named })).toMatchObject({
        status: 403,
        body: { error_code: "TENANT_MISMATCH" },
      });
    }
    for (const name of [parent.id, sibling.subdomain]) {
      expect((await projects({ ...headers, "x-tenant-id": name })).status).toBe(403);
    }
  });

  test("to a token whose claims do not fit its session [mixed claims]", async () => {
    await family();
    const owner = await someone("owner");
    const { body } = await inside(owner.headers);
    const rows = await sql("SELECT id, entered_tenant_id FROM sessions WHERE user_id = $1", [owner.id]);
    const home = rows.rows.find(({ entered_tenant_id: at }) => at === null)?.id;
    const entered = rows.rows.find(({ entered_tenant_id: at }) => at === child.id)?.id;
    const as = async (bearer: { tenantId: string; sessionId: string; homeId?: string; userId?: string }) => {
      const token = await signAccessToken(parts.keys(), parts.config.tokens, { userId: owner.id, ...bearer });
      return (await projects({ authorization: `Bearer ${token}` })).status;
    };
    const [tenantId, homeId] = [child.id, parent.id];
    expect(body.user.id).toBe(owner.id);
    // Each of a fresh id in the cache: it keeps a session's state by the session.
    const told = [
      { tenantId: homeId, sessionId: entered },
      { tenantId, sessionId: entered },
      { tenantId: sibling.id, sessionId: entered, homeId },
      { tenantId, sessionId: home, homeId },
      { tenantId, sessionId: entered, homeId: sibling.id },
      { tenantId, sessionId: entered, homeId, userId: randomUUID() },
    ];
    for (const bearer of told) {
      parts.callers.forget(bearer.sessionId);
      expect(await as(bearer)).toBe(401);
    }
    parts.callers.forget(entered);
    expect(await as({ tenantId, sessionId: entered, homeId })).toBe(200);
  });

  test.each([
    ["its grant is taken", "DELETE FROM child_grants WHERE tenant_id = $1"],
    [
      "the child is moved to another parent",
      "UPDATE tenants SET parent_id = (SELECT id FROM tenants WHERE subdomain = 'other-parent') WHERE parent_id = $1",
    ],
    ["the child stands alone", "UPDATE tenants SET parent_id = NULL WHERE parent_id = $1"],
    ["its user is deactivated", "UPDATE users SET is_active = false WHERE tenant_id = $1 AND role = 'viewer'"],
    ["its user is removed", "DELETE FROM users WHERE tenant_id = $1 AND role = 'viewer'"],
    ["the parent is being deleted", "UPDATE tenants SET lifecycle = 'pending_deletion' WHERE id = $1"],
  ])("within a second when %s, at refresh too", async (_what, change) => {
    await family();
    await sql(
      "INSERT INTO tenants (id, subdomain, organization_name) VALUES (gen_random_uuid(), 'other-parent', 'Other') ON CONFLICT DO NOTHING",
    );
    const owner = await someone("owner");
    const member = await someone("viewer");
    await give(owner.headers, member.id);
    const { headers, refreshToken } = await inside(member.headers);
    expect((await projects(headers)).status).toBe(200);
    await sql(change, [parent.id]);
    await endsWithinASecond(headers, ENDED);
    expect([401, 404]).toContain((await refresh(refreshToken)).status);
    expect((await enter(member.headers)).status).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ["Security holds the parent", "UPDATE tenants SET hold = 'Security' WHERE id = $1", 403, "TENANT_SUSPENDED"],
    ["Security holds the child", "UPDATE tenants SET hold = 'Security' WHERE parent_id = $1", 403, "TENANT_SUSPENDED"],
    ["the child is deleted", "UPDATE tenants SET lifecycle = 'deleted' WHERE parent_id = $1", 404, "TENANT_NOT_FOUND"],
  ])("within a second when %s", async (_what, change, status, code) => {
    await family();
    const { headers, refreshToken } = await inside((await someone("owner")).headers);
    await sql(change, [parent.id]);
    await endsWithinASecond(headers, [status, code]);
    expect((await refresh(refreshToken)).status).toBe(status);
  });

  test("to who was an owner and is a member now, within a second, and to sessions of a grant that was taken for good", async () => {
    await family();
    const [boss, owner, member] = [await someone("owner"), await someone("owner"), await someone("member")];
    const { headers } = await inside(owner.headers);
    await ask("PATCH", `/api/v1/members/${owner.id}`, boss.headers, { role: "member" });
    await endsWithinASecond(headers, ENDED);
    const { id } = (await give(boss.headers, member.id)).body;
    const entered = await inside(member.headers);
    expect((await ask("DELETE", `/api/v1/grants/${id}`, boss.headers)).status).toBe(204);
    await endsWithinASecond(entered.headers, ENDED);
    await give(boss.headers, member.id);
    // Longer than what was known of it is believed.
    await sleep(1_000);
    expect([(await projects(entered.headers)).status, (await refresh(entered.refreshToken)).status]).toEqual([
      401, 401,
    ]);
    expect((await enter(member.headers)).status).toBe(200);
  });
});

describe("grants", () => {
  test("are given by owners, of one's own children, to one's own members", async () => {
    await family();
    const [owner, admin, member] = [await someone("owner"), await someone("admin"), await someone("member")];
    const stranger = await someone("owner", await testTenant(parts));
    expect((await give(admin.headers, member.id)).status).toBe(403);
    expect(await give(owner.headers, stranger.id)).toMatchObject({ body: { error_code: "MEMBER_NOT_FOUND" } });
    expect(await give(stranger.headers, stranger.id)).toMatchObject({ body: { error_code: "TENANT_NOT_FOUND" } });
    expect(await give(owner.headers, member.id, "owner")).toMatchObject({ status: 400 });
    const { id } = (await give(owner.headers, member.id, "admin")).body;
    const url = `/api/v1/grants/${id}`;
    expect(await ask("DELETE", url, stranger.headers)).toMatchObject({ body: { error_code: "GRANT_NOT_FOUND" } });
    expect((await ask("DELETE", url, admin.headers)).status).toBe(403);
    expect((await ask("GET", "/api/v1/grants", admin.headers)).body).toMatchObject([{ id, role: "admin" }]);
    expect((await ask("GET", "/api/v1/grants", member.headers)).status).toBe(403);
    // Who has entered with one gives none.
    const entered = await inside(member.headers);
    expect((await give(entered.headers, member.id)).status).toBe(403);
    expect((await ask("DELETE", url, owner.headers)).status).toBe(204);
    expect((await ask("DELETE", url, owner.headers)).status).toBe(404);
  });

  test("given 20 times at once are one", async () => {
    await family();
    const [owner, member] = [await someone("owner"), await someone("member")];
    const answers = await Promise.all(Array.from({ length: 20 }, () => give(owner.headers, member.id)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect((await ask("GET", "/api/v1/grants", owner.headers)).body).toHaveLength(1);
  });
});
