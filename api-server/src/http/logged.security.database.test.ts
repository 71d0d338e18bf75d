import { once } from "node:events";
import { createConnection } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecret } from "../accounts/secrets.ts";
import { type App, buildApp } from "../app.ts";
import { openDatabase } from "../db/database.ts";
import type { Parts } from "../parts.ts";
import { PASSWORD, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
const logged: string[] = [];

beforeAll(async () => {
  running = await testParts();
  const log = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  parts = { ...running.parts, log };
});

afterAll(() => running.close());

/** All the ways on which a secret comes, well used and ill. */
async function bring(app: App, headers: { authorization: string }, secret: string): Promise<void> {
  const json = { "content-type": "application/json" };
  for (const url of [
    `/welcome?token=${secret}`,
    `/welcome?token=${secret}&token=${secret}`,
    `/welcome/${secret}?x`,
    `/api/v1/exports/${secret}`,
    `/api/v1/exports/${secret}/`,
    `/nothing/${secret}?token=${secret}#${secret}`,
    `/%ZZ?token=${secret}`,
    `/api/v1/projects?cursor=${secret}`,
    `/api/v1/projects/${secret}`,
  ]) {
    for (const method of ["GET", "DELETE", "POST"] as const) await app.inject({ method, url, headers });
  }
  await app.inject({ url: "/api/v1/projects", headers: { authorization: `Bearer ${secret}`, cookie: secret } });
  for (const [url, body] of [
    ["/auth/register", { token: secret, password: secret }],
    ["/auth/register", { token: secret, password: secret, [secret]: secret }],
    ["/auth/refresh", { refresh_token: secret }],
    ["/auth/login", { email: "joe@example.com", password: secret, tenant: "nobody" }],
    ["/api/v1/platform/session", { bootstrap_token: secret }],
    ["/api/v1/tenants", { organization_name: "Canary", invitation_code: secret }],
  ] as const) {
    await app.inject({ method: "POST", url, headers: json, body: JSON.stringify(body) });
  }
  await app.inject({ method: "POST", url: "/auth/login", headers: json, body: `{"password":"${secret}"` });
}

test("no secret stands in the log, whichever way it comes, also where the database is gone or the bytes are no request [log reader]", async () => {
  const tenant = await testTenant(parts);
  const user = await testUser(parts, tenant);
  const app = await buildApp(parts);
  const { headers, refreshToken } = await signedIn(app, tenant, user);
  const canaries = ["lvi", "lve", "lvr"].map((prefix) => newSecret(prefix).secret);
  for (const canary of canaries) await bring(app, headers, canary);
  const { hostname, port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.end(`GET /welcome?token=${canaries[0]} NOTHTTP\r\n\r\n`).resume();
  await once(socket, "close");
  const database = await openDatabase(parts.config.database);
  const cut = await buildApp({ ...parts, database });
  await database.close();
  for (const canary of canaries) await bring(cut, headers, canary);
  const linesWith = (text: string) => logged.filter((line) => line.includes(text));
  expect(linesWith('"path":"/welcome"').length).toBeGreaterThan(0);
  expect(linesWith("DATABASE_UNAVAILABLE").length).toBeGreaterThan(0);
  for (const secret of [...canaries, refreshToken, headers.authorization.slice("Bearer ".length), PASSWORD]) {
    expect(linesWith(secret.slice(0, 20))).toEqual([]);
  }
  await Promise.all([app.close(), cut.close()]);
});
