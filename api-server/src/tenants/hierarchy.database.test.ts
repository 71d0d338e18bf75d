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
  testParts,
  testTenant,
  testUser,
} from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let made = 0;

beforeAll(async () => {
  running = await testParts({ TRUSTED_PROXIES: "127.0.0.1" });
  parts = running.parts;
  app = await buildApp(parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));
const CHILDREN = "/api/v1/tenants/current/children";

async function parentOf(plan = "professional") {
  const tenant = await testTenant(parts, plan);
  const user = await testUser(parts, tenant);
  const { headers } = await signedIn(app, tenant, user);
  return { ...tenant, user, headers: { ...headers, "x-forwarded-for": `10.8.${made++}.1` } };
}

const create = (headers: Headers, subdomain = `child-${made++}`) =>
  ask("POST", CHILDREN, headers, { organization_name: `Child ${subdomain}`, subdomain });

/** With somebody who owns it. */
async function childOf(headers: Headers) {
  const { body } = await create(headers);
  const token = new URL(body.claim_url).searchParams.get("token");
  const email = `owner-${made++}@child.example`;
  const owner = (await ask("POST", "/auth/register", {}, { token, password: PASSWORD, email })).body;
  return { id: body.id, subdomain: body.subdomain, headers: { authorization: `Bearer ${owner.access_token}` }, email };
}

const project = (headers: Headers) => ask("POST", "/api/v1/projects", headers, { name: randomUUID() });
const usage = async (headers: Headers) => (await ask("GET", "/api/v1/tenants/current/usage", headers)).body;
const hierarchy = async (headers: Headers) => (await ask("GET", "/api/v1/tenants/current/hierarchy", headers)).body;

describe("a child", () => {
  test("is made by its parent's owner, and the cluster hears of it at once", async () => {
    const parent = await parentOf();
    const { status, body } = await create(parent.headers);
    expect([status, body]).toMatchObject([201, { plan: "professional", claim_url: expect.any(String) }]);
    const { row, topics } = await parts.database.read(body.id, async (db) => ({
      row: await db.tenant.findFirst(),
      topics: (await db.outbox.findMany()).map(({ topic }) => topic),
    }));
    expect(row).toMatchObject({ parentId: parent.id, onboarding: "confirmed", adminEmail: parent.user.email });
    expect([topics, row?.createdFrom]).toEqual([["tenant.apply"], null]);
    const mailed = await ask("POST", CHILDREN, parent.headers, {
      organization_name: "Mailed",
      admin_email: "ceo@child.example",
    });
    expect(mailed).toMatchObject({ status: 201, body: { admin_user: "ceo@child.example", subdomain: "mailed" } });
    expect(mailed.body.claim_url).toBeUndefined();
  });

  test("knows its parent, and the parent its children and what they use together", async () => {
    const parent = await parentOf();
    const [first, second] = [await childOf(parent.headers), await childOf(parent.headers)];
    await project(first.headers);
    const family = await hierarchy(parent.headers);
    expect(family).toMatchObject({
      parent: null,
      children: [
        { id: first.id, subdomain: first.subdomain, plan: "professional", usage: { projects: 2, users: 1 } },
        { id: second.id, is_active: true, usage: { projects: 1, users: 1 } },
      ],
      usage: { projects: { current: 3, own: 0, limit: 50 }, users: { current: 3, own: 1, limit: 25 } },
    });
    expect(await hierarchy(first.headers)).toMatchObject({
      parent: { id: parent.id, subdomain: parent.subdomain },
      children: [],
      usage: { projects: { current: 3, own: 2, limit: 50 } },
    });
    expect(await usage(second.headers)).toMatchObject({ users: { current: 3, own: 1, limit: 25 } });
    expect((await ask("GET", "/api/v1/tenants/current", first.headers)).body.plan).toBe("professional");
    // Nothing of a child's but its name and figures, and nothing at all of who is no relative.
    expect(Object.keys(family.children[0]).toSorted()).toEqual(
      ["created_at", "id", "is_active", "organization_name", "plan", "subdomain", "usage"].toSorted(),
    );
    const stranger = await parentOf();
    expect(await hierarchy(stranger.headers)).toMatchObject({ parent: null, children: [] });
  });

  test("is no way back for an owner whom the parent removed, demoted or shut out: links they made are worth nothing [escalation]", async () => {
    const removal: [string, (headers: Headers, id: string) => Promise<{ status: number }>][] = [
      ["removed", (headers, id) => ask("DELETE", `/api/v1/members/${id}`, headers)],
      ["demoted", (headers, id) => ask("PATCH", `/api/v1/members/${id}`, headers, { role: "admin" })],
      ["shut out", (headers, id) => ask("PATCH", `/api/v1/members/${id}`, headers, { is_active: false })],
    ];
    for (const [how, remove] of removal) {
      const parent = await parentOf();
      const eve = await testUser(parts, parent, "owner");
      const { body } = await create((await signedIn(app, parent, eve)).headers);
      expect((await remove(parent.headers, eve.id)).status).toBeLessThan(300);
      const token = new URL(body.claim_url).searchParams.get("token");
      const back = await ask("POST", "/auth/register", {}, { token, password: PASSWORD, email: "eve@evil.example" });
      expect([how, back.status, back.body.error_code]).toEqual([how, 400, "INVITATION_NOT_VALID"]);
    }
  });

  test("is one of few on each plan, and without a subscription one of what its network makes [squatting]", async () => {
    const starter = await parentOf("starter");
    const made: number[] = [];
    for (let at = 0; at < 4; at += 1) made.push((await create(starter.headers)).status);
    expect(made).toEqual([201, 201, 201, 403]);
    expect((await create(starter.headers)).body.detail).toBe(
      "Child limit reached (3). Upgrade to create more children.",
    );
    // Of the same network, and with none of its own.
    const neighbour = { "x-forwarded-for": starter.headers["x-forwarded-for"] };
    expect(await create({ ...(await parentOf("starter")).headers, ...neighbour })).toMatchObject({
      status: 429,
      body: { error_code: "RATE_LIMITED" },
    });
    expect((await create({ ...(await parentOf()).headers, ...neighbour })).status).toBe(201);
  });

  test("is no owner's but the parent's to make: not an admin's, not a child's, not a stranger's [widening]", async () => {
    const parent = await parentOf();
    const admin = await signedIn(app, parent, await testUser(parts, parent, "admin"));
    expect(await create(admin.headers)).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
    const child = await childOf(parent.headers);
    expect(await create(child.headers)).toMatchObject({ status: 409, body: { error_code: "HIERARCHY_TOO_DEEP" } });
    expect(await create({ ...child.headers, "x-tenant-id": parent.id })).toMatchObject({ status: 403 });
    expect(await create({ ...parent.headers, "x-tenant-id": child.id })).toMatchObject({
      status: 403,
      body: { error_code: "TENANT_MISMATCH" },
    });
    for (const reserved of ["admin", "kube-x", child.subdomain]) {
      expect((await create(parent.headers, reserved)).status).toBeGreaterThanOrEqual(400);
    }
    await sql("INSERT INTO held_names VALUES ('was-held', now() + interval '1 day')");
    expect(await create(parent.headers, "was-held")).toMatchObject({
      status: 409,
      body: { error_code: "SUBDOMAIN_TAKEN" },
    });
  });

  test.each([
    ["pending_deletion", "lifecycle = 'pending_deletion'", 404],
    ["held", "hold = 'Security'", 403],
    ["restricted", "standing = 'restricted'", 402],
  ])("is not made by a parent that is %s", async (_state, change, status) => {
    const parent = await parentOf();
    await sql(`UPDATE tenants SET ${change} WHERE id = $1`, [parent.id]);
    await sleep(1_000);
    expect((await create(parent.headers)).status).toBe(status);
  });

  test("comes once by the same Idempotency-Key", async () => {
    const parent = await parentOf();
    const headers = { ...parent.headers, "idempotency-key": randomUUID() };
    const [first, second] = [await create(headers, "same-child"), await create(headers, "same-child")];
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await hierarchy(parent.headers)).children).toHaveLength(1);
  });
});

