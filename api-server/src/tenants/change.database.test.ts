import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import { signedIn, type TestParts, type TestTenant, testTenant, testUser } from "../testing/parts.ts";
import { patchLine } from "./change.ts";

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

const URL = "/api/v1/tenants/current";
const topics = async ({ id }: TestTenant) =>
  (await parts.database.read(id, (db) => db.outbox.findMany())).map(({ topic }) => topic);

describe("changing the organization", () => {
  test("tells the cluster, once for each change, and not at all where nothing changes", async () => {
    const tenant = await testTenant(parts);
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant, "admin"));
    const change = { organization_name: "Acme & Söhne", admin_email: "jane@acme.example" };
    const changed = await ask("PATCH", URL, headers, change);
    expect(changed).toMatchObject({ status: 200, body: { id: tenant.id, organization_name: "Acme & Söhne" } });
    expect((await ask("GET", URL, headers)).body).toEqual(changed.body);
    expect(await ask("PATCH", URL, headers, { ...change, plan: "starter" })).toMatchObject({ body: changed.body });
    expect(await topics(tenant)).toEqual(["tenant.apply"]);
  });

  test("is for admins, of one's own organization, and names no plan without a subscription", async () => {
    const [tenant, other] = [await testTenant(parts), await testTenant(parts)];
    const { headers: member } = await signedIn(app, tenant, await testUser(parts, tenant, "member"));
    const { headers: owner } = await signedIn(app, tenant, await testUser(parts, tenant));
    const body = { organization_name: "Mine" };
    expect(await ask("PATCH", URL, member, body)).toMatchObject({ status: 403 });
    expect(await ask("PATCH", URL, { ...owner, "x-tenant-id": other.id }, body)).toMatchObject({ status: 403 });
    expect(await ask("PATCH", URL, owner, { plan: "enterprise" })).toMatchObject({
      status: 403,
      body: { error_code: "PLAN_NEEDS_SUBSCRIPTION" },
    });
    for (const wrong of [{}, { organization_name: " " }, { organization_name: "a\nb" }, { admin_email: "nobody" }]) {
      expect(await ask("PATCH", URL, owner, wrong)).toMatchObject({ status: 400 });
    }
    expect(await topics(tenant)).toEqual([]);
  });

  test("of a Tenant that kubectl manages is refused with the line to type, and changes nothing", async () => {
    const tenant = await testTenant(parts);
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE tenants SET managed_by = 'kubectl' WHERE id = $1", [tenant.id]),
    );
    const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
    expect(await ask("PATCH", URL, headers, { organization_name: "Acme" })).toMatchObject({
      status: 409,
      body: {
        error_code: "MANAGED_BY_KUBECTL",
        fix: `kubectl patch tenant ${tenant.subdomain} --type merge -p '{"spec":{"organizationName":"Acme"}}'`,
      },
    });
    expect(await ask("PATCH", URL, headers, { plan: "enterprise" })).toMatchObject({ status: 409 });
    expect((await ask("GET", URL, headers)).body.organization_name).not.toBe("Acme");
    expect(await topics(tenant)).toEqual([]);
  });

  test.each(["it's", "$(touch /tmp/x) `id` \\ \" '; rm -rf ~ #", "'\\''", "!! \u202e"])(
    "gives a line that a shell reads as text, whatever stands in it: %s [injection]",
    (name) => {
      const line = patchLine("acme", { organization_name: name });
      const read = execFileSync("sh", ["-c", line.replace(/^kubectl/, String.raw`printf '%s\n'`)]).toString();
      const [patch = ""] = read.split("\n").slice(-2);
      expect(JSON.parse(patch)).toEqual({ spec: { organizationName: name } });
    },
  );
});
