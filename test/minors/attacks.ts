import { ANNOTATIONS, LABELS } from "@leanvibe/schema";
import type { Call } from "../../crds/schema/src/testing/api-server.ts";

/** May write everything but Tenants: what RBAC would not stop, so that only the policy can. */
const EDITOR = { user: "editor", groups: ["editors"] };
const NAMESPACE = "fenced";
const RBAC = "rbac.authorization.k8s.io";

const ofTenant = {
  [LABELS.tenant]: "acme",
  [LABELS.registries]: "Deny",
  "pod-security.kubernetes.io/enforce": "baseline",
};
const registries = { [ANNOTATIONS.registries]: "registry.example.com" };
const clusterRole = {
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRole",
  metadata: { name: "editors" },
  rules: [{ apiGroups: [""], resources: ["*"], verbs: ["*"] }],
};
const binding = {
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name: "editors" },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "editors" },
  subjects: [{ apiGroup: RBAC, kind: "Group", name: "editors" }],
};
const namespace = (labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: NAMESPACE, labels, annotations: registries },
});

/** A Tenant's namespace and somebody with rights in it, made by the administrator. */
export const PREPARATION: readonly Call[] = [
  { method: "POST", path: `/apis/${RBAC}/v1/clusterroles`, body: clusterRole },
  { method: "POST", path: `/apis/${RBAC}/v1/clusterrolebindings`, body: binding },
  { method: "POST", path: "/api/v1/namespaces", body: namespace(ofTenant) },
];

const creating = (kind: string, rest: object): Call => ({
  method: "POST",
  path: `/api/v1/namespaces/${NAMESPACE}/${kind.toLowerCase()}s?dryRun=All`,
  body: { apiVersion: "v1", kind, metadata: { name: "attack" }, ...rest },
  as: EDITOR,
});
const pod = (spec: object, image = "registry.example.com/web:1") =>
  creating("Pod", { spec: { containers: [{ name: "main", image }], ...spec } });

/** One that no policy has anything against. */
export const ACCEPTED = pod({});

/** One for each policy, by the policy's name. */
export const ATTACKS: Readonly<Record<string, Call>> = {
  "leanvibe-namespace-labels": {
    method: "PUT",
    path: `/api/v1/namespaces/${NAMESPACE}?dryRun=All`,
    body: namespace({}),
    as: EDITOR,
  },
  "leanvibe-managed-objects": creating("ResourceQuota", {
    metadata: { name: "attack", labels: ofTenant },
    spec: { hard: { pods: "999" } },
  }),
  "leanvibe-tenant-services": creating("Service", {
    spec: { ports: [{ port: 443 }], externalIPs: ["203.0.113.7"] },
  }),
  "leanvibe-tenant-secrets": creating("Secret", {
    type: "kubernetes.io/service-account-token",
    metadata: { name: "attack", annotations: { "kubernetes.io/service-account.name": "default" } },
  }),
  "leanvibe-tenant-pods": pod({ nodeName: "any" }),
  "leanvibe-tenant-registries": pod({}, "docker.io/library/nginx"),
};