describe("a family's plan", () => {
  test("has room for one more: of 60 who create at once, in parent and children, one comes through [race]", async () => {
    const parent = await parentOf("starter");
    const children = [await childOf(parent.headers), await childOf(parent.headers)];
    await project(parent.headers);
    await project(parent.headers);
    const all = [parent, ...children];
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => project(all[at % 3]?.headers ?? {})));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject({ status: 403, body: { error_code: "QUOTA_EXCEEDED" } });
    }
    expect(await usage(parent.headers)).toMatchObject({ projects: { current: 5, limit: 5 } });
    expect(await create(parent.headers)).toMatchObject({ status: 403, body: { error_code: "QUOTA_EXCEEDED" } });
  });

  test("is counted by one of the family at a time: a sibling waits for who is about to add [race]", async () => {
    const parent = await parentOf("starter");
    const child = await childOf(parent.headers);
    for (let at = 0; at < 3; at += 1) await project(parent.headers);
    await inDatabase(running.admin, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT lv_hold_family($1)", [parent.id]);
      await client.query("INSERT INTO projects (tenant_id, id, name) VALUES ($1, $2, 'fifth')", [
        child.id,
        randomUUID(),
      ]);
      const sixth = project(parent.headers);
      await expect
        .poll(async () => (await sql("SELECT FROM pg_stat_activity WHERE wait_event = 'advisory'")).rowCount)
        .toBeGreaterThan(0);
      await client.query("COMMIT");
      expect(await sixth).toMatchObject({ status: 403, body: { error_code: "QUOTA_EXCEEDED" } });
    });
  });

  test("holds for users too, and what is deleted or archived makes room for a sibling", async () => {
    const parent = await parentOf("starter");
    const [first, second] = [await childOf(parent.headers), await childOf(parent.headers)];
    const invite = async ({ headers }: { headers: Headers }) =>
      (await ask("POST", "/api/v1/invitations", headers, { email: `x-${made++}@x.example` })).body.token;
    const accept = async (token: string) =>
      (await ask("POST", "/auth/register", {}, { token, password: PASSWORD })).status;
    const tokens = [await invite(first), await invite(second), await invite(parent)];
    expect(await Promise.all(tokens.map(accept))).toEqual([403, 403, 403]);
    for (let at = 0; at < 3; at += 1) await project(parent.headers);
    expect((await project(first.headers)).status).toBe(403);
    const [welcome] = (await ask("GET", "/api/v1/projects", second.headers)).body;
    await ask("PATCH", `/api/v1/projects/${welcome.id}`, second.headers, { status: "archived" });
    expect((await project(first.headers)).status).toBe(201);
    expect(await ask("PATCH", `/api/v1/projects/${welcome.id}`, second.headers, { status: "active" })).toMatchObject({
      status: 403,
    });
    // One that counts already needs no room.
    const [own] = (await ask("GET", "/api/v1/projects", first.headers)).body;
    expect((await ask("PATCH", `/api/v1/projects/${own.id}`, first.headers, { status: "active" })).status).toBe(200);
  });

  test("and the parent's state are the children's: held by the platform, or by an invoice", async () => {
    const parent = await parentOf();
    const child = await childOf(parent.headers);
    const set = async (change: string, id = parent.id) => {
      await sql(`UPDATE tenants SET ${change} WHERE id = $1`, [id]);
      await sleep(1_000);
    };
    await set("standing = 'restricted'");
    expect([(await project(child.headers)).status, (await usage(child.headers)).users.own]).toEqual([402, 1]);
    await set("hold = 'Security', standing = 'active'");
    expect((await project(child.headers)).body.error_code).toBe("TENANT_SUSPENDED");
    const body = { email: child.email, password: PASSWORD, tenant: child.subdomain };
    expect((await ask("POST", "/auth/login", {}, body)).body.error_code).toBe("TENANT_SUSPENDED");
    await set("hold = NULL");
    expect((await project(child.headers)).status).toBe(201);
    // A child's state is its own.
    await set("hold = 'Security'", child.id);
    expect([(await project(child.headers)).status, (await project(parent.headers)).status]).toEqual([403, 201]);
  });
});

describe("the database", () => {
  test("knows two levels and no cycle, whoever writes, and many at once", async () => {
    const [a, b, c] = [await testTenant(parts), await testTenant(parts), await testTenant(parts)];
    const under = (child: { id: string }, parent: { id: string }) =>
      sql("UPDATE tenants SET parent_id = $2 WHERE id = $1", [child.id, parent.id]);
    await expect(under(a, a)).rejects.toThrow(/check/);
    await under(b, a);
    await expect(under(c, b)).rejects.toThrow("a parent has no parent");
    await expect(under(a, c)).rejects.toThrow("a parent has no parent");
    await expect(sql("DELETE FROM tenants WHERE id = $1", [a.id])).rejects.toThrow(/foreign key/);
    const pairs = await Promise.all(
      Array.from({ length: 20 }, () => Promise.all([testTenant(parts), testTenant(parts)])),
    );
    for (const [left, right] of pairs) {
      const outcomes = await Promise.allSettled([under(left, right), under(right, left)]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });
});
