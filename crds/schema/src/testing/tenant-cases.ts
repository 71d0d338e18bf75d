import { API_VERSION } from "../names.ts";

/** A rule of the Tenant with one object it accepts and one it refuses; both judges (zod, API server) go through them. */
export interface RuleCase {
  id: string;
  accepted: object;
  refused: object;
  /** Part of the refusal; it names the rule it belongs to, and no other. */
  message: string;
}

/** A Tenant with the required fields and what is given on top. */
export function tenantObject(spec: object = {}, name = "schema-rule-case"): object {
  return {
    apiVersion: API_VERSION,
    kind: "Tenant",
    metadata: { name },
    spec: { organizationName: "Acme Corporation", adminEmail: "jane@acme.example", ...spec },
  };
}

function namespaces(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ name: `acme-${index}` }));
}

const quotaCases = (
  [
    ["cpu", "2", "2001m"],
    ["memory", "4Gi", "4097Mi"],
    ["storage", "1Gi", "1.1Gi"],
    ["pods", 20, 21],
  ] as const
).map(([resource, atCeiling, above]) => ({
  id: `quota-${resource}-within-plan`,
  accepted: tenantObject({ resourceQuota: { [resource]: atCeiling } }),
  refused: tenantObject({ resourceQuota: { [resource]: above } }),
  message: `spec.resourceQuota.${resource} exceeds what spec.plan allows`,
}));

const limitCases = (
  [
    ["cpu", "300m", "200m"],
    ["memory", "300Mi", "200Mi"],
  ] as const
).flatMap(([resource, more, less]) => [
  {
    id: `request-${resource}-within-limit`,
    accepted: tenantObject({ limitRange: { defaultRequest: { [resource]: less }, default: { [resource]: less } } }),
    refused: tenantObject({ limitRange: { defaultRequest: { [resource]: more }, default: { [resource]: less } } }),
    message: `spec.limitRange.defaultRequest.${resource} exceeds`,
  },
  {
    id: `limit-${resource}-within-max`,
    accepted: tenantObject({ limitRange: { max: { [resource]: more } } }),
    refused: tenantObject({ limitRange: { max: { [resource]: less } } }),
    message: `spec.limitRange.default.${resource} exceeds`,
  },
]);

export const TENANT_RULE_CASES: readonly RuleCase[] = [
  {
    id: "name-is-subdomain",
    accepted: tenantObject({}, "a".repeat(56)),
    refused: tenantObject({}, "a".repeat(57)),
    message: "metadata.name is the Tenant's subdomain",
  },
  {
    id: "owner-not-system",
    accepted: tenantObject({ owners: [{ kind: "Group", name: "systems:engineers" }] }),
    refused: tenantObject({ owners: [{ kind: "Group", name: "system:masters" }] }),
    message: "spec.owners[].name must not begin with system:",
  },
  {
    id: "namespace-not-the-clusters",
    accepted: tenantObject({ namespaces: [{ name: "kubernetes-lab" }] }),
    refused: tenantObject({ namespaces: [{ name: "kube-system" }] }),
    message: "spec.namespaces[].name must not be kube-*",
  },
  {
    id: "label-keys-well-formed",
    accepted: tenantObject({ namespaces: [{ name: "a", labels: { "acme.example/team": "red" } }] }),
    refused: tenantObject({ namespaces: [{ name: "a", labels: { "acme example": "red" } }] }),
    message: "spec.namespaces[].labels holds a key that is no label key",
  },
  {
    id: "labels-not-the-platforms",
    accepted: tenantObject({ namespaces: [{ name: "a", labels: { "team.leanvibe.io/x": "red" } }] }),
    refused: tenantObject({
      namespaces: [{ name: "a", labels: { "pod-security.kubernetes.io/enforce": "privileged" } }],
    }),
    message: "spec.namespaces[].labels must not hold leanvibe.io/*",
  },
  {
    id: "namespaces-within-plan",
    accepted: tenantObject({ plan: "professional", namespaces: namespaces(5) }),
    refused: tenantObject({ plan: "professional", namespaces: namespaces(6) }),
    message: "spec.namespaces lists more namespaces than spec.plan allows",
  },
  ...quotaCases,
  ...limitCases,
  {
    id: "allowed-namespaces-only-custom",
    accepted: tenantObject({ networkPolicy: { mode: "Custom", allowedNamespaces: ["monitoring"] } }),
    refused: tenantObject({ networkPolicy: { allowedNamespaces: ["monitoring"] } }),
    message: "spec.networkPolicy.allowedNamespaces has no effect with mode Isolated",
  },
  {
    id: "egress-only-custom",
    accepted: tenantObject({ networkPolicy: { mode: "Custom", egressCIDRs: ["10.0.0.0/8", "fd00::/8"] } }),
    refused: tenantObject({ networkPolicy: { egressCIDRs: ["10.0.0.0/8"] } }),
    message: "spec.networkPolicy.egressCIDRs has no effect with mode Isolated",
  },
  {
    id: "egress-is-cidr",
    accepted: tenantObject({ networkPolicy: { mode: "Custom", egressCIDRs: ["0.0.0.0/0"] } }),
    refused: tenantObject({ networkPolicy: { mode: "Custom", egressCIDRs: ["10.0.0.256/8"] } }),
    message: "spec.networkPolicy.egressCIDRs holds a value that is no CIDR",
  },
  {
    id: "suspend-reason-only-suspended",
    accepted: tenantObject({ suspend: true, suspendReason: "asked for by its owner" }),
    refused: tenantObject({ suspendReason: "asked for by its owner" }),
    message: "spec.suspendReason has no meaning while spec.suspend is false",
  },
];

