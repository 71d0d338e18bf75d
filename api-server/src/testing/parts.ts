import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import type { UserRole } from "../accounts/roles.ts";
import { login } from "../accounts/schema.ts";
import type { App } from "../app.ts";
import { configFrom } from "../config.ts";
import { openParts, type Parts } from "../parts.ts";
import { testDatabase } from "./database.ts";

export type TestParts = {
  parts: Parts;
  /** Of the superuser, whom nothing holds back. */
  admin: string;
  close(): Promise<void>;
};

/** All that the routes stand on, with a database of its own. */
export async function testParts(
  env: NodeJS.ProcessEnv = {},
  via: (url: string) => string = (url) => url,
): Promise<TestParts> {
  const { urls, admin, drop } = await testDatabase();
  const config = configFrom({
    DATABASE_URL: via(urls.lv_app),
    DATABASE_WORKER_URL: via(urls.lv_worker),
    DATABASE_LOOKUP_URL: via(urls.lv_lookup),
    SECRET_KEY: randomBytes(32).toString("base64"),
    SIGN_IN_PER_MINUTE: "100000",
    TENANT_CREATION: "open",
    ...env,
  });
  const { parts, close } = await openParts(config, pino({ level: "silent" }));
  return {
    parts,
    admin,
    close: async () => {
      await close();
      await drop();
    },
  };
}

export type TestTenant = { id: string; subdomain: string };

let made = 0;

export async function testTenant({ database }: Parts, plan = "starter"): Promise<TestTenant> {
  const tenant = { id: randomUUID(), subdomain: `tenant-${made++}` };
  const data = { ...tenant, plan, organizationName: `Organization ${tenant.subdomain}` };
  await database.write(tenant.id, (tx) => tx.tenant.create({ data }));
  return tenant;
}

export const PASSWORD = "correct horse battery staple";

/** A user who can log in with PASSWORD. */
export async function testUser(
  { database, passwords }: Parts,
  { id: tenantId }: TestTenant,
  role: UserRole = "owner",
): Promise<{ id: string; email: string }> {
  const user = { id: randomUUID(), email: `user-${made++}@example.com` };
  const passwordHash = await passwords.hash(PASSWORD);
  await database.write(tenantId, (tx) => tx.user.create({ data: { ...user, tenantId, role, passwordHash } }));
  return user;
}

export type Headers = Record<string, string>;

/** Asks the application without a port. */
export function asking(app: () => App) {
  return async (method: "GET" | "POST" | "PATCH" | "DELETE", url: string, headers: Headers, body?: object) => {
    const answer = await app().inject({ method, url, headers, ...(body === undefined ? {} : { body }) });
    return { status: answer.statusCode, body: answer.body === "" ? undefined : answer.json(), headers: answer.headers };
  };
}

/** The headers of somebody who has just logged in. */
export async function signedIn(app: App, { subdomain }: TestTenant, { email }: { email: string }) {
  const body = { email, password: PASSWORD, tenant: subdomain };
  const answer = await app.inject({ method: "POST", url: "/auth/login", body });
  const { access_token, refresh_token } = login.parse(answer.json());
  return { headers: { authorization: `Bearer ${access_token}` }, refreshToken: refresh_token };
}
