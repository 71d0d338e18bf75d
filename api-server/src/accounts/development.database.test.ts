import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { asking, type TestParts, testParts } from "../testing/parts.ts";
import { developmentToken } from "./development.ts";
import type { UserRole } from "./roles.ts";

let running: TestParts;
let parts: Parts;
let app: App;
const ask = asking(() => app);

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
  app = await buildApp(parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

function token(tenant = "acme", role: UserRole = "owner", publicUrl = parts.config.publicUrl): Promise<string> {
  const { database, config } = parts;
  return developmentToken({ database, keys: parts.keys(), config: { ...config, publicUrl } }, { tenant, role });
}

const bearer = async (tenant?: string, role?: UserRole) => ({
  authorization: `Bearer ${await token(tenant, role)}`,
});

async function rowsOf(subdomain: string) {
  const tenant = await parts.database.findTenant(subdomain);
  return await parts.database.read(tenant?.id ?? "", async (db) => ({
    users: await db.user.findMany(),
    sessions: await db.session.findMany(),
    projects: await db.project.findMany(),
    outbox: await db.outbox.findMany(),
    tenant: await db.tenant.findFirst(),
  }));
}

describe("a development token", () => {
  test("opens a tenant that it makes, whose owner needs no link", async () => {
    const answer = await ask("GET", "/api/v1/projects", await bearer());
    expect(answer).toMatchObject({ status: 200, body: [{ name: "Welcome" }] });
    const { tenant, users, sessions } = await rowsOf("acme");
    expect(tenant).toMatchObject({ organizationName: "Acme Corp", plan: "starter", onboarding: "confirmed" });
    expect(users).toMatchObject([{ email: "dev-owner@acme.localhost", role: "owner", passwordHash: null }]);
    expect(sessions).toMatchObject([{ method: "development" }]);
  });

  test("is made twenty times at once, and one tenant, one user and one session are there", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token("many")));
    const answers = await Promise.all(
      tokens.map((each) => ask("GET", "/api/v1/projects", { authorization: `Bearer ${each}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    const { users, sessions, projects } = await rowsOf("many");
    expect([users.length, sessions.length, projects.length]).toEqual([1, 1, 1]);
  });

  test("is of one user, however the tenant is named", async () => {
    await token();
    const before = (await rowsOf("acme")).users.length;
    for (const name of ["ACME", (await parts.database.findTenant("acme"))?.id]) await token(name);
    expect((await rowsOf("acme")).users.length).toBe(before);
  });

  test("keeps a tenant that a curl has made from being swept away", async () => {
    await ask("POST", "/tenants", {}, { organization_name: "Curled", subdomain: "curled" });
    expect((await rowsOf("curled")).tenant).toMatchObject({ onboarding: "unconfirmed" });
    for (let time = 0; time < 2; time++) await token("curled");
    const { tenant, outbox } = await rowsOf("curled");
    expect([tenant?.onboarding, outbox.map(({ topic }) => topic)]).toEqual(["confirmed", ["tenant.apply"]]);
  });

  test("has its role's rights and no others", async () => {
    const viewer = await bearer("acme", "viewer");
    expect((await ask("GET", "/api/v1/projects", viewer)).status).toBe(200);
    expect((await ask("POST", "/api/v1/projects", viewer, { name: "Mine" })).status).toBe(403);
  });

  test("of one tenant does not open another [cross-tenant]", async () => {
    await token("tech");
    const headers = { ...(await bearer("acme")), "x-tenant-id": "tech" };
    expect(await ask("GET", "/api/v1/projects", headers)).toMatchObject({
      status: 403,
      body: { error_code: "TENANT_MISMATCH" },
    });
  });

  test("is a new session after the old one was ended", async () => {
    const headers = await bearer("ended");
    expect((await ask("POST", "/auth/logout", headers)).status).toBe(204);
    expect((await ask("GET", "/api/v1/projects", headers)).status).toBe(401);
    expect((await ask("GET", "/api/v1/projects", await bearer("ended"))).status).toBe(200);
  });

  test("leaves nobody a password to sign in with [side door]", async () => {
    await token();
    for (const password of ["null", "undefined", " "]) {
      const body = { email: "dev-owner@acme.localhost", password, tenant: "acme" };
      expect((await ask("POST", "/auth/login", {}, body)).status).toBe(401);
    }
  });
});

describe("a development token is refused", () => {
  test.each([
    "https://api.example.com",
    "http://10.0.0.7:8000",
    "http://localhost.example.com",
    "http://127.0.0.1.nip.io",
  ])("for an API that others can reach [token of a stranger]: %s", async (publicUrl) => {
    await expect(token("acme", "owner", publicUrl)).rejects.toThrow("only for an API on this machine");
  });

  test.each(["http://localhost:8000", "http://127.0.0.1:8001", "http://[::1]:8000", "http://api.localhost"])(
    "but not for %s",
    async (publicUrl) => {
      await expect(token("acme", "owner", publicUrl)).resolves.toMatch(/^ey/);
    },
  );

  test.each(["Acme Corp", "kube-system", "admin", "a_b", "-a", ""])(
    "for a name that no tenant can have: %j",
    async (name) => {
      await expect(token(name)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
      expect(await parts.database.findTenant(name)).toBeUndefined();
    },
  );

  test("where somebody changed or deactivated that user, in words that say so", async () => {
    await token("changed", "admin");
    const owner = await bearer("changed");
    const admin = (await rowsOf("changed")).users.find(({ role }) => role === "admin");
    await ask("PATCH", `/api/v1/members/${admin?.id}`, owner, { role: "viewer" });
    await expect(token("changed", "admin")).rejects.toThrow("has role viewer now");
  });

  test("where the plan has no room for one more user", async () => {
    for (const role of ["owner", "admin", "member"] as const) await token("full", role);
    await expect(token("full", "viewer")).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  });
});
