import { KINDS, type Kind, type Manifest } from "@leanvibe/runtime";
import {
  AGENT_TASKS,
  CLUSTER_ROLES,
  GATEWAY_SERVICE,
  LEASES,
  NETWORK_PROBE,
  SERVICE_ACCOUNTS,
  SYSTEM_NAMESPACE,
} from "@leanvibe/schema";
import { stringify } from "yaml";
import { CONTROLLERS, type Owns, type Right } from "./controllers.ts";
import { PROBE_RIGHTS } from "./probe/rights.ts";

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

const READ = ["get", "list", "watch"];
const CHANGE = ["create", "patch", "delete"];
const WRITE = [...CHANGE, "update"];

/** operator/manifests/rbac.yaml: the identity the operator runs under, and the ClusterRoles it hands out. */
export function generateRbac(): Map<string, string> {
  const documents = rbacManifests().map((manifest) => stringify(manifest, { version: "1.1", lineWidth: 0 }));
  const header = "# Generated from the controllers' `owns` lists by `npm run generate`; edit them there.\n";
  return new Map([["operator/manifests/rbac.yaml", `${header}---\n${documents.join("---\n")}`]]);
}

/** The same as values, in the order in which they are applied. */
export function rbacManifests(): Manifest[] {
  const labels = { "app.kubernetes.io/part-of": "leanvibe" };
  const rbac = "rbac.authorization.k8s.io/v1";
  const subject = { kind: "ServiceAccount", name: SERVICE_ACCOUNTS.operator, namespace: SYSTEM_NAMESPACE };
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: SYSTEM_NAMESPACE, labels: systemNamespaceLabels(labels) },
    },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: SERVICE_ACCOUNTS.operator, namespace: SYSTEM_NAMESPACE, labels },
    },
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name: CLUSTER_ROLES.operator, labels },
      rules: operatorRules(CONTROLLERS.flatMap(({ owns }) => owns ?? [])),
    },
    { apiVersion: rbac, kind: "ClusterRole", metadata: { name: CLUSTER_ROLES.owner, labels }, rules: OWNER_RULES },
    { apiVersion: rbac, kind: "ClusterRole", metadata: { name: CLUSTER_ROLES.member, labels }, rules: MEMBER_RULES },
    { apiVersion: rbac, kind: "ClusterRole", metadata: { name: CLUSTER_ROLES.viewer, labels }, rules: VIEWER_RULES },
    { apiVersion: rbac, kind: "ClusterRole", metadata: { name: CLUSTER_ROLES.agent, labels }, rules: AGENT_RULES },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: CLUSTER_ROLES.operator, labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: CLUSTER_ROLES.operator },
      subjects: [subject],
    },
    ...systemRole(
      LEASES.operator,
      [
        // By name RBAC cannot judge a create: the name is not known yet.
        ruleFor(KINDS.Lease, ["create"]),
        { ...ruleFor(KINDS.Lease, ["get", "patch"]), resourceNames: [LEASES.operator] },
      ],
      { labels, subject },
    ),
    // Where agents find the gateway: its slices are named by whoever makes them.
    ...systemRole(GATEWAY_SERVICE, [ruleFor(KINDS.EndpointSlice, ["list", "watch"])], { labels, subject }),
    ...systemRole(NETWORK_PROBE, PROBE_RIGHTS.map(ruleOf), { labels, subject }),
  ];
}

/** A right of the operator's in its own namespace, and nowhere else. */
function systemRole(
  name: string,
  rules: readonly Rule[],
  { labels, subject }: { labels: Record<string, string>; subject: Record<string, string> },
): Manifest[] {
  const group = "rbac.authorization.k8s.io";
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels };
  return [
    { apiVersion: `${group}/v1`, kind: "Role", metadata, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: group, kind: "Role", name },
      subjects: [subject],
    },
  ];
}

function systemNamespaceLabels(labels: Record<string, string>): Record<string, string> {
  return { ...labels, "pod-security.kubernetes.io/enforce": "restricted" };
}

