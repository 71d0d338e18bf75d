import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { eraseDeleted } from "../tenants/erase.ts";
import { sweepUnconfirmed } from "../tenants/sweep.ts";
import { inDatabase } from "../testing/database.ts";
import { asking, type Headers, type TestParts, testParts } from "../testing/parts.ts";
import { platformHeaders } from "../testing/platform.ts";
import { removeOldInvitations } from "./invitations.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let operator: Headers;

beforeAll(async () => {
  running = await testParts({ TENANT_CREATION: "invite" });
  parts = running.parts;
  app = await buildApp(parts);
  operator = await platformHeaders(app, parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const change = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));
const create = (body: object) => ask("POST", "/api/v1/tenants", {}, { organization_name: "Invited", ...body });

async function invitation(body: object = {}): Promise<{ code: string; email: string; id: string }> {
  const answer = await ask("POST", "/api/v1/platform/invitations", operator, { email: "jane@acme.example", ...body });
  expect(answer.status).toBe(201);
  return answer.body;
}

const refused = { status: 403, body: { error_code: "TENANT_CREATION_BY_INVITATION" } };

describe("where organizations are created by invitation", () => {
  test("one is with its code, its plan and its owner, and many of one network", async () => {
    for (const plan of ["starter", "professional", "enterprise"]) {
      const { code } = await invitation({ plan });
      const made = await create({ subdomain: `by-${plan}`, invitation_code: code });
      expect(made).toMatchObject({ status: 201, body: { plan, admin_user: "jane@acme.example" } });
      expect(made.body.claim_url).toBeUndefined();
      expect(await create({ subdomain: `twice-${plan}`, invitation_code: code })).toMatchObject(refused);
    }
    const { code } = await invitation();
    const same = { subdomain: "fourth", invitation_code: code, admin_email: "Jane@ACME.example" };
    expect((await create(same)).status).toBe(201);
  });

  test("nobody else creates one", async () => {
    expect(await create({})).toMatchObject(refused);
    expect(await create({ plan: "enterprise" })).toMatchObject(refused);
    for (const invitation_code of ["lvc_guess", "0".repeat(200), "'; --"]) {
      expect(await create({ invitation_code })).toMatchObject(refused);
    }
    expect((await create({ invitation_code: "" })).status).toBe(400);
    expect((await create({ invitation_code: "x\0" })).status).toBe(400);
  });

  test("a code that somebody else has got hold of gives them nothing, and is not used up [stolen]", async () => {
    const { code } = await invitation({ plan: "professional" });
    const wanted = { subdomain: "stolen", invitation_code: code };
    expect(await create({ ...wanted, admin_email: "eve@evil.example" })).toMatchObject(refused);
    expect(await create({ ...wanted, plan: "enterprise" })).toMatchObject({
      status: 403,
      body: { error_code: "PLAN_NEEDS_SUBSCRIPTION" },
    });
    expect((await create({ ...wanted, subdomain: "www" })).status).toBe(400);
    expect(await create(wanted)).toMatchObject({ status: 201, body: { admin_user: "jane@acme.example" } });
  });

  test("of twenty who bring one code at once one gets it [race]", async () => {
    const { code } = await invitation();
    const all = Array.from({ length: 20 }, (_, at) => create({ subdomain: `race-${at}`, invitation_code: code }));
    expect((await Promise.all(all)).map(({ status }) => status).toSorted()).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 403),
    ]);
  });

  test("a code holds for seven days, and again where what it made vanished unclaimed", async () => {
    const [late, again] = [await invitation(), await invitation()];
    await change("UPDATE tenant_invitations SET expires_at = now() - interval '1 s' WHERE id = $1", [late.id]);
    expect(await create({ subdomain: "late", invitation_code: late.code })).toMatchObject(refused);
    const { body } = await create({ subdomain: "again", invitation_code: again.code });
    await change("UPDATE tenants SET created_at = now() - interval '25 hours' WHERE id = $1", [body.id]);
    expect(await sweepUnconfirmed(parts.database)).toBe(1);
    expect((await create({ subdomain: "again", invitation_code: again.code })).status).toBe(201);
    const days = await change(
      "SELECT round(extract(epoch FROM expires_at - created_at) / 86400)::int AS days FROM tenant_invitations WHERE id = $1",
      [again.id],
    );
    expect(days.rows).toEqual([{ days: 7 }]);
  });

  test("a code whose tenant was erased opens no other [used twice]", async () => {
    const { code } = await invitation();
    const { body } = await create({ subdomain: "erased", invitation_code: code });
    await change(
      "UPDATE tenants SET onboarding = 'complete', lifecycle = 'deleted', updated_at = now() - interval '1 day' WHERE id = $1",
      [body.id],
    );
    expect(await eraseDeleted(parts)).toBe(1);
    expect(await create({ subdomain: "erased-again", invitation_code: code })).toMatchObject(refused);
  });

  test("goes, with the address in it, a week after it held", async () => {
    const [over, late] = [await invitation(), await invitation()];
    await change("UPDATE tenant_invitations SET expires_at = now() - interval '8 days' WHERE id = $1", [over.id]);
    await change("UPDATE tenant_invitations SET expires_at = now() - interval '6 days' WHERE id = $1", [late.id]);
    await removeOldInvitations(parts.database);
    const { rows } = await change("SELECT id FROM tenant_invitations WHERE id = ANY ($1)", [[over.id, late.id]]);
    expect(rows).toEqual([{ id: late.id }]);
  });

  test("the platform's people alone invite, an address and a plan that there are", async () => {
    const url = "/api/v1/platform/invitations";
    expect((await ask("POST", url, {}, { email: "jane@acme.example" })).status).toBe(401);
    for (const body of [{}, { email: "nobody" }, { email: "jane@acme.example", plan: "gold" }]) {
      expect((await ask("POST", url, operator, body)).status).toBe(400);
    }
  });
});
