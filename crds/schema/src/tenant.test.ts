import { describe, expect, test } from "vitest";
import { parseTenant } from "./tenant.ts";
import { TENANT_RULE_CASES, tenantObject } from "./testing/tenant-cases.ts";

describe("parseTenant", () => {
  test("refuses what only looks like text, with a length that has no value", () => {
    const adminEmail = { length: { toString: 1, valueOf: 1 } };
    const spec = { organizationName: "Acme", adminEmail };
    const metadata = { name: "acme", uid: "u", resourceVersion: "1" };
    const parsed = parseTenant({ apiVersion: "leanvibe.io/v1alpha1", kind: "Tenant", metadata, spec });
    expect(parsed).toMatchObject({ ok: false, error: { message: expect.stringContaining("spec") } });
  });

  test.each(TENANT_RULE_CASES)("$id: accepts and refuses like the API server", ({ accepted, refused, message }) => {
    expect(parseTenant(accepted)).toMatchObject({ ok: true });
    const parsed = parseTenant(refused);
    expect(parsed.ok ? "accepted" : parsed.error.message).toContain(message);
  });

  test("fills in every default the API server would", () => {
    const parsed = parseTenant(tenantObject({ limitRange: { default: { cpu: 1 } } }));
    expect(parsed.ok && parsed.value.spec).toEqual({
      organizationName: "Acme Corporation",
      adminEmail: "jane@acme.example",
      plan: "starter",
      suspend: false,
      limitRange: { defaultRequest: { cpu: "100m", memory: "128Mi" }, default: { cpu: "1", memory: "256Mi" } },
      networkPolicy: { mode: "Isolated" },
      deletionPolicy: "Retain",
      adopt: false,
    });
  });

  test("names the path of every problem, and passes metadata it does not know", () => {
    const parsed = parseTenant({
      ...tenantObject({ namespaces: [{ name: "ok" }, { name: "Not OK" }], adminEmail: 7 }),
      metadata: { name: "acme", managedFields: [{ manager: "kubectl" }] },
    });
    expect(parsed.ok ? [] : parsed.error.problems.map(({ path }) => path).sort()).toEqual([
      "spec.adminEmail",
      "spec.namespaces[1].name",
    ]);
  });

  test("drops fields of a status that it cannot read, keeps the others, and does not refuse the Tenant", () => {
    const parsed = parseTenant({ ...tenantObject(), status: { plan: "gold", account: { hold: "Security" } } });
    expect(parsed).toMatchObject({ ok: true });
    // What holds a Tenant suspended must not be lost because something beside it is new.
    expect(parsed.ok && parsed.value.status).toEqual({ account: { hold: "Security" } });
    const length = { toString: 1, valueOf: 1 };
    for (const status of ["none", 7, null, { namespaces: { length } }, { quota: { cpu: { length } } }])
      expect(parseTenant({ ...tenantObject(), status })).toMatchObject({ ok: true });
  });

  test("says what is wrong with something that is no Tenant at all", () => {
    for (const input of [undefined, null, 7, "Tenant", [], { kind: "Tenant" }]) {
      expect(parseTenant(input)).toMatchObject({ ok: false });
    }
  });
});
