import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import type { Parts } from "../parts.ts";
import { inDatabase } from "../testing/database.ts";
import { asking, type Headers, signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";

let running: TestParts;
let parts: Parts;
let app: App;

beforeAll(async () => {
  // Nobody answers there: what is to be mailed waits.
  running = await testParts({ SMTP_URL: "smtp://127.0.0.1:9" });
  parts = running.parts;
  app = await buildApp(parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
});

const ask = asking(() => app);
const sql = (text: string, values: unknown[] = []) => inDatabase(running.admin, (client) => client.query(text, values));
const URL_OF_ALL = "/api/v1/invitations";
const invite = (headers: Headers, email: string) => ask("POST", URL_OF_ALL, headers, { email });

async function owner({ plan = "starter", proven = true } = {}) {
  const tenant = await testTenant(parts, plan);
  const user = await testUser(parts, tenant);
  if (proven) await sql("UPDATE users SET email_verified_at = now() WHERE id = $1", [user.id]);
  return { ...tenant, ...(await signedIn(app, tenant, user)) };
}

const mails = async (tenantId: string) =>
  (await sql("SELECT payload->>'to' AS to FROM outbox WHERE tenant_id = $1 AND topic = 'mail.send'", [tenantId])).rows;

describe("invitations as a way to send mail [spam relay]", () => {
  test("are so many at a time as there are seats, and twenty; what is withdrawn makes room", async () => {
    const { headers } = await owner();
    const all = await Promise.all(Array.from({ length: 25 }, (_, at) => invite(headers, `at-once-${at}@example.com`)));
    const answers = Map.groupBy(all, ({ status }) => status);
    expect([answers.get(201)?.length, answers.get(403)?.length]).toEqual([22, 3]);
    expect(answers.get(403)?.[0]?.body).toMatchObject({
      error_code: "QUOTA_EXCEEDED",
      detail: expect.stringMatching(/^Members and open invitations are 23 at most on plan starter\./),
    });
    await ask("DELETE", `${URL_OF_ALL}/${answers.get(201)?.[0]?.body.id}`, headers);
    expect((await invite(headers, "room@example.com")).status).toBe(201);
  });

  test("are thirty an hour, those counted that were withdrawn", async () => {
    const { id, headers } = await owner();
    for (let at = 0; at < 30; at += 1) {
      const made = await invite(headers, `one-by-one-${at}@example.com`);
      expect(made.status).toBe(201);
      expect((await ask("DELETE", `${URL_OF_ALL}/${made.body.id}`, headers)).status).toBe(204);
    }
    const refused = await invite(headers, "late@example.com");
    expect(refused).toMatchObject({ status: 429, body: { error_code: "RATE_LIMITED" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3_000);
    expect(await mails(id)).toHaveLength(30);
  });

  test("reach an address once a minute, also one that was withdrawn, however it is written", async () => {
    const { id, headers } = await owner();
    const { body } = await invite(headers, "victim@example.com");
    await ask("DELETE", `${URL_OF_ALL}/${body.id}`, headers);
    const again = await invite(headers, "VICTIM@example.com");
    expect(again).toMatchObject({ status: 429, body: { error_code: "RATE_LIMITED" } });
    expect(Number(again.headers["retry-after"])).toBeGreaterThan(50);
    await sql("UPDATE invitations SET created_at = now() - interval '61 seconds' WHERE tenant_id = $1", [id]);
    expect((await invite(headers, "victim@example.com")).status).toBe(201);
  });

  test("are not mailed in the name of somebody whose own address nobody has proved: they pass them on themselves", async () => {
    const [proven, unproven] = [await owner(), await owner({ proven: false })];
    expect((await invite(proven.headers, "joe@example.com")).body.token).toBeUndefined();
    expect((await invite(unproven.headers, "joe@example.com")).body.token).toMatch(/^lvi_/);
    expect([await mails(proven.id), await mails(unproven.id)]).toEqual([[{ to: "joe@example.com" }], []]);
  });

  test("are listed a page at a time, each once", async () => {
    const { headers } = await owner();
    for (const name of ["a", "b", "c"]) await invite(headers, `${name}@example.com`);
    const first = await ask("GET", `${URL_OF_ALL}?limit=2`, headers);
    const rest = await ask("GET", `${URL_OF_ALL}?limit=2&cursor=${first.headers["x-next-cursor"]}`, headers);
    const emails = [...first.body, ...rest.body].map(({ email }: { email: string }) => email);
    expect(emails).toEqual(["a@example.com", "b@example.com", "c@example.com"]);
    expect([first.body.length, rest.headers["x-next-cursor"]]).toEqual([2, undefined]);
  });
});
