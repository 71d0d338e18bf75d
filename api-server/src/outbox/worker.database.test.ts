import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { buildApp } from "../app.ts";
import { openMailer } from "../mail/mailer.ts";
import type { Parts } from "../parts.ts";
import { sweepUnconfirmed } from "../tenants/sweep.ts";
import { inDatabase } from "../testing/database.ts";
import { type Mailbox, openMailbox } from "../testing/mailbox.ts";
import { asking, PASSWORD, type TestParts, testParts, testTenant } from "../testing/parts.ts";
import { type Handlers, handlersOf } from "./handlers.ts";
import { enqueue } from "./outbox.ts";
import { startWorker, type Worker } from "./worker.ts";

let running: TestParts;
let mailbox: Mailbox;
let parts: Parts;
const workers: Worker[] = [];

beforeAll(async () => {
  mailbox = await openMailbox();
  running = await testParts({ SMTP_URL: mailbox.url, TRUSTED_PROXIES: "127.0.0.1" });
  parts = running.parts;
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});

afterAll(async () => {
  await running.close();
  await mailbox.close();
});

async function start(handlers: Handlers = handlersOf(parts)): Promise<void> {
  workers.push(await startWorker(parts, handlers));
}

let network = 0;

async function createTenant(body: object) {
  const app = await buildApp(parts);
  const headers = { "x-forwarded-for": `10.7.${network++}.1` };
  const made = await asking(() => app)("POST", "/api/v1/tenants", headers, body);
  await app.close();
  return made;
}

const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 15_000, interval: 50 });

/** Everything that anybody who reads the database could see of the outbox and the queues. */
async function kept(): Promise<string> {
  return await inDatabase(running.admin, async (client) => {
    const { rows } = await client.query(
      "SELECT payload::text AS text FROM outbox UNION ALL SELECT data::text FROM lv_jobs.job",
    );
    return rows.map(({ text }) => text).join("\n");
  });
}

describe("mail", () => {
  test("a new owner gets the link by mail, and nobody who reads the database can follow it [stolen dump]", async () => {
    const made = await createTenant({
      organization_name: "Mail & Co <b>",
      subdomain: "letters",
      admin_email: "joe@mail.example",
    });
    expect(made.status).toBe(201);
    const before = await kept();
    await start();
    const { to, mail } = await until(() => {
      const found = mailbox.received.find(({ mail: { subject } }) => subject?.includes("Mail & Co"));
      if (found === undefined) throw new Error("not yet");
      return found;
    });
    expect([to, mail.from?.text]).toEqual([["joe@mail.example"], '"LeanVibe" <no-reply@localhost>']);
    const [link = ""] = /http:\S+/.exec(mail.text ?? "") ?? [];
    const token = new URL(link).searchParams.get("token") ?? "";
    expect(String(mail.html)).toContain("Mail &amp; Co &lt;b&gt; was made");
    expect(`${before}${await kept()}`).not.toContain(token);
    const app = await buildApp(parts);
    const owner = await asking(() => app)("POST", "/auth/register", {}, { token, password: PASSWORD });
    expect(owner).toMatchObject({ status: 201, body: { user: { email: "joe@mail.example", role: "owner" } } });
    await app.close();
  });

  test("an address that reads like two is none [injection]", async () => {
    const admin_email = "joe,eve@evil.example";
    const made = await createTenant({ organization_name: "Comma", subdomain: "comma", admin_email });
    expect(made).toMatchObject({ status: 400, body: { errors: [{ path: "body.admin_email" }] } });
  });

  test("waits where no mail server is named, and while one is down, and is sent once", async () => {
    await createTenant({ organization_name: "Patient", subdomain: "patient", admin_email: "jo@patient.example" });
    await start(handlersOf({ ...parts, mailer: undefined }));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(mailbox.received.filter(({ to }) => to.includes("jo@patient.example"))).toEqual([]);
    const late = await openMailbox();
    const port = Number(new URL(late.url).port);
    await late.close();
    const mailer = openMailer({ url: late.url, from: "LeanVibe <a@b.example>", domain: "b.example" });
    await start(handlersOf({ ...parts, mailer }));
    await until(async () => {
      const retried = await inDatabase(running.admin, (client) =>
        client.query("SELECT FROM lv_jobs.job WHERE state = 'retry' AND data->>'topic' = 'mail.send'"),
      );
      expect(retried.rowCount).toBeGreaterThan(0);
    });
    const up = await openMailbox(port);
    await until(() => expect(up.received.map(({ to }) => to)).toEqual([["jo@patient.example"]]));
    expect(up.received[0]?.mail.messageId).toMatch(/^<[0-9a-f-]{36}@b\.example>$/);
    mailer.close();
    await up.close();
  });

  test("follow-ups are for who has not begun", async () => {
    const tenant = await testTenant(parts);
    const entry = async (to: string) => {
      const payload = { mail: "follow_up", to, values: { organization: "Follow", day: 1 } } as const;
      await parts.database.write(tenant.id, (tx) => enqueue(tx, tenant.id, { topic: "mail.send", payload }));
    };
    await start();
    await entry("idle@follow.example");
    await until(() => expect(mailbox.received.some(({ to }) => to.includes("idle@follow.example"))).toBe(true));
    for (const name of ["one", "two"]) {
      await parts.database.write(tenant.id, (tx) =>
        tx.project.create({ data: { tenantId: tenant.id, id: crypto.randomUUID(), name } }),
      );
    }
    await entry("busy@follow.example");
    await until(async () => {
      const left = await inDatabase(running.admin, (client) =>
        client.query(
          "SELECT FROM lv_jobs.job WHERE state = 'completed' AND data->'payload'->>'to' = 'busy@follow.example'",
        ),
      );
      expect(left.rowCount).toBe(1);
    });
    expect(mailbox.received.some(({ to }) => to.includes("busy@follow.example"))).toBe(false);
  });
});

