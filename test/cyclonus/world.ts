import type { Manifest } from "@leanvibe/runtime";
import { API_VERSION, parseTenant } from "@leanvibe/schema";
import { desiredTenant } from "../../operator/src/tenant/desired.ts";
import { eachResource } from "../../operator/src/tenant/quota.ts";
import { reachIn } from "../../operator/src/tenant/reach.ts";
import type { Endpoint, Port } from "./judge.ts";

/** What the cluster of this test looks like: the Tenants, and what they may do in plain words. */
export type Party = {
  name: string;
  uid: string;
  namespaces: readonly string[];
  /** spec.networkPolicy, as its administrator writes it. */
  networkPolicy: Record<string, unknown>;
  /** The same in plain words: namespaces of others it talks with, and addresses it may reach. */
  talksWith?: readonly string[];
  reaches?: (ip: string) => boolean;
};

/** Where clouds hand out a node's credentials. */
export const METADATA = ["169.254.169.254", "fd00:ec2::254"];

const isV6 = (ip: string) => ip.includes(":");

export const PARTIES: readonly Party[] = [
  { name: "acme", uid: "acme-2", namespaces: ["tenant-acme", "acme-data"], networkPolicy: { mode: "Isolated" } },
  // Of the same name, and gone: its namespace was kept, with its policies.
  { name: "acme", uid: "acme-1", namespaces: ["acme-kept"], networkPolicy: { mode: "Isolated" } },
  {
    name: "globex",
    uid: "globex-1",
    namespaces: ["tenant-globex"],
    networkPolicy: { mode: "Custom", allowedNamespaces: ["shared", "tenant-initech", "tenant-hooli"] },
    // hooli did not say so, and so lets nobody in; its own way out is open, so it may come.
    talksWith: ["shared", "tenant-initech", "tenant-hooli"],
  },
  {
    name: "initech",
    uid: "initech-1",
    namespaces: ["tenant-initech"],
    networkPolicy: {
      mode: "Custom",
      allowedNamespaces: ["tenant-globex"],
      egressCIDRs: ["203.0.113.0/24", "2001:db8::/32", "fd00:ec2::254/128", "169.254.169.254/32"],
    },
    talksWith: ["tenant-globex"],
    reaches: (ip) => ip.startsWith("203.0.113.") || ip.startsWith("2001:db8:"),
  },
  {
    name: "hooli",
    uid: "hooli-1",
    namespaces: ["tenant-hooli"],
    networkPolicy: { mode: "Custom", egressCIDRs: ["0.0.0.0/0"] },
    reaches: (ip) => !isV6(ip) && !METADATA.includes(ip),
  },
  {
    name: "umbrella",
    uid: "umbrella-1",
    namespaces: ["tenant-umbrella"],
    networkPolicy: { mode: "Custom", egressCIDRs: ["::/0", "169.254.0.0/16", "10.202.0.0/16"] },
    reaches: (ip) => (isV6(ip) || ip.startsWith("169.254.") || ip.startsWith("10.202.")) && !METADATA.includes(ip),
  },
];

const NAMED = "leanvibe.io/tenant";
const UID = "leanvibe.io/tenant-uid";

/** Labels of namespaces that no Tenant has. For each Tenant two of them wear half of what makes a namespace its own. */
const OTHERS: Record<string, Record<string, string>> = {
  "kube-system": {},
  "leanvibe-system": {},
  shared: {},
  bystander: { team: "red" },
  ...Object.fromEntries(
    PARTIES.flatMap(({ name, uid }) => [
      [`name-of-${uid}`, { [NAMED]: name, [UID]: "another" }],
      [`uid-of-${uid}`, { [NAMED]: "another", [UID]: uid }],
    ]),
  ),
};

/** Where agents may go, as addresses: the API server's, and the gateway's where it runs beside the cluster. */
export const API_SERVER = { ips: ["192.0.2.1", "2001:db8:1::1"], port: 443 };
export const GATEWAY = { ips: ["192.0.2.2"], port: 8080 };
/** And in the operator's own namespace, where the API's pods are the gateway. */
export const API_PODS = ["10.203.0.1", "fd01:203::1"];

const DNS_LABELS = { "k8s-app": "kube-dns" };
const API_LABELS = { "app.kubernetes.io/name": "leanvibe-api" };
export const AGENT = "leanvibe.io/agent";
/** A pod with an address of either family, or one outside the cluster. */
const at = (namespace: string, ip: string, labels: Record<string, string> = {}): Endpoint => ({
  namespace,
  ip,
  labels,
});

