import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import {
  type Headers,
  PASSWORD,
  signedIn,
  type TestParts,
  type TestTenant,
  testTenant,
  testUser,
} from "../testing/parts.ts";
import { platformHeaders } from "../testing/platform.ts";
import { auditHead, sealAudit } from "./seal.ts";
import { verifyAudit } from "./verify.ts";

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

const asSuperuser = (text: string, values: unknown[] = []) =>
  inDatabase(running.admin, (client) => client.query(text, values));

type Person = { tenant: TestTenant; id: string; email: string; headers: Headers };

async function owner(): Promise<Person> {
  const tenant = await testTenant(parts, "professional");
  const user = await testUser(parts, tenant);
  return { tenant, ...user, headers: (await signedIn(app, tenant, user)).headers };
}

const trail = async ({ headers }: Person, query = "") => (await ask("GET", `/api/v1/audit${query}`, headers)).body;

async function verify(tenantId: string, known?: { seq: number; hash: string }) {
  const client = await parts.database.worker.connect();
  try {
    return await verifyAudit(client, tenantId, known);
  } finally {
    client.release();
  }
}

describe("the audit trail", () => {
  test("tells of a change with who, whence and in which request; what is refused is not in it", async () => {
    const jane = await owner();
    const made = await ask("POST", "/api/v1/projects", jane.headers, { name: "Told" });
    expect(await ask("POST", "/api/v1/projects", jane.headers, { name: "Told" })).toMatchObject({ status: 409 });
    const [event, loggedIn, ...rest] = await trail(jane);
    expect(event).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actor: { kind: "user", id: jane.id, email: jane.email },
      action: "project.created",
      target: { kind: "project", id: made.body.id },
      ip: "127.0.0.1",
      request_id: made.headers["x-request-id"],
      details: { name: "Told" },
    });
    expect([loggedIn.action, rest]).toEqual(["auth.logged_in", []]);
  });

  test("tells of every way in which something is changed", async () => {
    const from = { remoteAddress: "192.0.2.77" };
    const creation = { organization_name: "Every Way", subdomain: "every-way" };
    const made = (await app.inject({ method: "POST", url: "/tenants", body: creation, ...from })).json();
    const token = new URL(made.claim_url).searchParams.get("token");
    const registration = { token, password: PASSWORD, email: "jane@every.example" };
    const joined = (await ask("POST", "/auth/register", {}, registration)).body;
    const headers = { authorization: `Bearer ${joined.access_token}` };
    const project = (await ask("POST", "/api/v1/projects", headers, { name: "P" })).body;
    await ask("PATCH", `/api/v1/projects/${project.id}`, headers, { description: "a secret plan" });
    await ask("DELETE", `/api/v1/projects/${project.id}`, headers);
    const first = (await ask("POST", "/api/v1/invitations", headers, { email: "joe@every.example" })).body;
    await ask("DELETE", `/api/v1/invitations/${first.id}`, headers);
    const second = (await ask("POST", "/api/v1/invitations", headers, { email: "jo@every.example" })).body;
    const joe = (await ask("POST", "/auth/register", {}, { token: second.token, password: PASSWORD })).body;
    await ask("PATCH", `/api/v1/members/${joe.user.id}`, headers, { role: "viewer" });
    await ask("PATCH", `/api/v1/members/${joe.user.id}`, headers, { role: "viewer" });
    await ask("DELETE", `/api/v1/members/${joe.user.id}`, headers);
    await ask("PATCH", "/api/v1/tenants/current", headers, { organization_name: "Every Other Way" });
    const settings = { billing: { billing_email: "bills@every.example" }, locale: "de" };
    await app.inject({
      method: "PATCH",
      url: "/api/v1/tenants/current/settings",
      headers: { ...headers, "if-match": "*" },
      body: settings,
    });
    const login = { email: "jane@every.example", password: PASSWORD, tenant: "every-way" };
    await ask("POST", "/auth/login", {}, { ...login, password: "wrong" });
    await ask("POST", "/auth/login", {}, { ...login, email: "my-password-by-mistake" });
    const other = (await ask("POST", "/auth/login", {}, login)).body;
    await ask("POST", "/auth/sessions/revoke-others", headers);
    const again = (await ask("POST", "/auth/login", {}, login)).body;
    const sessions = (await ask("GET", "/auth/sessions", headers)).body;
    await ask("DELETE", `/auth/sessions/${sessions.find(({ current }: { current: boolean }) => !current).id}`, headers);
    const stolen = (await ask("POST", "/auth/login", {}, login)).body;
    await ask("POST", "/auth/refresh", {}, { refresh_token: stolen.refresh_token });
    await asSuperuser("UPDATE refresh_tokens SET claimed_at = claimed_at - interval '1 minute'");
    for (let at = 0; at < 3; at++) await ask("POST", "/auth/refresh", {}, { refresh_token: stolen.refresh_token });
    const lines = (await app.inject({ url: "/api/v1/audit/export", headers })).body.trimEnd().split("\n");
    await ask("POST", "/auth/logout", headers);
    const events = lines.map((line) => JSON.parse(line));
    expect([other.user.id, again.user.id]).toEqual([joined.user.id, joined.user.id]);
    expect(events.map(({ action }) => action)).toEqual([
      "tenant.created",
      "tenant.confirmed",
      "member.joined",
      "project.created",
      "project.changed",
      "project.deleted",
      "invitation.created",
      "invitation.withdrawn",
      "invitation.created",
      "member.joined",
      "member.changed",
      "member.removed",
      "tenant.changed",
      "settings.changed",
      "auth.login_failed",
      "auth.login_failed",
      "auth.logged_in",
      "session.others_ended",
      "auth.logged_in",
      "session.ended",
      "auth.logged_in",
      "auth.refresh_reused",
      "audit.exported",
    ]);
    const stored = await asSuperuser("SELECT to_jsonb(e)::text AS text FROM audit_events e WHERE tenant_id = $1", [
      made.id,
    ]);
    const text = stored.rows.map((row) => row.text).join("\n");
    for (const personal of ["every.example", "192.0.2.77", "127.0.0.1", "by-mistake", "secret plan"]) {
      expect(text).not.toContain(personal);
    }
    expect(events[0]).toMatchObject({ ip: "192.0.2.77", actor: { id: null, email: null } });
    expect(events[14]).toMatchObject({ actor: { id: joined.user.id, email: "jane@every.example" } });
    expect(events[15]).toMatchObject({ actor: { id: null, email: null }, ip: "127.0.0.1" });
    const last = await asSuperuser("SELECT action FROM audit_events WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1", [
      made.id,
    ]);
    expect(last.rows).toEqual([{ action: "auth.logged_out" }]);
  });

  test("tells of what the platform and a parent's owner did, each in the trail of whom it concerns, and not who of the platform", async () => {
    const jane = await owner();
    const child = (await ask("POST", "/api/v1/tenants/current/children", jane.headers, { organization_name: "Child" }))
      .body;
    const operator = await platformHeaders(app, parts);
    for (const [what, body] of [
      ["suspend", { reason: "Security" }],
      ["suspend", { reason: "Security" }],
      ["reactivate", undefined],
    ] as const) {
      await ask("POST", `/api/v1/platform/tenants/${jane.tenant.id}/${what}`, operator, body);
    }
    const told = (await trail(jane)).map(({ action, actor, target, details, ip }: Record<string, unknown>) => ({
      action,
      actor,
      target,
      details,
      ip,
    }));
    // Which of the platform's people it was, and whence, is the platform's to know.
    const platform = { kind: "platform", id: null, email: null };
    const { rows: whole } = await asSuperuser(
      "SELECT DISTINCT actor_id FROM audit_events WHERE tenant_id = $1 AND actor_kind = 'platform'",
      [jane.tenant.id],
    );
    const [{ actor_id: staff }] = whole as [{ actor_id: string }];
    expect(staff).not.toBe("");
    expect((await ask("GET", `/api/v1/audit?actor=${encodeURIComponent(staff)}`, jane.headers)).body).toEqual([]);
    expect((await app.inject({ url: "/api/v1/audit/export", headers: jane.headers })).body).not.toContain(staff);
    const target = { kind: "tenant", id: jane.tenant.id };
    expect(told.slice(0, -1)).toEqual([
      { action: "tenant.reactivated", actor: platform, target, details: {}, ip: null },
      { action: "tenant.suspended", actor: platform, target, details: { reason: "Security" }, ip: null },
      expect.objectContaining({ action: "child.created", target: { kind: "tenant", id: child.id } }),
    ]);
    const { rows } = await asSuperuser("SELECT actor_id, action, personal FROM audit_events WHERE tenant_id = $1", [
      child.id,
    ]);
    expect(rows).toEqual([{ actor_id: jane.id, action: "tenant.created", personal: null }]);
  });

  test("is one's own organization's, for admins and owners", async () => {
    const [jane, eve] = [await owner(), await owner()];
    const { body } = await ask("POST", "/api/v1/projects", jane.headers, { name: "Secret" });
    for (const url of ["/api/v1/audit", `/api/v1/audit?target=${body.id}`, "/api/v1/audit/export"]) {
      const answer = await app.inject({ url, headers: eve.headers });
      expect([answer.statusCode, answer.body.includes(body.id)]).toEqual([200, false]);
      for (const role of ["viewer", "member"] as const) {
        const user = await testUser(parts, jane.tenant, role);
        const { headers } = await signedIn(app, jane.tenant, user);
        expect((await app.inject({ url, headers })).statusCode).toBe(403);
      }
    }
  });

  test("comes in pages and by actor, action, target and time", async () => {
    const jane = await owner();
    for (let at = 0; at < 12; at++) await ask("POST", "/api/v1/projects", jane.headers, { name: `p${at}` });
    const all = await trail(jane);
    const seen: string[] = [];
    for (let url: string | undefined = "/api/v1/audit?limit=5"; url !== undefined; ) {
      const page = await ask("GET", url, jane.headers);
      seen.push(...page.body.map(({ id }: { id: string }) => id));
      url = /<([^>]+)>; rel="next"/.exec(String(page.headers["link"] ?? ""))?.[1];
    }
    expect([seen.length, seen]).toEqual([13, all.map(({ id }: { id: string }) => id)]);
    expect(await trail(jane, "?action=auth.logged_in")).toEqual([all[12]]);
    expect(await trail(jane, `?actor=${jane.id}&limit=100`)).toEqual(all);
    expect(await trail(jane, `?actor=${randomUUID()}`)).toEqual([]);
    expect(await trail(jane, `?target=${all[3].target.id}`)).toEqual([all[3]]);
    const before = all.filter(({ at }: { at: string }) => at < all[4].at);
    expect(await trail(jane, `?to=${all[4].at}`)).toEqual(before);
    expect(await trail(jane, `?from=${all[4].at}`)).toEqual(all.slice(0, all.length - before.length));
    expect(await ask("GET", "/api/v1/audit?from=yesterday", jane.headers)).toMatchObject({ status: 400 });
    // Neither can be said by an id.
    expect(await trail(jane, "?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59-12:00")).toEqual(all);
    expect(await ask("GET", "/api/v1/audit?action=nothing", jane.headers)).toMatchObject({ status: 400 });
  });

  test("is exported whole, 20,000 events with a few in memory at a time", async () => {
    const jane = await owner();
    await asSuperuser(
      `INSERT INTO audit_events (tenant_id, id, at, actor_kind, action, target_kind, target_id, details)
       SELECT $1, ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 'system', 'project.created', 'project', 'x',
         jsonb_build_object('text', repeat('x', 2000))
       FROM generate_series(1, 20000) n`,
      [jane.tenant.id],
    );
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const reads = vi.spyOn(parts.database, "read");
    const answer = await fetch(`${url}/api/v1/audit/export`, { headers: jane.headers });
    // Nobody takes what is sent: what the sockets between hold is all that is read.
    await sleep(1_500);
    const pages = reads.mock.calls.length;
    const lines = (await answer.text()).trimEnd().split("\n");
    expect([lines.length, reads.mock.calls.length > 40, pages < 20]).toEqual([20_002, true, true]);
    reads.mockRestore();
  });
});

