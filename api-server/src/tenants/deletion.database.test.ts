import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { App } from "../app.ts";
import { KEPT_DAYS } from "../mirror/rows.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import { PASSWORD, signedIn, type TestParts, type TestTenant, testTenant, testUser } from "../testing/parts.ts";
import { platformHeaders } from "../testing/platform.ts";

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

const CURRENT = "/api/v1/tenants/current";
const CANCEL = `${CURRENT}/cancel-deletion`;
const THIRTY_DAYS = KEPT_DAYS * 86_400_000;

const change = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));
const entries = async ({ id }: TestTenant) =>
  (await parts.database.read(id, (db) => db.outbox.findMany({ orderBy: { id: "asc" } }))).map(({ topic, payload }) => ({
    topic,
    payload,
  }));

async function withPeople() {
  const tenant = await testTenant(parts);
  const owner = await testUser(parts, tenant, "owner");
  const admin = await testUser(parts, tenant, "admin");
  const [asOwner, asAdmin] = [await signedIn(app, tenant, owner), await signedIn(app, tenant, admin)];
  const confirmed = { subdomain: tenant.subdomain };
  const remove = (headers = asOwner.headers, body: object = confirmed) => ask("DELETE", CURRENT, headers, body);
  return { tenant, owner, admin, asOwner, asAdmin, remove };
}

