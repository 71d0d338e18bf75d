import { parseTenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { networkPolicies } from "./network.ts";
import { addressesOf, opens, reachIn } from "./reach.ts";

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
  it("close both directions for every pod: open to the Tenant itself and DNS, and agents' to DNS alone", () => {
    const [isolation, agents, ...others] = specsOf({ mode: "Isolated" });
    expect(others).toEqual([]);
    expect(agents).toMatchObject({
      name: "leanvibe-agent",
      spec: {
        podSelector: { matchExpressions: [{ key: "leanvibe.io/agent", operator: "Exists" }] },
        policyTypes: ["Ingress", "Egress"],
        ingress: [],
        egress: [{ ports: [{ port: 53 }, { port: 53 }] }],
      },
    });
    expect(isolation).toMatchObject({
      spec: {
        podSelector: { matchExpressions: [{ key: "leanvibe.io/agent", operator: "DoesNotExist" }] },
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
    const custom = specsOf({ mode: "Custom", egressCIDRs: [cidr] })[2];
    const { egress } = (custom ?? { spec: {} }).spec as {
      egress: { to: { ipBlock: { cidr: string; except?: string[] } }[] }[];
    };
    expect(egress[0]?.to[0]?.ipBlock).toEqual(except === undefined ? { cidr } : { cidr, except });
  });
});

describe("an agent's way out", () => {
  const slice = (rest: object) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "s" },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ports: [{ port: 6443, protocol: "TCP" }],
    ...rest,
  });

  it("is to the addresses that the slices name, on their ports", () => {
    const ports = [{ protocol: "TCP", port: 6443 }];
    expect(addressesOf(slice({}))).toEqual([{ to: [{ ipBlock: { cidr: "10.0.0.1/32" } }], ports }]);
    const six = slice({ addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"] }, { addresses: ["fd00::1"] }] });
    expect(addressesOf(six)).toEqual([{ to: [{ ipBlock: { cidr: "fd00::1/128" } }], ports }]);
  });

  it.each([
    ["names no address", { endpoints: [] }],
    ["names no endpoint at all", { endpoints: null }],
    ["names no port", { ports: [{ port: null }] }],
    ["names names", { addressType: "FQDN", endpoints: [{ addresses: ["example.com"] }] }],
    ["is no slice", { endpoints: "all" }],
  ])("is nowhere where a slice %s: a rule without one would mean everywhere", (_what, rest) => {
    expect(addressesOf(slice(rest))).toEqual([]);
  });

  it("names the API's pods by their label, so that one that comes or goes writes no policy", () => {
    const pod = (ip: string) => slice({ endpoints: [{ addresses: [ip], targetRef: { kind: "Pod" } }] });
    expect(opens(pod("10.0.0.1"))).toEqual(opens(pod("10.0.0.2")));
    expect(reachIn({ apiServer: [], gateway: [pod("10.0.0.1"), pod("10.0.0.2")] }, undefined)).toEqual([
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "leanvibe-system" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "leanvibe-api" } },
          },
        ],
        ports: [{ protocol: "TCP", port: 6443 }],
      },
    ]);
  });

  it.each([
    [
      "http://10.0.0.5:8000/v1",
      [{ to: [{ ipBlock: { cidr: "10.0.0.5/32" } }], ports: [{ protocol: "TCP", port: 8000 }] }],
    ],
    ["https://[fd00::5]/v1", [{ to: [{ ipBlock: { cidr: "fd00::5/128" } }], ports: [{ protocol: "TCP", port: 443 }] }]],
    [
      "http://vllm.models.svc/v1",
      [{ to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "models" } } }] }],
    ],
    ["https://api.example.com/v1", []],
  ])("is to the model itself where no gateway stands before it: %s", (url, expected) => {
    expect(reachIn({ apiServer: [], gateway: [slice({})] }, url)).toEqual(expected);
  });
});
