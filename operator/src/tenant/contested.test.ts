import type { Decision } from "@leanvibe/runtime";
import { TENANT, type Tenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { contested } from "./contested.ts";

const NOW = new Date("2026-11-25T12:00:00Z");
const READY = {
  type: "Ready",
  status: "True",
  reason: "TenantReady",
  message: "Everything stands: acme.",
  lastTransitionTime: "2026-11-25T11:00:00Z",
  observedGeneration: 3,
} as const;
const decision: Decision = {
  manifests: [],
  kept: [],
  status: { namespaceCount: 1, conditions: [READY] },
  settled: true,
  events: [],
  finished: false,
};

function tenant(conditions: NonNullable<Tenant["status"]>["conditions"] = [READY]): Tenant {
  const spec = TENANT.spec.parse({ organizationName: "Acme", adminEmail: "a@example.com" });
  return { metadata: { name: "acme", uid: "u1", generation: 3 }, spec, status: { conditions } } as Tenant;
}

describe("a Tenant whose children somebody else keeps changing", () => {
  it("says so in one condition that names them and the way out, and leaves all else as it was decided", () => {
    const said = contested(decision, ["LimitRange acme/leanvibe", "Namespace acme"], tenant(), NOW);
    const { conditions, ...rest } = TENANT.status.parse(said.status);
    expect(rest).toEqual({ namespaceCount: 1 });
    expect(conditions).toMatchObject([READY, { type: "Contested", status: "True", reason: "ChangedByAnother" }]);
    expect(conditions?.[1]?.message).toMatch(/LimitRange acme\/leanvibe, Namespace acme; .*--show-managed-fields/);
  });

  it("is told by one Event, not by one at every look", () => {
    const first = contested(decision, ["Namespace acme"], tenant(), NOW);
    expect(first.events).toMatchObject([{ type: "Warning", reason: "ChangedByAnother" }]);
    const { conditions } = TENANT.status.parse(first.status);
    expect(contested(decision, ["Namespace acme"], tenant(conditions), NOW).events).toEqual([]);
  });

  it("keeps the message short when there are many", () => {
    const names = Array.from({ length: 300 }, (_, nth) => `LimitRange acme-${nth}/leanvibe`);
    const said = contested(decision, names, tenant(), NOW);
    expect(TENANT.status.parse(said.status).conditions?.[1]?.message).toContain("and 295 more");
  });
});
