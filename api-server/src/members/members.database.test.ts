import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { UserRole } from "../accounts/roles.ts";
import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import {
  type Headers,
  PASSWORD,
  signedIn,
  type TestParts,
  type TestTenant,
  testTenant,
  testUser,
} from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

async function person(tenant: TestTenant, role: UserRole) {
  const user = await testUser(parts, tenant, role);
  return { ...user, ...(await signedIn(app, tenant, user)) };
}

const invite = (headers: Headers, email: string, role: UserRole = "member") =>
  ask("POST", "/api/v1/invitations", headers, { email, role });
const register = (token: string) => ask("POST", "/auth/register", {}, { token, password: PASSWORD, name: "Joe" });

/** Makes every invitation older. */
const aged = (by: string) =>
  inDatabase(running.admin, (client) =>
    client.query("UPDATE invitations SET created_at = created_at - $1::interval", [by]),
  );

describe("an invitation", () => {
  test("makes who accepts it a member with its role, signed in", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await person(tenant, "owner");
    const { status, body } = await invite(headers, "joe@example.com");
    expect([status, body.role]).toEqual([201, "member"]);
    expect((await ask("GET", "/api/v1/invitations", headers)).body).toMatchObject([
      { id: body.id, email: "joe@example.com" },
    ]);
    const joined = await register(body.token);
    expect(joined).toMatchObject({
      status: 201,
      body: { user: { email: "joe@example.com", name: "Joe", role: "member" }, tenant: { id: tenant.id } },
    });
    const own = { authorization: `Bearer ${joined.body.access_token}` };
    expect((await ask("GET", "/api/v1/members", own)).body).toHaveLength(2);
    expect((await ask("GET", "/api/v1/invitations", headers)).body).toEqual([]);
  });

  test("used by twenty at once lets one in [race]", async () => {
    const { headers } = await person(await testTenant(parts, "professional"), "owner");
    const { token } = (await invite(headers, "joe@example.com")).body;
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => register(token)))).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 19 }, () => 400)]);
  });

  test("that was replaced, withdrawn, is over or was never given opens nothing", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await person(tenant, "owner");
    const replaced = (await invite(headers, "joe@example.com")).body;
    await aged("61 seconds");
    const withdrawn = (await invite(headers, "JOE@example.com")).body;
    expect(await ask("DELETE", `/api/v1/invitations/${withdrawn.id}`, headers)).toMatchObject({ status: 204 });
    const over = (await invite(headers, "late@example.com")).body;
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE invitations SET expires_at = now() WHERE id = $1", [over.id]),
    );
    for (const token of [replaced.token, withdrawn.token, over.token, "lvi_guess"]) {
      expect(await register(token)).toMatchObject({ status: 400, body: { error_code: "INVITATION_NOT_VALID" } });
    }
  });

  test("past the plan's seats is refused when it is accepted, also of many at once, and can be accepted later", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await person(tenant, "owner");
    const made = await Promise.all(Array.from({ length: 6 }, (_, at) => invite(headers, `guest-${at}@example.com`)));
    const answers = await Promise.all(made.map(({ body }) => register(body.token)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const refused = answers.findIndex(({ status }) => status === 403);
    expect(answers[refused]?.body.detail).toBe("User limit reached (3). Upgrade to create more users.");
    const [, second] = (await ask("GET", "/api/v1/members", headers)).body;
    await ask("DELETE", `/api/v1/members/${second.id}`, headers);
    expect(await register(made[refused]?.body.token)).toMatchObject({ status: 201 });
  });

  test("gives no role above one's own, and is for who may invite [privilege escalation]", async () => {
    const tenant = await testTenant(parts, "professional");
    const admin = await person(tenant, "admin");
    expect(await invite(admin.headers, "boss@example.com", "owner")).toMatchObject({ status: 403 });
    for (const role of ["member", "viewer"] as const) {
      const { headers } = await person(tenant, role);
      expect(await invite(headers, "joe@example.com")).toMatchObject({
        status: 403,
        body: { error_code: "PERMISSION_DENIED" },
      });
    }
    expect(await invite(admin.headers, admin.email)).toMatchObject({
      status: 409,
      body: { error_code: "MEMBER_EXISTS" },
    });
  });

  test("made thrice at once is one, and of an owner's is out of an admin's reach", async () => {
    const tenant = await testTenant(parts, "professional");
    const [owner, admin] = [await person(tenant, "owner"), await person(tenant, "admin")];
    const twice = await Promise.all([1, 2, 3].map(() => invite(owner.headers, "twin@example.com")));
    expect(twice.map(({ status }) => status).toSorted()).toEqual([201, 429, 429]);
    const jane = (await invite(owner.headers, "jane@example.com", "owner")).body;
    await aged("61 seconds");
    expect(await invite(admin.headers, "jane@example.com", "viewer")).toMatchObject({ status: 403 });
    expect(await ask("DELETE", `/api/v1/invitations/${jane.id}`, admin.headers)).toMatchObject({ status: 403 });
    const open = (await ask("GET", "/api/v1/invitations", owner.headers)).body.map(
      ({ email }: { email: string }) => email,
    );
    expect(open.toSorted()).toEqual(["jane@example.com", "twin@example.com"]);
    expect(await register(jane.token)).toMatchObject({ status: 201 });
  });

  test("of another organization can be neither seen nor withdrawn [cross-tenant]", async () => {
    const acme = await person(await testTenant(parts), "owner");
    const tech = await person(await testTenant(parts), "owner");
    const { id } = (await invite(acme.headers, "joe@example.com")).body;
    expect((await ask("GET", "/api/v1/invitations", tech.headers)).body).toEqual([]);
    expect(await ask("DELETE", `/api/v1/invitations/${id}`, tech.headers)).toMatchObject({ status: 404 });
    expect((await ask("GET", "/api/v1/invitations", acme.headers)).body).toHaveLength(1);
  });
});

