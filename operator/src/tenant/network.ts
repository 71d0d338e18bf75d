import { BlockList } from "node:net";
import type { Manifest } from "@leanvibe/runtime";
import { AGENT_NAME, LABELS, type Tenant } from "@leanvibe/schema";

/** Set by Kubernetes itself on every namespace, so nobody can wear another's name. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

const DNS = {
  to: [
    {
      namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Cloud providers hand out the node's credentials at these addresses; no opened range may include them. */
const INSTANCE_METADATA = [
  { address: "169.254.169.254", family: "ipv4", bits: 32 },
  { address: "fd00:ec2::254", family: "ipv6", bits: 128 },
] as const;

/** A rule of egress: where, on which ports. */
export type Way = { to: readonly object[]; ports?: readonly object[] };

type Draft = { name: string; spec: Record<string, unknown> };

/**
 * Policies add up, so no pod of an agent may be chosen by those that let the Tenant's own pods talk; one of its own
 * closes it. Every pod is chosen by the one or by the other, whatever the label's value.
 */
const AGENTS = { matchExpressions: [{ key: LABELS.agent, operator: "Exists" }] };
const ALL_BUT_AGENTS = { matchExpressions: [{ key: LABELS.agent, operator: "DoesNotExist" }] };

/**
 * The policies of one namespace: everything closed but the Tenant itself and DNS, then what mode Custom opens. Agents go
 * where `reach` says, and nobody comes to them.
 */
export function networkPolicies(
  namespace: string,
  tenant: Tenant,
  labels: Record<string, string>,
  reach: readonly Way[] = [],
): Manifest[] {
  return [isolation(tenant), agents(reach), ...custom(tenant)].map(({ name, spec }) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace, labels },
    spec,
  }));
}

function isolation(tenant: Tenant): Draft {
  // By the uid too: namespaces kept from an earlier Tenant of this name are strangers until they are adopted.
  const { name, uid = "" } = tenant.metadata;
  const matchLabels = { [LABELS.tenant]: name, [LABELS.tenantUid]: uid };
  const ownNamespaces = [{ namespaceSelector: { matchLabels } }];
  return {
    name: "leanvibe-isolation",
    spec: {
      podSelector: ALL_BUT_AGENTS,
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: ownNamespaces }],
      egress: [{ to: ownNamespaces }, DNS],
    },
  };
}

function agents(reach: readonly Way[]): Draft {
  return {
    name: AGENT_NAME,
    spec: { podSelector: AGENTS, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [DNS, ...reach] },
  };
}

function custom({ spec: { networkPolicy } }: Tenant): Draft[] {
  if (networkPolicy.mode !== "Custom") return [];
  const peers = (networkPolicy.allowedNamespaces ?? []).map((name) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: name } },
  }));
  const ranges = (networkPolicy.egressCIDRs ?? []).flatMap(ipBlocks);
  return [
    {
      name: "leanvibe-custom",
      spec: {
        podSelector: ALL_BUT_AGENTS,
        policyTypes: ["Ingress", "Egress"],
        // An empty `from` would mean "from everywhere": a rule exists only when it has somebody to name.
        ingress: peers.length === 0 ? [] : [{ from: peers }],
        egress: peers.length + ranges.length === 0 ? [] : [{ to: [...peers, ...ranges] }],
      },
    },
  ];
}

/** The range without those addresses. Nothing where it is such an address: Kubernetes refuses to except a whole range. */
function ipBlocks(cidr: string): { ipBlock: { cidr: string; except?: string[] } }[] {
  const [network = "", prefix = ""] = cidr.split("/");
  const family = network.includes(":") ? "ipv6" : "ipv4";
  const range = new BlockList();
  range.addSubnet(network, Number(prefix), family);
  const inside = INSTANCE_METADATA.filter((known) => known.family === family && range.check(known.address, family));
  if (inside.some(({ bits }) => bits === Number(prefix))) return [];
  const except = inside.map(({ address, bits }) => `${address}/${bits}`);
  return [{ ipBlock: except.length === 0 ? { cidr } : { cidr, except } }];
}