describe("the outbox", () => {
  test("gives each of 300 entries to one of three processes, once, and for its tenant", async () => {
    const tenants = [await testTenant(parts), await testTenant(parts)];
    const done: string[] = [];
    const handlers: Handlers = {
      "tenant.apply": async (_payload, { tenantId, id }) => {
        // Of tests before this one there may be some too.
        if (tenants.some((each) => each.id === tenantId)) done.push(`${tenantId} ${id}`);
      },
    };
    for (let at = 0; at < 3; at++) await start(handlers);
    const wanted: string[] = [];
    for (const { id: tenantId } of tenants) {
      await parts.database.write(tenantId, async (tx) => {
        for (let at = 0; at < 150; at++) {
          const id = crypto.randomUUID();
          wanted.push(`${tenantId} ${id}`);
          await enqueue(tx, tenantId, { topic: "tenant.apply", payload: {}, id });
        }
      });
    }
    await until(() => expect(done.length).toBeGreaterThanOrEqual(300));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(done.toSorted()).toEqual(wanted.toSorted());
  });

  test("an entry whose transaction is undone never was", async () => {
    const tenant = await testTenant(parts);
    const seen: string[] = [];
    await start({ "tenant.apply": async (_payload, { tenantId }) => void seen.push(tenantId) });
    const undone = parts.database.write(tenant.id, async (tx) => {
      await enqueue(tx, tenant.id, { topic: "tenant.apply", payload: {} });
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(seen).toEqual([]);
  });

  test("tries again what fails", async () => {
    const tenant = await testTenant(parts);
    let tries = 0;
    await start({
      "tenant.apply": async () => {
        tries++;
        if (tries < 2) throw new Error("not yet");
      },
    });
    await parts.database.write(tenant.id, (tx) => enqueue(tx, tenant.id, { topic: "tenant.apply", payload: {} }));
    await until(() => expect(tries).toBe(2));
  });
});

test("a tenant whose owner never came goes after a day, others stay", async () => {
  await createTenant({ organization_name: "Old", subdomain: "old" });
  await createTenant({ organization_name: "New", subdomain: "new" });
  await createTenant({ organization_name: "Owned", subdomain: "owned" });
  await inDatabase(running.admin, async (client) => {
    await client.query(
      "UPDATE tenants SET created_at = now() - interval '25 hours' WHERE subdomain IN ('old', 'owned')",
    );
    await client.query("UPDATE tenants SET onboarding = 'confirmed' WHERE subdomain = 'owned'");
  });
  expect(await sweepUnconfirmed(parts.database)).toBe(1);
  const left = await inDatabase(running.admin, (client) =>
    client.query("SELECT subdomain FROM tenants WHERE subdomain IN ('old', 'new', 'owned') ORDER BY subdomain"),
  );
  expect(left.rows.map(({ subdomain }) => subdomain)).toEqual(["new", "owned"]);
});
