import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Database } from "../db/database.ts";
import type { Parts } from "../parts.ts";
import { signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";
import { Callers } from "./callers.ts";

let running: TestParts;
let parts: Parts;
const apps: App[] = [];

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
});

afterAll(async () => {
  for (const app of apps) await app.close();
  await running.close();
});

/** The database, which counts what is read, and gives what it saw only after a while. */
function slowDatabase(milliseconds: number) {
  const seen = { reads: 0 };
  const slowly = async <T>(answering: Promise<T>): Promise<T> => {
    seen.reads += 1;
    const answer = await answering;
    await sleep(milliseconds);
    return answer;
  };
  const read: Database["read"] = (tenantId, work) => slowly(parts.database.read(tenantId, work));
  const rows: Database["rows"] = (tenantId, statement, values) =>
    slowly(parts.database.rows(tenantId, statement, values));
  return { seen, database: { ...parts.database, read, rows } };
}

async function appOn(changed: Partial<Parts>): Promise<App> {
  const app = await buildApp({ ...parts, ...changed });
  apps.push(app);
  return app;
}

test("a login asks as much of the database for an address that is known as for one that is not [enumeration]", async () => {
  const tenant = await testTenant(parts);
  const { email } = await testUser(parts, tenant);
  const { seen, database } = slowDatabase(0);
  const app = await appOn({ database });
  const readsFor = async (address: string) => {
    const before = seen.reads;
    const body = { email: address, password: "not this one", tenant: tenant.subdomain };
    expect((await app.inject({ method: "POST", url: "/auth/login", body })).statusCode).toBe(401);
    return seen.reads - before;
  };
  expect(await readsFor(email)).toBe(await readsFor("nobody@example.com"));
});

test("a session's state is believed for 0.9 s from when it was asked for, not from when a slow answer came [stale right]", async () => {
  const tenant = await testTenant(parts);
  const user = await testUser(parts, tenant);
  const { headers } = await signedIn(await appOn({}), tenant, user);
  const token = headers.authorization.slice("Bearer ".length);
  const { seen, database } = slowDatabase(700);
  const callers = new Callers(database, parts.keys, parts.config.tokens);
  await callers.callerOf(token);
  await callers.callerOf(token);
  expect(seen.reads).toBe(1);
  await sleep(300);
  await callers.callerOf(token);
  expect(seen.reads).toBe(2);
});
