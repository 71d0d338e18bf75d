import {
  AGENT_NAME,
  AGENT_TASKS,
  ANNOTATIONS,
  API_USERNAME,
  API_VERSION,
  LABELS,
  NETWORK_PROBE,
  OPERATOR_USERNAME,
  SYSTEM_NAMESPACE,
} from "@leanvibe/schema";
import type { Call } from "../../crds/schema/src/testing/api-server.ts";

/** May write everything but Tenants: what RBAC would not stop, so that only the policy can. */
const EDITOR = { user: "editor", groups: ["editors"] };
const OPERATOR = { user: OPERATOR_USERNAME, groups: ["editors"] };
/** With the rights that are shipped for it. */
const API = { user: API_USERNAME };
/** Of a Tenant; of one with a RuntimeClass; of a suspended one. */
const [FENCED, SANDBOXED, SUSPENDED] = ["fenced", "sandboxed", "suspended"] as const;
const RBAC = "rbac.authorization.k8s.io";

const ofTenant = { [LABELS.tenant]: "acme", "pod-security.kubernetes.io/enforce": "baseline" };
const registries = { [ANNOTATIONS.registries]: "registry.example.com" };
const clusterRole = {
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRole",
  metadata: { name: "editors" },
  rules: [
    { apiGroups: ["", "batch"], resources: ["*"], verbs: ["*"] },
    { apiGroups: [AGENT_TASKS.group], resources: [AGENT_TASKS.plural], verbs: ["*"] },
  ],
};
const binding = {
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name: "editors" },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "editors" },
  subjects: [{ apiGroup: RBAC, kind: "Group", name: "editors" }],
};
const namespace = (name: string, labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels, annotations: registries },
});
const making = (name: string, labels: object): Call => ({
  method: "POST",
  path: "/api/v1/namespaces",
  body: namespace(name, { ...ofTenant, ...labels }),
});

const TENANTS = `/apis/${API_VERSION}/tenants`;
const tenant = (rest: object) => ({ apiVersion: API_VERSION, kind: "Tenant", metadata: { name: "acme" }, ...rest });
const spec = { organizationName: "Acme", adminEmail: "admin@acme.example" };
const patchingTenant = (subresource: string, rest: object): Call => ({
  method: "PATCH",
  path: `${TENANTS}/acme${subresource}?fieldManager=leanvibe-api&force=true&dryRun=All`,
  body: tenant(rest),
  as: API,
});

/** A Tenant, Tenants' namespaces and somebody with rights in them, made by the administrator. */
export const PREPARATION: readonly Call[] = [
  { method: "POST", path: `/apis/${RBAC}/v1/clusterroles`, body: clusterRole },
  { method: "POST", path: `/apis/${RBAC}/v1/clusterrolebindings`, body: binding },
  { method: "POST", path: TENANTS, body: tenant({ spec }) },
  making(FENCED, { [LABELS.registries]: "Deny" }),
  making(SANDBOXED, { [LABELS.runtimeClass]: "sandbox" }),
  making(SUSPENDED, { [LABELS.suspended]: "true" }),
];

const TASKS = `/apis/${API_VERSION}/namespaces/${FENCED}/agenttasks`;
const task = (rest: object) => ({ apiVersion: API_VERSION, kind: "AgentTask", metadata: { name: "there" }, ...rest });
const ACCOUNTS = `/api/v1/namespaces/${FENCED}/serviceaccounts`;
const agentsPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "agt-there" },
  spec: { containers: [{ name: "main", image: "registry.example.com/web:1" }] },
};

/** What belongs to agents, made by the administrator once a pod can be made there. */
export const AGENTS_PREPARATION: readonly Call[] = [
  { method: "POST", path: TASKS, body: task({ spec: { title: "There", description: "It is there." } }) },
  {
    method: "POST",
    path: ACCOUNTS,
    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: AGENT_NAME } },
  },
  { method: "POST", path: `/api/v1/namespaces/${FENCED}/pods`, body: agentsPod },
];

const job = (name: string, as: Call["as"]): Call => ({
  method: "POST",
  path: `/apis/batch/v1/namespaces/${FENCED}/jobs?dryRun=All`,
  body: {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { template: { spec: { restartPolicy: "Never", containers: agentsPod.spec.containers } } },
  },
  ...(as === undefined ? {} : { as }),
});

const creating = (kind: string, rest: object, inside: string = FENCED): Call => ({
  method: "POST",
  path: `/api/v1/namespaces/${inside}/${kind.toLowerCase()}s?dryRun=All`,
  body: { apiVersion: "v1", kind, metadata: { name: "attack" }, ...rest },
  as: EDITOR,
});
const container = { name: "main", image: "registry.example.com/web:1" };
const pod = (spec: object, inside: string = FENCED) =>
  creating("Pod", { spec: { containers: [container], ...spec } }, inside);

