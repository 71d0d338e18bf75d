import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { open } from "../accounts/sealing.ts";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { PASSWORD, type TestParts, testParts } from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;
let network = 0;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp({ ...parts, config: { ...parts.config, trustedProxies: ["127.0.0.1"] } });
});

afterAll(async () => {
  await app.close();
  await running.close();
});

/** From a network of its own, unless one is said: three an hour are let through from each. */
async function create(body: object, from = `10.0.${network++}.1`, url = "/api/v1/tenants") {
  const answer = await app.inject({ method: "POST", url, headers: { "x-forwarded-for": from }, body });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

async function accept(claimUrl: string, more: object = {}) {
  const token = new URL(claimUrl).searchParams.get("token");
  const answer = await app.inject({
    method: "POST",
    url: "/auth/register",
    body: { token, password: PASSWORD, ...more },
  });
  return { status: answer.statusCode, body: answer.json() };
}

describe("creating a tenant", () => {
  test.each(["/api/v1/tenants", "/tenants", "/tenants/create"])(
    "by the seed's curl gives a tenant that its owner can claim: %s",
    async (url) => {
      const subdomain = `acme${url.replaceAll("/", "-")}`;
      const { status, body } = await create({ organization_name: "Acme Corp", subdomain }, undefined, url);
      expect([status, body]).toMatchObject([
        201,
        { organization_name: "Acme Corp", subdomain, plan: "starter", admin_user: null, status: "onboarding" },
      ]);
      expect(body.tenant_id).toBe(body.id);
      const owner = await accept(body.claim_url, { email: "jane@acme.example" });
      expect(owner).toMatchObject({ status: 201, body: { user: { email: "jane@acme.example", role: "owner" } } });
      const headers = { authorization: `Bearer ${owner.body.access_token}`, "x-tenant-id": body.id };
      expect((await app.inject({ url: "/api/v1/projects", headers })).json()).toMatchObject([{ name: "Welcome" }]);
      expect((await accept(body.claim_url, { email: "eve@evil.example" })).status).toBe(400);
    },
  );

  test("with an address mails the link there, and shows it to nobody else", async () => {
    const { body } = await create({ organization_name: "Tech", subdomain: "tech", admin_email: "joe@tech.example" });
    expect(body).toMatchObject({ admin_user: "joe@tech.example" });
    expect(body.claim_url).toBeUndefined();
    const [mail] = await parts.database.read(body.id, (db) => db.outbox.findMany());
    const payload = { mail: "welcome", to: "joe@tech.example", values: { organization: "Tech" } };
    expect(mail).toMatchObject({ topic: "mail.send", payload });
    const { sealed_link: sealed } = z.object({ sealed_link: z.string() }).parse(mail?.payload);
    const link = open(Buffer.from(sealed, "base64"), parts.config.secret, mail?.id ?? "");
    // The invitation's address holds, whatever who opens it says.
    const owner = await accept(link, { email: "eve@evil.example" });
    expect(owner).toMatchObject({ status: 201, body: { user: { email: "joe@tech.example" } } });
    const { topics, tenant } = await parts.database.read(body.id, async (db) => ({
      topics: (await db.outbox.findMany({ orderBy: { id: "asc" } })).map(({ topic }) => topic),
      tenant: await db.tenant.findFirst(),
    }));
    expect([topics, tenant?.onboarding]).toEqual([
      ["mail.send", "tenant.apply", "mail.send", "mail.send", "mail.send"],
      "confirmed",
    ]);
    // Who came by the mailed link has read the mail; who claimed by a link on the screen has shown nothing.
    const verified = async (id: string) =>
      (await parts.database.read(id, (db) => db.user.findFirst()))?.emailVerifiedAt?.getTime() ?? 0;
    expect(await verified(body.id)).toBeGreaterThan(0);
    const other = (await create({ organization_name: "Bank", subdomain: "bank" })).body;
    expect((await accept(other.claim_url, { email: "ceo@bank.example" })).status).toBe(201);
    expect(await verified(other.id)).toBe(0);
  });

  test("without a subdomain makes one of the name", async () => {
    expect((await create({ organization_name: "Müller & Söhne GmbH" })).body.subdomain).toBe("muller-sohne-gmbh");
    expect((await create({ organization_name: "99 Luftballons" })).body.subdomain).toBe("luftballons");
    expect(await create({ organization_name: "北京" })).toMatchObject({
      status: 400,
      body: { errors: [{ path: "body.subdomain" }] },
    });
  });

  test("refuses a name that is taken, held, reserved or none for Kubernetes", async () => {
    await create({ organization_name: "First", subdomain: "first" });
    expect(await create({ organization_name: "Second", subdomain: "FIRST" })).toMatchObject({
      status: 409,
      body: { error_code: "SUBDOMAIN_TAKEN" },
    });
    await inDatabase(running.admin, (client) =>
      client.query(
        "INSERT INTO held_names VALUES ('held', now() + interval '1 day'), ('free', now() - interval '1 day')",
      ),
    );
    expect((await create({ organization_name: "H", subdomain: "held" })).status).toBe(409);
    expect((await create({ organization_name: "F", subdomain: "free" })).status).toBe(201);
    const id = "0190c7a1-7c3e-7000-8000-000000000000";
    for (const subdomain of [
      "www",
      "api",
      "kube-system",
      "leanvibe",
      "9lives",
      "a.b",
      "-x",
      "x-",
      "x".repeat(64),
      "",
      id,
      "a\0",
    ]) {
      expect(await create({ organization_name: "X", subdomain })).toMatchObject({
        status: 400,
        body: { errors: [{ path: "body.subdomain" }] },
      });
    }
  });

  test("of 20 who want one name at once gives it to one, and leaves nothing of the others [race]", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => create({ organization_name: "Race", subdomain: "race" })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    const left = await inDatabase(running.admin, (client) =>
      client.query("SELECT count(*)::int AS n FROM tenants WHERE organization_name = 'Race'"),
    );
    expect(left.rows).toEqual([{ n: 1 }]);
  });

  test("is for three an hour of one network, also of many at once [flood]", async () => {
    const flood = Array.from({ length: 10 }, (_, at) => create({ organization_name: `Flood ${at}` }, `172.16.7.${at}`));
    const answers = await Promise.all(flood);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused).toMatchObject({ body: { error_code: "RATE_LIMITED" }, headers: { "retry-after": "3600" } });
    expect((await create({ organization_name: "Neighbour" }, "172.16.8.1")).status).toBe(201);
    // As some proxies write it.
    expect((await create({ organization_name: "Same" }, "::ffff:172.16.7.99")).status).toBe(429);
    expect((await create({ organization_name: "Other" }, "172.16.9.1:5678")).status).toBe(201);
    const six = await Promise.all(
      [1, 2, 3, 4].map((at) => create({ organization_name: `Six ${at}` }, `2001:db8:7:${at}::1`)),
    );
    expect(six.filter(({ status }) => status === 201)).toHaveLength(3);
  });

  test("begins with the plan starter, and is not for everybody everywhere", async () => {
    const asked = await create({ organization_name: "Big", plan: "enterprise" });
    expect(asked).toMatchObject({ status: 403, body: { error_code: "PLAN_NEEDS_SUBSCRIPTION" } });
    const closed = await buildApp({ ...parts, config: { ...parts.config, tenantCreation: "closed" } });
    const answer = await closed.inject({ method: "POST", url: "/tenants", body: { organization_name: "X" } });
    expect([answer.statusCode, answer.json().error_code]).toEqual([403, "TENANT_CREATION_CLOSED"]);
    await closed.close();
  });
});