describe("the chain", () => {
  /** Five events in two batches. */
  async function chained() {
    const jane = await owner();
    await ask("POST", "/api/v1/projects", jane.headers, { name: "a" });
    await ask("POST", "/api/v1/projects", jane.headers, { name: "b" });
    await sealAudit(parts.database);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "c" });
    await ask("POST", "/api/v1/projects", jane.headers, { name: "d" });
    await sealAudit(parts.database);
    const { id: tenantId } = jane.tenant;
    const head = await auditHead(parts.database, tenantId);
    if (head === undefined) throw new Error("nothing was sealed");
    const ids: string[] = (await trail(jane)).map(({ id }: { id: string }) => id).toReversed();
    return { jane, tenantId, ids, head };
  }

  async function faultsOf(tenantId: string, known?: { seq: number; hash: string }) {
    const { faults } = await verify(tenantId, known);
    return faults.map(({ kind, seq, id }) => [kind, seq, id]);
  }

  test("grows by a batch where there is news, and by nothing where there is none", async () => {
    const { jane, tenantId, head } = await chained();
    expect(head.seq).toBe(2);
    expect(await sealAudit(parts.database)).toBe(0);
    expect(await auditHead(parts.database, tenantId)).toEqual(head);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "e" });
    expect(await faultsOf(tenantId, head)).toEqual([]);
    expect(await sealAudit(parts.database)).toBe(1);
    expect(await verify(tenantId, head)).toMatchObject({ events: 6, faults: [], head: { seq: 3 } });
  });

  test("loses nothing of a transaction that was open while a batch was made", async () => {
    const { jane, tenantId, head } = await chained();
    const { promise: made, resolve: release } = Promise.withResolvers<void>();
    const { promise: begun, resolve: tell } = Promise.withResolvers<void>();
    const by = { tenantId, userId: jane.id, ip: "192.0.2.1" };
    const slow = parts.database.write(tenantId, async (tx) => {
      await parts.audit(tx, by, { action: "project.deleted", target: { kind: "project", id: "slow" } });
      tell();
      await made;
    });
    await begun;
    await ask("POST", "/api/v1/projects", jane.headers, { name: "meanwhile" });
    expect(await sealAudit(parts.database)).toBe(1);
    release();
    await slow;
    expect(await faultsOf(tenantId, head)).toEqual([]);
    expect(await sealAudit(parts.database)).toBe(1);
    const { rows } = await asSuperuser(
      "SELECT event_ids[1] AS id FROM audit_batches WHERE tenant_id = $1 AND seq > 2 ORDER BY seq",
      [tenantId],
    );
    expect(rows[1].id < rows[0].id).toBe(true);
    expect(await verify(tenantId, head)).toMatchObject({ events: 7, faults: [], head: { seq: 4 } });
  });

  test("made by ten at once and among writers has every event once", async () => {
    const people = [await owner(), await owner(), await owner()];
    const sealing = Array.from({ length: 10 }, async () => {
      for (let at = 0; at < 5; at++) await sealAudit(parts.database);
    });
    const writing = Array.from({ length: 40 }, (_, at) =>
      ask("POST", "/api/v1/projects", people[at % 3]?.headers ?? {}, { name: `p${at}` }),
    );
    await Promise.all([...sealing, ...writing]);
    await sealAudit(parts.database);
    for (const { tenant } of people) expect((await verify(tenant.id)).faults).toEqual([]);
    const { rows } = await asSuperuser("SELECT count(*)::int AS n FROM audit_unsealed");
    expect(rows).toEqual([{ n: 0 }]);
  });

  test.each<[string, (at: { tenantId: string; ids: string[] }) => [string, unknown[]][], (ids: string[]) => unknown[]]>(
    [
      [
        "changed",
        ({ tenantId, ids }) => [
          [`UPDATE audit_events SET details = '{"name": "x"}' WHERE tenant_id = $1 AND id = $2`, [tenantId, ids[1]]],
        ],
        (ids) => [["changed", 1, ids[1]]],
      ],
      [
        "moved in time by less than JavaScript can tell",
        ({ tenantId, ids }) => [
          [
            "UPDATE audit_events SET at = at + interval '1 microsecond' WHERE tenant_id = $1 AND id = $2",
            [tenantId, ids[3]],
          ],
        ],
        (ids) => [["changed", 2, ids[3]]],
      ],
      [
        "deleted",
        ({ tenantId, ids }) => [["DELETE FROM audit_events WHERE tenant_id = $1 AND id = $2", [tenantId, ids[2]]]],
        (ids) => [["missing", 1, ids[2]]],
      ],
      [
        "swapped with another",
        ({ tenantId, ids: [, one, two] }) => [
          [
            "UPDATE audit_events SET id = '00000000-0000-7000-8000-000000000000' WHERE tenant_id = $1 AND id = $2",
            [tenantId, one],
          ],
          ["UPDATE audit_events SET id = $2 WHERE tenant_id = $1 AND id = $3", [tenantId, one, two]],
          [
            "UPDATE audit_events SET id = $2 WHERE tenant_id = $1 AND id = '00000000-0000-7000-8000-000000000000'",
            [tenantId, two],
          ],
        ],
        ([, one, two]) => [
          ["moved", 1, one],
          ["moved", 1, two],
        ],
      ],
      [
        "put in",
        ({ tenantId }) => [
          [
            `INSERT INTO audit_events (tenant_id, id, at, actor_kind, action, target_kind, target_id)
         VALUES ($1, '01990000-0000-7000-8000-000000000000', now(), 'system', 'project.deleted', 'project', 'x')`,
            [tenantId],
          ],
        ],
        () => [["inserted", undefined, "01990000-0000-7000-8000-000000000000"]],
      ],
      [
        "taken from the list of its batch",
        ({ tenantId }) => [
          [
            "UPDATE audit_batches SET event_ids = event_ids[1:1], leaves = substr(leaves, 1, 32) WHERE tenant_id = $1 AND seq = 2",
            [tenantId],
          ],
        ],
        (ids) => [
          ["batch changed", 2, undefined],
          ["batch changed", 2, undefined],
          ["inserted", undefined, ids[4]],
        ],
      ],
    ],
  )("names an event that the superuser has %s", async (_what, tamper, wanted) => {
    const { tenantId, ids, head } = await chained();
    for (const [text, values] of tamper({ tenantId, ids })) await asSuperuser(text, values);
    expect(await faultsOf(tenantId, head)).toEqual(wanted(ids));
  });

  test("names a past that was put in by the ordinary way [a stolen connection of lv_app]", async () => {
    const { tenantId } = await chained();
    const id = "01990000-0000-7000-8000-000000000000";
    await inDatabase(parts.config.database.url, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('lv.tenant_id', $1, true)", [tenantId]);
      await client.query(
        "INSERT INTO audit_events (tenant_id, id, at, actor_kind, action, target_kind, target_id) VALUES ($1, $2, now(), 'system', 'project.deleted', 'project', 'x')",
        [tenantId, id],
      );
      await client.query("INSERT INTO audit_unsealed VALUES ($1, $2)", [tenantId, id]);
      await client.query("COMMIT");
    });
    await sealAudit(parts.database);
    expect(await faultsOf(tenantId)).toEqual([["inserted", 3, id]]);
  });

  test("names a newest batch that is gone, by the head that was kept elsewhere, and events that waited", async () => {
    const { jane, tenantId, ids, head } = await chained();
    await asSuperuser("DELETE FROM audit_events WHERE tenant_id = $1 AND id = ANY ($2)", [tenantId, ids.slice(3)]);
    await asSuperuser("DELETE FROM audit_batches WHERE tenant_id = $1 AND seq = 2", [tenantId]);
    expect(await faultsOf(tenantId)).toEqual([]);
    expect(await faultsOf(tenantId, head)).toEqual([["batch missing", 2, undefined]]);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "waits" });
    const [waits] = await trail(jane);
    await asSuperuser("DELETE FROM audit_events WHERE tenant_id = $1 AND id = $2", [tenantId, waits.id]);
    expect(await faultsOf(tenantId)).toEqual([["missing", undefined, waits.id]]);
  });

  test("is verified by a command that ends with 1 where something is wrong", async () => {
    const { tenantId, ids, head } = await chained();
    const run = async (...args: string[]) => {
      const file = join(import.meta.dirname, "..", "audit-verify.ts");
      const env = { ...process.env, DATABASE_WORKER_URL: parts.config.database.workerUrl };
      return await promisify(execFile)(process.execPath, [file, ...args], { env }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    };
    const whole = `${tenantId}: whole, 5 events, head ${head.seq}:${head.hash}\n`;
    expect(await run(tenantId, `${head.seq}:${head.hash}`)).toEqual({ code: 0, stdout: whole });
    expect(await run(tenantId, `3:${head.hash}`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("batch missing: batch 3: batch 3 was known"),
    });
    await asSuperuser("UPDATE audit_events SET actor_id = 'eve' WHERE tenant_id = $1 AND id = $2", [tenantId, ids[4]]);
    const { code, stdout } = await run("all");
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining(`  changed: event ${ids[4]} batch 2: it is not what was sealed`),
    ]);
    expect(await run("nobody")).toMatchObject({ code: 2 });
  });
});

