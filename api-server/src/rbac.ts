import { KINDS, type Kind, type Manifest } from "@leanvibe/runtime";
import { AGENT_TASKS, CLUSTER_ROLES, LEASES, SERVICE_ACCOUNTS, SYSTEM_NAMESPACE, TENANTS } from "@leanvibe/schema";
import { yamlDocuments } from "@leanvibe/schema/generate";

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

const RBAC = "rbac.authorization.k8s.io";
const LABELS = { "app.kubernetes.io/part-of": "leanvibe" };
const SUBJECT = { kind: "ServiceAccount", name: SERVICE_ACCOUNTS.api, namespace: SYSTEM_NAMESPACE };
const HEADER =
  "# Generated from api-server/src/rbac.ts by `npm run generate`; edit it there. The namespace is in operator/manifests/rbac.yaml.\n";

/** api-server/manifests/rbac.yaml: the identity the API runs under, as pods and as a process beside a cluster alike. */
export function generateApiRbac(): Map<string, string> {
  return new Map([["api-server/manifests/rbac.yaml", yamlDocuments(apiRbacManifests(), HEADER)]]);
}

/** The same as values, in the order in which they are applied. */
export function apiRbacManifests(): Manifest[] {
  const inSystem = { name: LEASES.api, namespace: SYSTEM_NAMESPACE, labels: LABELS };
  const everywhere = { name: CLUSTER_ROLES.api, labels: LABELS };
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: SERVICE_ACCOUNTS.api, namespace: SYSTEM_NAMESPACE, labels: LABELS },
    },
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: everywhere, rules: RULES },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRoleBinding",
      metadata: everywhere,
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: CLUSTER_ROLES.api },
      subjects: [SUBJECT],
    },
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: inSystem, rules: LEASE_RULES },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: inSystem,
      roleRef: { apiGroup: RBAC, kind: "Role", name: LEASES.api },
      subjects: [SUBJECT],
    },
  ];
}

/**
 * What the API does in the cluster. Not here, on purpose: `update` of Tenants, by which the admission policies know a
 * platform admin (`patch` is all that server-side apply needs); Secrets, pods and everything else in a Tenant's namespaces,
 * which are the operator's work.
 */
const RULES: Rule[] = [
  ruleFor(TENANTS, ["get", "list", "watch", "create", "patch", "delete"]),
  { apiGroups: [TENANTS.group], resources: [`${TENANTS.plural}/status`], verbs: ["patch"] },
  // A policy (crds/schema/src/policy-api.ts) lets it make them in Tenants' namespaces, and change what is asked of them now.
  ruleFor(AGENT_TASKS, ["get", "list", "watch", "create", "patch"]),
  { apiGroups: [AGENT_TASKS.group], resources: [`${AGENT_TASKS.plural}/status`], verbs: ["patch"] },
  // What agents leave. RBAC cannot say which: they are called as their Jobs, whose names nobody knows before. A policy
  // (crds/schema/src/policy-api.ts) lets the API delete those of agents alone; it reads by the agents' binding, which the
  // operator keeps in each of a Tenant's namespaces (operator/src/tenant/agents.ts), and nowhere else.
  ruleFor(KINDS.ConfigMap, ["delete"]),
  // Are all Tenants going because their definition is? Then nobody meant to delete an organization.
  {
    ...ruleFor(KINDS.CustomResourceDefinition, ["get"]),
    resourceNames: [TENANTS, AGENT_TASKS].map(({ plural, group }) => `${plural}.${group}`),
  },
  // Whose is a Kubernetes token that a request to /platform brings, and may they?
  { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
  { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
];

/** Of several API servers one mirrors. By name RBAC cannot judge a create: the name is not known yet. */
const LEASE_RULES: Rule[] = [
  ruleFor(KINDS.Lease, ["create"]),
  { ...ruleFor(KINDS.Lease, ["get", "patch"]), resourceNames: [LEASES.api] },
];

function ruleFor({ group, plural }: Kind, verbs: readonly string[]): Rule {
  return { apiGroups: [group], resources: [plural], verbs: [...verbs] };
}