/**
 * Objects on the edges of the atoms: the judges must agree, whatever they say. No nulls among them: the API server
 * drops those before it judges, so none ever reaches zod.
 */
export const TENANT_EDGE_CASES: readonly object[] = [
  ...["a-", "a.b", "Acme", "1acme", "é", "x"].map((name) => tenantObject({}, name)),
  ...["010.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "::/0", ":::/1", "2001:DB8::/32", "1::2::3/64"]
    .concat(["::ffff:1.2.3.4/96", "fe80::1%eth0/64", "10.0.0.0/", "1:2:3:4:5:6:7:8/128", "::1/129"])
    .map((range) => tenantObject({ networkPolicy: { mode: "Custom", egressCIDRs: [range] } })),
  ...["1e0", "1.", ".5", ".", "", "-1", "+1", "1e-30", "1E", "1e3", "2000m", "2000001u", "0.002k", "1ki", "1 ", "1e1.5"]
    .concat(["1.9999999999999", "2.0000000001", "99999999999999999999", "0x1", "1_000", "1e99", "2e-0", "2E0", "0002"])
    .map((cpu) => tenantObject({ resourceQuota: { cpu } })),
  ...[0, 2, 3, -1, 1.5, true, ["1"]].map((cpu) => tenantObject({ resourceQuota: { cpu } })),
  ...[
    "Acme ",
    " Acme",
    "Ac\nme",
    "Ac\tme",
    "A",
    "",
    "Ärzte & Söhne",
    "株式会社",
    "x".repeat(201),
    "a\u0085b",
    "a\u007f",
  ].map((organizationName) => tenantObject({ organizationName })),
  ...[
    "a@b",
    "a@b.c",
    "a b@c.de",
    "ü@c.de",
    "a@-b.de",
    "a@b-.de",
    "a@b..de",
    "@b.de",
    "a'o+x@b.de",
    `a@${"b".repeat(251)}.c`,
  ].map((adminEmail) => tenantObject({ adminEmail })),
  ...["", "a/", "/a", "a/b/c", "A.b/c", "a/-b", `${"a".repeat(64)}`, "acme.example/Team_1"].map((key) =>
    tenantObject({ namespaces: [{ name: "a", labels: { [key]: "x" } }] }),
  ),
  ...["", "-", "a b", "a".repeat(64), "A_b.c"].map((value) =>
    tenantObject({ namespaces: [{ name: "a", labels: { a: value } }] }),
  ),
  tenantObject({
    namespaces: [{ name: "a", labels: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, ""])) }],
  }),
  tenantObject({ namespaces: [] }),
  tenantObject({ plan: "professional", namespaces: [{ name: "a" }, { name: "a" }] }),
  tenantObject({ namespaces: [{ name: "a", podSecurity: "privileged" }] }),
  tenantObject({ namespaces: [{ name: "leanvibe-system" }] }),
  tenantObject({
    owners: [
      { kind: "User", name: "jane" },
      { kind: "Group", name: "jane" },
    ],
  }),
  tenantObject({
    owners: [
      { kind: "User", name: "jane" },
      { kind: "User", name: "jane" },
    ],
  }),
  tenantObject({ owners: [{ kind: "ServiceAccount", name: "default" }] }),
  tenantObject({ owners: [{ kind: "User" }] }),
  tenantObject({ networkPolicy: { mode: "Custom", allowedNamespaces: [] } }),
  tenantObject({ networkPolicy: { mode: "Custom", allowedNamespaces: ["a", "a"] } }),
  tenantObject({ networkPolicy: {} }),
  tenantObject({ limitRange: {} }),
  tenantObject({ limitRange: { default: { cpu: 0 } } }),
  tenantObject({ plan: "gold" }),
  tenantObject({ deletionPolicy: "Keep" }),
  tenantObject({ adopt: "true" }),
  tenantObject({ suspend: "yes" }),
  ...["gvisor", "g.visor", "Kata", ""].map((runtimeClassName) => tenantObject({ runtimeClassName })),
  ...["acme", "", "-acme"].map((name) => tenantObject({ parentRef: { name } })),
  tenantObject({ parentRef: {} }),
  ...["leanvibe:6f1c", "leanvibe:", "jane", "leanvibe:-a", "system:masters"].map((subject) =>
    tenantObject({ members: [{ subject, role: "viewer" }] }),
  ),
  tenantObject({ members: [{ subject: "leanvibe:a", role: "owner" }] }),
  tenantObject({
    members: [
      { subject: "leanvibe:a", role: "admin" },
      { subject: "leanvibe:a", role: "viewer" },
    ],
  }),
  { ...tenantObject(), spec: {} },
];