export const ENDPOINTS: readonly Endpoint[] = [
  ...PARTIES.flatMap(({ namespaces, uid }, party) => [
    ...namespaces.flatMap((namespace, index) => [
      at(namespace, `10.${party}.${index}.1`, { app: "web" }),
      at(namespace, `fd01:${party}:${index}::1`),
      at(namespace, `10.${party}.${index}.9`, { [AGENT]: "true" }),
    ]),
    at(`name-of-${uid}`, `10.100.${party}.1`),
    at(`name-of-${uid}`, `fd01:100:${party}::1`),
    at(`uid-of-${uid}`, `10.101.${party}.1`),
    at(`uid-of-${uid}`, `fd01:101:${party}::1`),
  ]),
  at("kube-system", "10.200.0.1", DNS_LABELS),
  at("kube-system", "fd01:200::1", DNS_LABELS),
  at("kube-system", "10.200.0.2", { "k8s-app": "metrics-server" }),
  at("kube-system", "fd01:200::2", { "k8s-app": "metrics-server" }),
  // Dressed up as the cluster's DNS, to be asked and to answer.
  at("bystander", "10.201.0.1", DNS_LABELS),
  at("bystander", "fd01:201::1", DNS_LABELS),
  at("tenant-globex", "10.2.0.2", DNS_LABELS),
  // No value of the label makes anything else of a pod.
  at("tenant-acme", "10.0.0.10", { [AGENT]: "", app: "web" }),
  at("acme-data", "fd01:0:1::9", { [AGENT]: "false", ...DNS_LABELS }),
  // An agent's label is worth nothing where no Tenant is.
  at("bystander", "10.201.0.9", { [AGENT]: "true" }),
  ...API_PODS.map((ip) => at("leanvibe-system", ip, API_LABELS)),
  at("leanvibe-system", "10.203.0.2"),
  at("bystander", "10.201.0.2", API_LABELS),
  at("tenant-globex", "10.2.0.3", API_LABELS),
  at("shared", "10.202.0.1"),
  ...[...API_SERVER.ips, ...GATEWAY.ips].map((ip) => at("", ip)),
  ...[...METADATA, "169.254.169.253", "203.0.113.9", "198.51.100.1", "2001:db8::9", "2606:4700::1111"].map((ip) =>
    at("", ip),
  ),
];

export const PORTS: readonly Port[] = (["TCP", "UDP", "SCTP"] as const).flatMap((protocol) =>
  [53, 80, 443, 8080, 31_742].map((number) => ({ protocol, number })),
);

/** Policies and labelled namespaces as the operator makes them, beside everybody else's namespaces. */
export function world(): { namespaces: Record<string, Record<string, string>>; policies: Manifest[] } {
  const made = PARTIES.flatMap(manifestsOf);
  const ours = made.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => [metadata.name, metadata.labels]);
  const labels: Record<string, Record<string, string>> = { ...OTHERS, ...Object.fromEntries(ours) };
  const named = Object.entries(labels).map(([name, own]) => [name, { ...own, "kubernetes.io/metadata.name": name }]);
  return {
    namespaces: Object.fromEntries(named),
    policies: made.filter(({ kind }) => kind === "NetworkPolicy"),
  };
}

function manifestsOf({ name, uid, namespaces, networkPolicy }: Party): Manifest[] {
  const parsed = parseTenant({
    apiVersion: API_VERSION,
    kind: "Tenant",
    metadata: { name, uid },
    spec: {
      organizationName: name,
      adminEmail: "admin@example.com",
      plan: "professional",
      namespaces: namespaces.map((each) => ({ name: each })),
      networkPolicy,
    },
  });
  if (!parsed.ok) throw parsed.error;
  const share = eachResource(() => 0n);
  const slices = { apiServer: API_SERVER.ips.map((ip) => slice(ip, API_SERVER.port)), gateway: gatewaySlices() };
  return desiredTenant(
    parsed.value,
    namespaces.map((each) => ({
      name: each,
      labels: {},
      podSecurity: "restricted",
      standing: "own",
      live: undefined,
      share,
      fenced: true,
      suspension: {},
    })),
    reachIn(slices, undefined),
  );
}

/** As the API server, and whoever keeps the gateway's Service, tell where they are. */
function slice(ip: string, port: number, targetRef?: object): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `slice-${ip}` },
    addressType: isV6(ip) ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [ip], ...(targetRef === undefined ? {} : { targetRef }) }],
    ports: [{ name: "http", port, protocol: "TCP" }],
  };
}

function gatewaySlices(): Manifest[] {
  const { ips, port } = GATEWAY;
  return [...ips.map((ip) => slice(ip, port)), ...API_PODS.map((ip) => slice(ip, port, { kind: "Pod" }))];
}
