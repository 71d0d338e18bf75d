import { randomBytes } from "node:crypto";
import {
  changeProject,
  createClient,
  createProject,
  createTenant,
  deleteProject,
  getProject,
  listProjects,
  register,
} from "@leanvibe/client";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configFrom } from "../../api-server/src/config.ts";
import { type RunningServer, startServer } from "../../api-server/src/server.ts";
import { type TestDatabase, testDatabase } from "../../api-server/src/testing/database.ts";

let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  database = await testDatabase();
  const config = configFrom({
    DATABASE_URL: database.urls.lv_app,
    DATABASE_WORKER_URL: database.urls.lv_worker,
    DATABASE_LOOKUP_URL: database.urls.lv_lookup,
    SECRET_KEY: randomBytes(32).toString("base64"),
    TENANT_CREATION: "open",
    PORT: "0",
    METRICS_PORT: "0",
  });
  server = await startServer(config, pino({ level: "silent" }));
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** From nothing to the token of an organization's owner. */
async function owner(name: string) {
  const anybody = createClient({ baseUrl: server.url });
  const tenant = await createTenant({ client: anybody, body: { organization_name: name }, throwOnError: true });
  const token = new URL(tenant.data.claim_url ?? "").searchParams.get("token") ?? "";
  const body = { token, email: "jane@acme.example", password: "correct horse battery staple" };
  const { data } = await register({ client: anybody, body, throwOnError: true });
  return createClient({ baseUrl: server.url, auth: data.access_token });
}

test("from nothing to a project that is made, listed, renamed and gone, by the generated client over a real port", async () => {
  const client = await owner("Acme Corp");
  const made = await createProject({ client, body: { name: "Website" }, throwOnError: true });
  expect(made.response.status).toBe(201);
  const path = { id: made.data.id };

  const page = await listProjects({ client, query: { limit: 1 }, throwOnError: true });
  expect(page.data.map(({ name }) => name)).toEqual(["Welcome"]);
  const cursor = page.response.headers.get("X-Next-Cursor") ?? "";
  const next = await listProjects({ client, query: { cursor }, throwOnError: true });
  expect(next.data).toEqual([made.data]);

  const renamed = await changeProject({ client, path, body: { name: "Web" }, throwOnError: true });
  expect((await getProject({ client, path, throwOnError: true })).data).toEqual(renamed.data);

  const deleted = await deleteProject({ client, path });
  expect(deleted.response?.status).toBe(204);
  expect((await getProject({ client, path })).error).toMatchObject({ status: 404, error_code: "PROJECT_NOT_FOUND" });
});

test("a refusal says by its type what was wrong, where, and what to do", async () => {
  const client = await owner("Tech Corp");
  const { data, error } = await createProject({ client, body: { name: "" } });
  expect(data).toBeUndefined();
  expect(error).toMatchObject({
    error_code: "VALIDATION_FAILED",
    errors: [{ path: "body.name", message: "must be one line, and not empty" }],
    fix: "Mend the fields named under errors.",
  });
  const anybody = createClient({ baseUrl: server.url });
  expect((await listProjects({ client: anybody })).error).toMatchObject({ error_code: "TENANT_REQUIRED" });
});