/** In the one namespace and under the one name where the operator may make pods; as Pod Security asks there. */
const asProbe = (spec: object): Call => {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const restricted = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const containers = [{ ...container, securityContext }];
  const metadata = { name: `${NETWORK_PROBE}-client` };
  return creating("Pod", { metadata, spec: { securityContext: restricted, containers, ...spec } }, SYSTEM_NAMESPACE);
};

/** One that no policy has anything against. */
export const ACCEPTED = pod({});

/** One for each policy, by the policy's name. */
export const ATTACKS: Readonly<Record<string, Call>> = {
  "leanvibe-namespace-labels": {
    method: "PUT",
    path: `/api/v1/namespaces/${FENCED}?dryRun=All`,
    body: namespace(FENCED, {}),
    as: EDITOR,
  },
  "leanvibe-managed-objects": creating("ResourceQuota", {
    metadata: { name: "attack", labels: ofTenant },
    spec: { hard: { pods: "999" } },
  }),
  "leanvibe-owner-references": creating("ConfigMap", {
    metadata: {
      name: "attack",
      ownerReferences: [{ apiVersion: API_VERSION, kind: "Tenant", name: "a", uid: "b", blockOwnerDeletion: true }],
    },
  }),
  "leanvibe-operator-bounds": { ...creating("Pod", { spec: { containers: [container] } }, "default"), as: OPERATOR },
  "leanvibe-operator-pods": { ...asProbe({ serviceAccountName: "leanvibe-operator" }), as: OPERATOR },
  "leanvibe-operator-bindings": {
    method: "POST",
    path: `/apis/${RBAC}/v1/clusterrolebindings?dryRun=All`,
    body: { ...binding, metadata: { name: "leanvibe-tenant-attack" } },
    as: OPERATOR,
  },
  "leanvibe-api-status": patchingTenant("/status", { status: { plan: "enterprise" } }),
  "leanvibe-api-tenants": patchingTenant("", { spec: { ...spec, suspend: true } }),
  "leanvibe-agent-pods": creating("Pod", { metadata: { name: "agt-attack" }, spec: { containers: [container] } }),
  "leanvibe-agent-jobs": job("agt-attack", EDITOR),
  "leanvibe-agent-configmaps": creating("ConfigMap", { metadata: { name: "agt-there-report" } }),
  "leanvibe-agent-doors": {
    method: "POST",
    path: `/api/v1/namespaces/${FENCED}/pods/agt-there/exec?command=sh&stdout=true`,
    as: EDITOR,
  },
  "leanvibe-agent-changes": {
    method: "PATCH",
    path: `/api/v1/namespaces/${FENCED}/pods/agt-there/ephemeralcontainers?fieldManager=editor&force=true&dryRun=All`,
    body: { ...agentsPod, spec: { ephemeralContainers: [{ ...container, name: "debug" }] } },
    as: EDITOR,
  },
  "leanvibe-agent-tokens": {
    method: "POST",
    path: `${ACCOUNTS}/${AGENT_NAME}/token?dryRun=All`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [] } },
    as: EDITOR,
  },
  "leanvibe-operator-jobs": job("attack", OPERATOR),
  "leanvibe-api-tasks": {
    method: "POST",
    path: `/apis/${API_VERSION}/namespaces/default/agenttasks?dryRun=All`,
    body: { ...task({ spec: { title: "T", description: "D" } }), metadata: { name: "attack" } },
    as: API,
  },
  "leanvibe-task-ids": {
    method: "POST",
    path: `${TASKS}?dryRun=All`,
    body: {
      ...task({ spec: { title: "T", description: "D" } }),
      metadata: { name: "attack", annotations: { [ANNOTATIONS.taskId]: "a" } },
    },
    as: EDITOR,
  },
  "leanvibe-api-task-status": {
    method: "PATCH",
    path: `${TASKS}/there/status?fieldManager=leanvibe-api&force=true&dryRun=All`,
    body: task({ status: { phase: "Failed" } }),
    as: API,
  },
  "leanvibe-api-configmaps": {
    method: "DELETE",
    path: `/api/v1/namespaces/${FENCED}/configmaps/kube-root-ca.crt?dryRun=All`,
    as: API,
  },
  "leanvibe-tenant-services": creating("Service", {
    spec: { ports: [{ port: 443 }], externalIPs: ["203.0.113.7"] },
  }),
  "leanvibe-tenant-secrets": creating("Secret", {
    type: "kubernetes.io/service-account-token",
    metadata: { name: "attack", annotations: { "kubernetes.io/service-account.name": "default" } },
  }),
  "leanvibe-tenant-pods": pod({ nodeName: "any" }),
  "leanvibe-tenant-tolerations": pod({ tolerations: [{ operator: "Exists" }] }),
  "leanvibe-tenant-runtime-class": pod({}, SANDBOXED),
  "leanvibe-tenant-suspended": pod({}, SUSPENDED),
  "leanvibe-tenant-registries": pod({ containers: [{ ...container, image: "docker.io/library/nginx" }] }),
};