/** Folded from what the controllers own. `bind` on named roles only, and never `escalate`. */
function operatorRules(owns: readonly Owns[]): Rule[] {
  return [
    ...owns.flatMap(({ kind, children, binds, reads }): Rule[] => [
      ruleFor(kind, [...READ, "patch"]),
      { apiGroups: [kind.group], resources: [`${kind.plural}/status`], verbs: ["patch"] },
      // Kubernetes asks for this where OwnerReferencesPermissionEnforcement is on (OpenShift).
      { apiGroups: [kind.group], resources: [`${kind.plural}/finalizers`], verbs: ["update"] },
      ...children.map((child) => ruleFor(child, [...READ, ...CHANGE])),
      ...bindsOf(binds),
      ...reads.map(ruleOf),
    ]),
    ruleFor(KINDS.Event, ["create", "patch"]),
  ];
}

/** Trap: a rule of no names is one of all names. */
function bindsOf(names: readonly string[]): Rule[] {
  return names.length === 0 ? [] : [{ ...ruleFor(KINDS.ClusterRole, ["bind"]), resourceNames: [...names] }];
}

function ruleOf({ kind, names, verbs }: Right): Rule {
  return { ...ruleFor(kind, verbs), ...(names.length === 0 ? {} : { resourceNames: [...names] }) };
}

function ruleFor({ group, plural }: Kind, verbs: readonly string[]): Rule {
  return { apiGroups: [group], resources: [plural], verbs: [...verbs] };
}

/** Subresources through which `get` does something: it opens a shell or a connection. */
const ACTS = new Set(["pods/exec", "pods/attach", "pods/portforward"]);

/**
 * What a Tenant's owner may do inside its namespaces. Not here, on purpose: writing quotas, limits, network policies,
 * role bindings or namespaces (the fences); serviceaccounts/token and impersonation (other identities, which built-in
 * edit and admin do give); nodes/proxy or anything else outside the namespace.
 */
const OWNER_RULES: Rule[] = [
  {
    apiGroups: [""],
    resources: ["pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "replicationcontrollers"],
    verbs: [...READ, ...WRITE, "deletecollection"],
  },
  {
    apiGroups: [""],
    resources: ["pods/log", "pods/status", "events", "endpoints", "serviceaccounts", "resourcequotas", "limitranges"],
    verbs: READ,
  },
  { apiGroups: [""], resources: ["pods/exec", "pods/attach", "pods/portforward"], verbs: ["get", "create"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  {
    apiGroups: ["apps"],
    resources: [
      "deployments",
      "statefulsets",
      "daemonsets",
      "replicasets",
      "deployments/scale",
      "statefulsets/scale",
      "replicasets/scale",
    ],
    verbs: [...READ, ...WRITE, "deletecollection"],
  },
  { apiGroups: ["apps"], resources: ["controllerrevisions"], verbs: READ },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: [...READ, ...WRITE, "deletecollection"] },
  // Their status is the operator's word.
  { apiGroups: [AGENT_TASKS.group], resources: [AGENT_TASKS.plural], verbs: [...READ, ...WRITE, "deletecollection"] },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: [...READ, ...WRITE] },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: [...READ, ...WRITE] },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: [...READ, ...WRITE] },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: READ },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: READ },
  { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
];

/** What an agent may do in its Tenant's namespace. Which ConfigMaps, and what in them, the policies say. */
const AGENT_RULES: Rule[] = [ruleFor(KINDS.ConfigMap, ["create", "get", "patch"])];

const isOf = (resource: string) => (rule: Rule) => rule.resources.includes(resource);

/** Owners' rights but one: a volume's data, once deleted, is gone. Against slips, not against who means to. */
const MEMBER_RULES: Rule[] = OWNER_RULES.flatMap((rule) =>
  isOf("persistentvolumeclaims")(rule)
    ? [
        { ...rule, resources: rule.resources.filter((resource) => resource !== "persistentvolumeclaims") },
        { ...rule, resources: ["persistentvolumeclaims"], verbs: [...READ, "create"] },
      ]
    : [rule],
);

/** Looking at everything but Secrets; what only acts (exec, eviction) is left out. */
const VIEWER_RULES: Rule[] = OWNER_RULES.flatMap((rule) => {
  const resources = rule.resources.filter((resource) => resource !== "secrets" && !ACTS.has(resource));
  const verbs = rule.verbs.filter((verb) => READ.includes(verb));
  return resources.length === 0 || verbs.length === 0 ? [] : [{ ...rule, resources, verbs }];
});
