import type { Manifest } from "@leanvibe/runtime";
import { LABELS, type Tenant } from "@leanvibe/schema";

/** Set by Kubernetes itself on every namespace, so nobody can wear another's name. */
const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

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

/** Cloud providers hand out the node's credentials here; no opened range may include it. */
const INSTANCE_METADATA = "169.254.169.254/32";

type Draft = { name: string; spec: Record<string, unknown> };

/** The policies of one namespace: everything closed but the Tenant itself and DNS, then what mode Custom opens. */
export function networkPolicies(namespace: string, tenant: Tenant, labels: Record<string, string>): Manifest[] {
  return [isolation(tenant), ...custom(tenant)].map(({ name, spec }) => ({
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
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: ownNamespaces }],
      egress: [{ to: ownNamespaces }, DNS],
    },
  };
}

function custom({ spec: { networkPolicy } }: Tenant): Draft[] {
  if (networkPolicy.mode !== "Custom") return [];
  const peers = (networkPolicy.allowedNamespaces ?? []).map((name) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: name } },
  }));
  const ranges = (networkPolicy.egressCIDRs ?? []).map((cidr) => ({ ipBlock: ipBlock(cidr) }));
  return [
    {
      name: "leanvibe-custom",
      spec: {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        // An empty `from` would mean "from everywhere": a rule exists only when it has somebody to name.
        ingress: peers.length === 0 ? [] : [{ from: peers }],
        egress: peers.length + ranges.length === 0 ? [] : [{ to: [...peers, ...ranges] }],
      },
    },
  ];
}

function ipBlock(cidr: string): { cidr: string; except?: string[] } {
  return containsInstanceMetadata(cidr) ? { cidr, except: [INSTANCE_METADATA] } : { cidr };
}

/** Kubernetes refuses an exception that lies outside its range or equals it. */
function containsInstanceMetadata(cidr: string): boolean {
  const [address = "", bits = ""] = cidr.split("/");
  const prefix = Number(bits);
  if (address.includes(":") || prefix >= 32) return false;
  return networkOf(address, prefix) === networkOf("169.254.169.254", prefix);
}

function networkOf(address: string, prefix: number): number {
  const value = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return Math.floor(value / 2 ** (32 - prefix));
}