describe("personal data", () => {
  test("of somebody who was removed is read by nobody any more, and the chain is whole", async () => {
    const jane = await owner();
    const joe = await testUser(parts, jane.tenant, "admin");
    const { headers } = await signedIn(app, jane.tenant, joe);
    await ask("POST", "/api/v1/projects", headers, { name: "Joe's" });
    await sealAudit(parts.database);
    const [before] = await trail(jane);
    expect(before.actor).toEqual({ kind: "user", id: joe.id, email: joe.email });
    expect(await ask("DELETE", `/api/v1/members/${joe.id}`, jane.headers)).toMatchObject({ status: 204 });
    const [removed, after] = await trail(jane);
    expect(after).toEqual({ ...before, actor: { kind: "user", id: joe.id, email: null }, ip: null });
    expect(removed).toMatchObject({ action: "member.removed", actor: { email: jane.email }, target: { id: joe.id } });
    await sealAudit(parts.database);
    expect(await verify(jane.tenant.id)).toMatchObject({ faults: [], events: 4 });
  });

  test("goes with the tenant, whose events stay and can be verified", async () => {
    const jane = await owner();
    await ask("POST", "/auth/login", {}, { email: "nobody@x.example", password: "x", tenant: jane.tenant.subdomain });
    await sealAudit(parts.database);
    const { id } = jane.tenant;
    const head = await auditHead(parts.database, id);
    await asSuperuser("DELETE FROM tenants WHERE id = $1", [id]);
    const keys = await asSuperuser("SELECT FROM personal_keys WHERE tenant_id = $1", [id]);
    const events = await asSuperuser("SELECT personal FROM audit_events WHERE tenant_id = $1", [id]);
    expect([keys.rowCount, events.rowCount]).toEqual([0, 2]);
    expect(await verify(id, head)).toMatchObject({ faults: [], events: 2 });
  });

  test("is sealed by one key a person, though they come with twenty requests at once for the first time", async () => {
    const tenant = await testTenant(parts);
    const user = await testUser(parts, tenant);
    await Promise.all(Array.from({ length: 20 }, () => signedIn(app, tenant, user)));
    const keys = await asSuperuser("SELECT FROM personal_keys WHERE tenant_id = $1", [tenant.id]);
    const { headers } = await signedIn(app, tenant, user);
    const events = (await ask("GET", "/api/v1/audit", headers)).body;
    expect(keys.rowCount).toBe(1);
    expect(events.map(({ actor }: { actor: { email: string } }) => actor.email)).toEqual(
      Array.from({ length: 21 }, () => user.email),
    );
  });

  test("cannot be moved to another event [swapped ciphertext]", async () => {
    const jane = await owner();
    await ask("POST", "/api/v1/projects", jane.headers, { name: "a" });
    await asSuperuser(
      "UPDATE audit_events e SET personal = (SELECT personal FROM audit_events o WHERE o.tenant_id = e.tenant_id AND o.id <> e.id LIMIT 1) WHERE tenant_id = $1",
      [jane.tenant.id],
    );
    const actors = (await trail(jane)).map(({ actor }: { actor: object }) => actor);
    expect(actors).toEqual([
      { kind: "user", id: jane.id, email: null },
      { kind: "user", id: jane.id, email: null },
    ]);
  });
});

test("the worker's role, which chains, cannot write an event or change a batch", async () => {
  const client = new pg.Client({ connectionString: parts.config.database.workerUrl });
  await client.connect();
  for (const text of [
    "INSERT INTO audit_events DEFAULT VALUES",
    "UPDATE audit_batches SET seq = 1",
    "DELETE FROM audit_batches",
  ]) {
    await expect(client.query(text)).rejects.toThrow(/permission denied/);
  }
  await client.end();
});
