import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { withAudit } from "../testing/audit.ts";
import { PASSWORD, signedIn, testUser } from "../testing/parts.ts";
import { platformHeaders } from "../testing/platform.ts";

const audited = withAudit();
const { ask, asSuperuser, owner, trail } = audited;

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
    const made = (await audited.app.inject({ method: "POST", url: "/tenants", body: creation, ...from })).json();
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
    await audited.app.inject({
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
    const lines = (await audited.app.inject({ url: "/api/v1/audit/export", headers })).body.trimEnd().split("\n");
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
    const operator = await platformHeaders(audited.app, audited.parts);
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
    expect((await audited.app.inject({ url: "/api/v1/audit/export", headers: jane.headers })).body).not.toContain(
      staff,
    );
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
      const answer = await audited.app.inject({ url, headers: eve.headers });
      expect([answer.statusCode, answer.body.includes(body.id)]).toEqual([200, false]);
      for (const role of ["viewer", "member"] as const) {
        const user = await testUser(audited.parts, jane.tenant, role);
        const { headers } = await signedIn(audited.app, jane.tenant, user);
        expect((await audited.app.inject({ url, headers })).statusCode).toBe(403);
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
    const url = await audited.app.listen({ host: "127.0.0.1", port: 0 });
    const reads = vi.spyOn(audited.parts.database, "read");
    const answer = await fetch(`${url}/api/v1/audit/export`, { headers: jane.headers });
    // Nobody takes what is sent: what the sockets between hold is all that is read.
    await sleep(1_500);
    const pages = reads.mock.calls.length;
    const lines = (await answer.text()).trimEnd().split("\n");
    expect([lines.length, reads.mock.calls.length > 40, pages < 20]).toEqual([20_002, true, true]);
    reads.mockRestore();
  });
});