describe("a member", () => {
  test("who is removed or set inactive is refused within a second, and does not come in again by what they had", async () => {
    const tenant = await testTenant(parts, "professional");
    const { headers } = await person(tenant, "owner");
    const [gone, off] = [await person(tenant, "member"), await person(tenant, "member")];
    for (const each of [gone, off]) expect((await ask("GET", "/api/v1/projects", each.headers)).status).toBe(200);
    expect(await ask("DELETE", `/api/v1/members/${gone.id}`, headers)).toMatchObject({ status: 204 });
    expect(await ask("PATCH", `/api/v1/members/${off.id}`, headers, { is_active: false })).toMatchObject({
      status: 200,
    });
    await sleep(1_000);
    for (const each of [gone, off]) expect((await ask("GET", "/api/v1/projects", each.headers)).status).toBe(401);
    expect(await ask("PATCH", `/api/v1/members/${off.id}`, headers, { is_active: true })).toMatchObject({
      status: 200,
    });
    for (const { refreshToken } of [gone, off]) {
      expect(await ask("POST", "/auth/refresh", {}, { refresh_token: refreshToken })).toMatchObject({ status: 401 });
    }
    expect((await ask("GET", "/api/v1/projects", off.headers)).status).toBe(401);
  });

  test("who is gone has left no way back in: their open invitations go, or count for nothing [back door]", async () => {
    const tenant = await testTenant(parts, "professional");
    const owner = await person(tenant, "owner");
    const [removed, demoted, off] = [
      await person(tenant, "admin"),
      await person(tenant, "admin"),
      await person(tenant, "admin"),
    ];
    const links: string[] = [];
    for (const [at, each] of [removed, demoted, off].entries()) {
      links.push((await invite(each.headers, `sock-${at}@example.com`, "admin")).body.token);
    }
    await ask("DELETE", `/api/v1/members/${removed.id}`, owner.headers);
    await ask("PATCH", `/api/v1/members/${demoted.id}`, owner.headers, { role: "member" });
    await ask("PATCH", `/api/v1/members/${off.id}`, owner.headers, { is_active: false });
    for (const token of links)
      expect(await register(token)).toMatchObject({ status: 400, body: { error_code: "INVITATION_NOT_VALID" } });
    // By the role of this moment, not of a second ago.
    expect((await invite(demoted.headers, "late@example.com", "admin")).status).not.toBe(201);
  });

  test("whose role changes may do what it includes within a second", async () => {
    const tenant = await testTenant(parts, "professional");
    const { headers } = await person(tenant, "owner");
    const viewer = await person(tenant, "viewer");
    expect((await ask("POST", "/api/v1/projects", viewer.headers, { name: "early" })).status).toBe(403);
    expect((await ask("PATCH", `/api/v1/members/${viewer.id}`, headers, { role: "member" })).body.role).toBe("member");
    await sleep(1_000);
    expect((await ask("POST", "/api/v1/projects", viewer.headers, { name: "late" })).status).toBe(201);
  });

  test("who is the last owner stays one, also when two owners remove each other at once [race]", async () => {
    const tenant = await testTenant(parts, "professional");
    const [jane, joe] = [await person(tenant, "owner"), await person(tenant, "owner")];
    const answers = await Promise.all([
      ask("DELETE", `/api/v1/members/${joe.id}`, jane.headers),
      ask("PATCH", `/api/v1/members/${jane.id}`, joe.headers, { role: "viewer" }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).not.toEqual([200, 204]);
    const owners = (await parts.database.read(tenant.id, (db) => db.user.findMany({ where: { role: "owner" } })))
      .length;
    expect(owners).toBe(1);
    const [last] = [jane, joe].filter(({ id }) => id !== (answers[0]?.status === 204 ? joe.id : jane.id));
    const url = `/api/v1/members/${last?.id}`;
    for (const change of [{ role: "admin" }, { is_active: false }]) {
      expect(await ask("PATCH", url, last?.headers ?? {}, change)).toMatchObject({
        status: 409,
        body: { error_code: "LAST_OWNER" },
      });
    }
    expect(await ask("DELETE", url, last?.headers ?? {})).toMatchObject({ status: 409 });
  });

  test("of a higher role is out of an admin's reach [privilege escalation]", async () => {
    const tenant = await testTenant(parts, "professional");
    const [owner, admin] = [await person(tenant, "owner"), await person(tenant, "admin")];
    const url = `/api/v1/members/${owner.id}`;
    expect(await ask("PATCH", url, admin.headers, { role: "viewer" })).toMatchObject({ status: 403 });
    expect(await ask("DELETE", url, admin.headers)).toMatchObject({ status: 403 });
    expect(await ask("PATCH", `/api/v1/members/${admin.id}`, admin.headers, { role: "owner" })).toMatchObject({
      status: 403,
    });
  });

  test("of another organization is not there [cross-tenant]", async () => {
    const acme = await person(await testTenant(parts), "owner");
    const tech = await person(await testTenant(parts), "owner");
    const url = `/api/v1/members/${acme.id}`;
    expect(await ask("PATCH", url, tech.headers, { role: "viewer" })).toMatchObject({ status: 404 });
    expect(await ask("DELETE", url, tech.headers)).toMatchObject({ status: 404 });
  });
});