describe("deleting an organization", () => {
  test("gives thirty days, and tells the cluster and every owner once", async () => {
    const { tenant, owner, asOwner, remove } = await withPeople();
    const second = await testUser(parts, tenant, "owner");
    const asked = await remove();
    expect(asked).toMatchObject({ status: 202, body: { state: "pending_deletion" } });
    const left = Date.parse(asked.body.deletes_at) - Date.now();
    expect(Math.abs(left - THIRTY_DAYS)).toBeLessThan(60_000);
    expect((await remove()).body).toEqual(asked.body);
    const { body } = await ask("GET", CURRENT, asOwner.headers);
    expect(body).toMatchObject({ state: "pending_deletion", is_active: false, deletes_at: asked.body.deletes_at });
    const values = { deletes_on: asked.body.deletes_at.slice(0, 10) };
    const told = await entries(tenant);
    expect(told).toHaveLength(3);
    expect(told).toMatchObject([{ topic: "tenant.apply" }, { payload: { mail: "deletion", values } }, {}]);
    expect(JSON.stringify(told)).toContain(owner.email);
    expect(JSON.stringify(told)).toContain(second.email);
  });

  test("is its owners' to decide, who type its name", async () => {
    const { tenant, owner, asOwner, asAdmin, remove } = await withPeople();
    for (const body of [{}, { subdomain: "" }, { subdomain: tenant.subdomain.toUpperCase() }, { subdomain: "acme" }]) {
      expect((await remove(asOwner.headers, body)).status).toBe(400);
    }
    expect(await remove(asAdmin.headers)).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
    expect((await ask("POST", CANCEL, asAdmin.headers)).status).toBe(403);
    // Who is no owner since a moment ago, and is taken for one by what is still believed of them.
    await ask("GET", CURRENT, asOwner.headers);
    await change("UPDATE users SET role = 'admin' WHERE id = $1", [owner.id]);
    expect((await remove()).status).toBe(403);
    expect(await entries(tenant)).toEqual([]);
  });

  test("locks everybody out but the owners, who read and call it back", async () => {
    const { tenant, owner, admin, asOwner, asAdmin, remove } = await withPeople();
    await remove();
    await sleep(1_000);
    const login = (email: string, password = PASSWORD) =>
      ask("POST", "/auth/login", {}, { email, password, tenant: tenant.subdomain });
    const refresh = ({ refreshToken }: { refreshToken: string }) =>
      ask("POST", "/auth/refresh", {}, { refresh_token: refreshToken });
    const answers = async (who: typeof asOwner, email: string) =>
      [
        await ask("GET", CURRENT, who.headers),
        await ask("GET", "/api/v1/projects", who.headers),
        await ask("POST", "/api/v1/projects", who.headers, { name: "New" }),
        await login(email),
        await login(email, "wrong"),
        await refresh(who),
      ].map(({ status }) => status);
    expect(await answers(asAdmin, admin.email)).toEqual([404, 404, 404, 404, 401, 404]);
    expect(await answers(asOwner, owner.email)).toEqual([200, 200, 404, 200, 401, 200]);

    expect(await ask("POST", CANCEL, asOwner.headers)).toMatchObject({
      status: 200,
      body: { state: "active", deletes_at: null },
    });
    await ask("POST", CANCEL, asOwner.headers);
    await sleep(1_000);
    expect((await ask("POST", "/api/v1/projects", asAdmin.headers, { name: "New" })).status).toBe(201);
    // The token that was refused was not used up.
    expect((await refresh(asAdmin)).status).toBe(200);
    expect((await entries(tenant)).map(({ topic }) => topic)).toEqual([
      "tenant.apply",
      "mail.send",
      "tenant.apply",
      "mail.send",
    ]);
    // Asked for anew it takes thirty days anew.
    const again = Date.parse((await remove()).body.deletes_at) - Date.now();
    expect(Math.abs(again - THIRTY_DAYS)).toBeLessThan(60_000);
  });

  test("of a Tenant that kubectl manages is refused with what to type, both ways", async () => {
    const { tenant, asOwner, remove } = await withPeople();
    await change("UPDATE tenants SET managed_by = 'kubectl' WHERE id = $1", [tenant.id]);
    expect(await remove()).toMatchObject({
      status: 409,
      body: { error_code: "MANAGED_BY_KUBECTL", fix: `kubectl delete tenant ${tenant.subdomain}` },
    });
    // As the mirror does when the object is deleted.
    await change("UPDATE tenants SET lifecycle = 'pending_deletion' WHERE id = $1", [tenant.id]);
    const { body } = await ask("GET", CURRENT, asOwner.headers);
    expect(Math.abs(Date.parse(body.deletes_at) - Date.now() - THIRTY_DAYS)).toBeLessThan(60_000);
    expect(await ask("POST", CANCEL, asOwner.headers)).toMatchObject({
      status: 409,
      body: { error_code: "MANAGED_BY_KUBECTL" },
    });
  });

  test("works for who owes money, and not for whom the platform holds", async () => {
    const [unpaid, held] = [await withPeople(), await withPeople()];
    await change("UPDATE tenants SET standing = 'suspended' WHERE id = $1", [unpaid.tenant.id]);
    await change("UPDATE tenants SET hold = 'Security' WHERE id = $1", [held.tenant.id]);
    await sleep(1_000);
    expect((await unpaid.remove()).status).toBe(202);
    expect(await held.remove()).toMatchObject({ status: 403, body: { error_code: "TENANT_SUSPENDED" } });
  });

  test("of a parent waits for its children", async () => {
    const { tenant, asOwner, remove } = await withPeople();
    const child = await testTenant(parts);
    await change("UPDATE tenants SET parent_id = $1 WHERE id = $2", [tenant.id, child.id]);
    expect(await remove()).toMatchObject({ status: 409, body: { error_code: "CHILDREN_EXIST" } });
    await change("UPDATE tenants SET lifecycle = 'deleted' WHERE id = $1", [child.id]);
    expect((await remove(asOwner.headers)).status).toBe(202);
  });
});

describe("the platform's approval of a deletion", () => {
  test("ends it for everybody at once, of one that was asked for alone", async () => {
    const operator = await platformHeaders(app, parts);
    const { tenant, asOwner, remove } = await withPeople();
    const approve = () => ask("POST", `/api/v1/platform/tenants/${tenant.id}/deletion/approve`, operator);
    expect(await approve()).toMatchObject({ status: 409, body: { error_code: "DELETION_NOT_PENDING" } });
    await remove();
    expect(await approve()).toMatchObject({ status: 202, body: { state: "deleted" } });
    expect((await approve()).status).toBe(202);
    await sleep(1_000);
    expect((await ask("GET", CURRENT, asOwner.headers)).status).toBe(404);
    expect((await ask("POST", CANCEL, asOwner.headers)).status).toBe(404);
  });
});
