import { parseTenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { networkPolicies } from "./network.ts";

function specsOf(networkPolicy: Record<string, unknown>) {
  const parsed = parseTenant({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "Tenant",
    metadata: { name: "acme", uid: "u" },
    spec: { organizationName: "Acme", adminEmail: "a@example.com", networkPolicy },
  });
  if (!parsed.ok) throw parsed.error;
  return networkPolicies("tenant-acme", parsed.value, {}).map(({ metadata, spec }) => ({ name: metadata.name, spec }));
}

describe("networkPolicies", () => {
  it("close both directions for every pod, but for the Tenant itself and DNS", () => {
    const [isolation, ...others] = specsOf({ mode: "Isolated" });
    expect(others).toEqual([]);
    expect(isolation).toMatchObject({
      spec: {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          {
            from: [
              { namespaceSelector: { matchLabels: { "leanvibe.io/tenant": "acme", "leanvibe.io/tenant-uid": "u" } } },
            ],
          },
        ],
      },
    });
  });

  it("never write a rule without peers, which would mean everybody", () => {
    for (const networkPolicy of [
      { mode: "Custom" },
      { mode: "Custom", egressCIDRs: ["10.0.0.0/8"] },
      { mode: "Custom", allowedNamespaces: ["shared"] },
      // The one address that is never opened: nothing is left of this range.
      { mode: "Custom", egressCIDRs: ["169.254.169.254/32"] },
    ]) {
      for (const { spec } of specsOf(networkPolicy)) {
        const { ingress, egress } = spec as { ingress: { from?: unknown[] }[]; egress: { to?: unknown[] }[] };
        for (const rule of ingress) expect(rule.from).not.toHaveLength(0);
        for (const rule of egress) expect(rule.to).not.toHaveLength(0);
      }
    }
  });

  it.each([
    ["0.0.0.0/0", ["169.254.169.254/32"]],
    ["169.254.0.0/16", ["169.254.169.254/32"]],
    ["128.0.0.0/1", ["169.254.169.254/32"]],
    ["10.0.0.0/8", undefined],
    ["0.0.0.0/1", undefined],
    ["2001:db8::/32", undefined],
    ["::/0", ["fd00:ec2::254/128"]],
    ["fd00::/8", ["fd00:ec2::254/128"]],
  ])("keep the cloud's instance metadata out of %s: except %s", (cidr, except) => {
    const custom = specsOf({ mode: "Custom", egressCIDRs: [cidr] })[1];
    const { egress } = (custom ?? { spec: {} }).spec as {
      egress: { to: { ipBlock: { cidr: string; except?: string[] } }[] }[];
    };
    expect(egress[0]?.to[0]?.ipBlock).toEqual(except === undefined ? { cidr } : { cidr, except });
  });
});
