import { ANNOTATIONS, API_VERSION, parseTenant, type Tenant } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { nextStep } from "./decide.ts";
import type { TenantRow } from "./rows.ts";

const ID = "0190c7a1-7c3e-7000-8000-000000000001";

function row(change: Partial<TenantRow> = {}): TenantRow {
  return {
    id: ID,
    subdomain: "acme",
    organizationName: "Acme Corp",
    plan: "starter",
    adminEmail: "jane@acme.example",
    managedBy: "api",
    onboarding: "confirmed",
    lifecycle: "active",
    hold: null,
    objectUid: "uid-1",
    parentName: null,
    auditHead: null,
    isDevelopment: false,
    ...change,
  };
}

type Change = { metadata?: object; spec?: object; status?: object };

function object({ metadata, spec, status }: Change = {}): Tenant {
  const parsed = parseTenant({
    apiVersion: API_VERSION,
    kind: "Tenant",
    metadata: { name: "acme", uid: "uid-1", resourceVersion: "1", ...metadata },
    spec: { organizationName: "Acme Corp", plan: "starter", adminEmail: "jane@acme.example", ...spec },
    ...(status === undefined ? {} : { status }),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

const byApi = { annotations: { [ANNOTATIONS.managedBy]: "api", [ANNOTATIONS.tenantId]: ID } };
const byKubectl = { annotations: { [ANNOTATIONS.managedBy]: "kubectl" } };
const ready = { account: { tenantID: ID, state: "Ready" } };
const accountReady = {
  ...ready,
  conditions: [
    {
      type: "AccountReady",
      status: "True",
      reason: "AccountReady",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ],
};

describe("a tenant of the API", () => {
  test("comes into the cluster when somebody answers for it, and not before", () => {
    expect(nextStep(row({ onboarding: "unconfirmed", objectUid: null }), undefined)).toBeUndefined();
    expect(nextStep(row({ objectUid: null }), undefined)).toMatchObject({
      do: "create object",
      manifest: {
        metadata: { name: "acme", annotations: byApi.annotations },
        spec: { organizationName: "Acme Corp", plan: "starter", adminEmail: "jane@acme.example" },
      },
    });
  });

  test("that is a child names its parent when it comes and in every change, and else nobody [a quota of its own]", () => {
    const child = row({ objectUid: null, parentName: "holding" });
    expect(nextStep(child, undefined)).toMatchObject({ manifest: { spec: { parentRef: { name: "holding" } } } });
    const spec = { organizationName: "Evil", parentRef: { name: "holding" } };
    expect(nextStep({ ...child, objectUid: "uid-1" }, object({ metadata: byApi, spec, status: ready }))).toMatchObject({
      do: "apply object",
      manifest: { spec: { organizationName: "Acme Corp", parentRef: { name: "holding" } } },
    });
    expect(nextStep(row({ objectUid: null }), undefined)).not.toHaveProperty("manifest.spec.parentRef");
  });

  test("is known again where the answer to its creation was lost", () => {
    expect(nextStep(row({ objectUid: null }), object({ metadata: byApi }))).toEqual({
      do: "change row",
      change: { objectUid: "uid-1" },
    });
  });

  test("is made again when its object was deleted, and takes nothing over by itself", () => {
    const step = nextStep(row(), undefined);
    expect(step).toMatchObject({ do: "create object", manifest: { spec: { organizationName: "Acme Corp" } } });
    expect(step).not.toHaveProperty("manifest.spec.adopt");
    expect(
      nextStep(row(), object({ metadata: { ...byApi, deletionTimestamp: "2026-01-01T00:00:00Z" } })),
    ).toBeUndefined();
  });

  test("has its fields put back when somebody else changes them, and only its own", () => {
    const step = nextStep(
      row(),
      object({ metadata: byApi, spec: { organizationName: "Evil", suspend: true }, status: ready }),
    );
    expect(step).toMatchObject({
      do: "apply object",
      manifest: { metadata: { uid: "uid-1" }, spec: { organizationName: "Acme Corp" } },
    });
    expect(step).not.toHaveProperty("manifest.spec.suspend");
  });

  test("is complete when the operator has seen the account", () => {
    const account = { do: "apply account", account: { tenantID: ID, state: "Ready" } };
    expect(nextStep(row(), object({ metadata: byApi }))).toEqual(account);
    expect(nextStep(row(), object({ metadata: byApi, status: ready }))).toBeUndefined();
    expect(nextStep(row(), object({ metadata: byApi, status: accountReady }))).toEqual({
      do: "change row",
      change: { onboarding: "complete" },
    });
    expect(
      nextStep(row({ onboarding: "complete" }), object({ metadata: byApi, status: accountReady })),
    ).toBeUndefined();
  });

  test("that is held says so to the operator, and says it no more when it is let go", () => {
    const held = { tenantID: ID, state: "Ready", hold: "Security" };
    expect(nextStep(row({ hold: "Security" }), object({ metadata: byApi, status: ready }))).toMatchObject({
      account: held,
    });
    expect(nextStep(row(), object({ metadata: byApi, status: { account: held } }))).toEqual({
      do: "apply account",
      account: { tenantID: ID, state: "Ready" },
    });
  });
});

describe("a tenant of kubectl", () => {
  const kubectl = (change: Partial<TenantRow> = {}) => row({ managedBy: "kubectl", ...change });

  test("gets rows, and then follows its object", () => {
    expect(nextStep(undefined, object())).toEqual({ do: "make rows", managedBy: "kubectl" });
    expect(nextStep(kubectl(), object({ metadata: byKubectl, spec: { plan: "professional" } }))).toMatchObject({
      do: "change row",
      change: { plan: "professional" },
    });
  });

  test("is marked as kubectl's in one annotation and nothing else", () => {
    const step = nextStep(kubectl(), object());
    expect(step).toMatchObject({ do: "apply object", manifest: { metadata: byKubectl } });
    expect(step).not.toHaveProperty("manifest.spec");
  });

  test("that is deleted keeps its data for a while", () => {
    const pending = { do: "ask deletion" };
    expect(nextStep(kubectl(), undefined)).toEqual(pending);
    expect(
      nextStep(kubectl(), object({ metadata: { ...byKubectl, deletionTimestamp: "2026-01-01T00:00:00Z" } })),
    ).toEqual(pending);
    expect(nextStep(kubectl({ lifecycle: "pending_deletion" }), undefined)).toBeUndefined();
  });
});

describe("an object made anew under an old name", () => {
  const anew = (spec: object = {}) => object({ metadata: { uid: "uid-2" }, spec });

  test("inherits nothing unasked [name re-use]", () => {
    for (const lifecycle of ["active", "pending_deletion"] as const) {
      expect(nextStep(row({ managedBy: "kubectl", lifecycle }), anew())).toMatchObject({
        do: "apply account",
        account: { state: "Conflict", message: expect.stringContaining("spec.adopt") },
      });
    }
    // Said once.
    const said = nextStep(row(), anew());
    const status = { account: said?.do === "apply account" ? said.account : {} };
    expect(nextStep(row(), { ...anew(), status })).toBeUndefined();
  });

  test("takes the data over where it says so", () => {
    expect(nextStep(row({ managedBy: "kubectl", lifecycle: "pending_deletion" }), anew({ adopt: true }))).toEqual({
      do: "change row",
      change: { objectUid: "uid-2", managedBy: "kubectl", lifecycle: "active" },
    });
  });

  test("has the name of a tenant that nobody came for [squatting]", () => {
    expect(nextStep(row({ onboarding: "unconfirmed", objectUid: null }), anew())).toEqual({ do: "give up row" });
  });

  test("is the one that a development token was taken for", () => {
    const before = row({ objectUid: null, isDevelopment: true });
    expect(nextStep(before, anew())).toEqual({
      do: "change row",
      change: { objectUid: "uid-2", managedBy: "kubectl" },
    });
    // Only until one has come.
    expect(nextStep(row({ isDevelopment: true }), anew())).toMatchObject({ account: { state: "Conflict" } });
  });

  test("with another's id in its annotation is not taken for ours [forgery]", () => {
    const forged = object({ metadata: { uid: "uid-2", annotations: byApi.annotations } });
    expect(nextStep(row({ managedBy: "kubectl" }), forged)).toMatchObject({ account: { state: "Conflict" } });
  });
});
