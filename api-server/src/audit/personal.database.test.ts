import { describe, expect, test } from "vitest";
import { withAudit } from "../testing/audit.ts";
import { signedIn, testTenant, testUser } from "../testing/parts.ts";
import { auditHead, sealAudit } from "./seal.ts";

const audited = withAudit();
const { ask, asSuperuser, owner, trail, verify } = audited;

describe("personal data", () => {
  test("of somebody who was removed is read by nobody any more, and the chain is whole", async () => {
    const jane = await owner();
    const joe = await testUser(audited.parts, jane.tenant, "admin");
    const { headers } = await signedIn(audited.app, jane.tenant, joe);
    await ask("POST", "/api/v1/projects", headers, { name: "Joe's" });
    await sealAudit(audited.parts.database);
    const [before] = await trail(jane);
    expect(before.actor).toEqual({ kind: "user", id: joe.id, email: joe.email });
    expect(await ask("DELETE", `/api/v1/members/${joe.id}`, jane.headers)).toMatchObject({ status: 204 });
    const [removed, after] = await trail(jane);
    expect(after).toEqual({ ...before, actor: { kind: "user", id: joe.id, email: null }, ip: null });
    expect(removed).toMatchObject({ action: "member.removed", actor: { email: jane.email }, target: { id: joe.id } });
    await sealAudit(audited.parts.database);
    expect(await verify(jane.tenant.id)).toMatchObject({ faults: [], events: 4 });
  });

  test("goes with the tenant, whose events stay and can be verified", async () => {
    const jane = await owner();
    await ask("POST", "/auth/login", {}, { email: "nobody@x.example", password: "x", tenant: jane.tenant.subdomain });
    await sealAudit(audited.parts.database);
    const { id } = jane.tenant;
    const head = await auditHead(audited.parts.database, id);
    await asSuperuser("DELETE FROM tenants WHERE id = $1", [id]);
    const keys = await asSuperuser("SELECT FROM personal_keys WHERE tenant_id = $1", [id]);
    const events = await asSuperuser("SELECT personal FROM audit_events WHERE tenant_id = $1", [id]);
    expect([keys.rowCount, events.rowCount]).toEqual([0, 2]);
    expect(await verify(id, head)).toMatchObject({ faults: [], events: 2 });
  });

  test("is sealed by one key a person, though they come with twenty requests at once for the first time", async () => {
    const tenant = await testTenant(audited.parts);
    const user = await testUser(audited.parts, tenant);
    await Promise.all(Array.from({ length: 20 }, () => signedIn(audited.app, tenant, user)));
    const keys = await asSuperuser("SELECT FROM personal_keys WHERE tenant_id = $1", [tenant.id]);
    const { headers } = await signedIn(audited.app, tenant, user);
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
