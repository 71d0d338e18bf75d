import { AGENT_NAME, LABELS, NETWORK_PROBE, OPERATOR_USERNAME, SYSTEM_NAMESPACE, tenantRoleName } from "./names.ts";
import type { Policy } from "./policy.ts";

/**
 * What the operator itself may not do. Its ClusterRole says which kinds, and cannot say where: whoever steals its token
 * could otherwise patch a workload in kube-system. Tenants' namespaces, and a probe's two pods, are all it needs.
 */

const CHANGES = ["CREATE", "UPDATE", "DELETE"] as const;
const of = (group: string, ...resources: readonly string[]) => ({
  apiGroups: [group],
  apiVersions: ["v1"],
  operations: CHANGES,
  resources,
});

/** When made by POST a request has no name of its own. */
const NAME = "(object == null ? request.name : object.metadata.name)";
const IS = (...resources: readonly string[]) =>
  `request.resource.resource in [${resources.map((resource) => `'${resource}'`).join(", ")}]`;
const ROLE_PREFIX = tenantRoleName("");

const IS_THE_OPERATOR = {
  name: "the-operator",
  expression: `request.userInfo.username == '${OPERATOR_USERNAME}'`,
} as const;

const EVERYWHERE = {
  // What it must not touch carries no label of ours. Others' requests pay for one comparison of names.
  selector: "everything",
  matchConditions: [IS_THE_OPERATOR],
} as const;

const BOUNDS: Policy = {
  ...EVERYWHERE,
  name: "leanvibe-operator-bounds",
  resourceRules: [
    of("", "namespaces", "resourcequotas", "limitranges", "pods", "replicationcontrollers", "serviceaccounts"),
    of("networking.k8s.io", "networkpolicies"),
    of("rbac.authorization.k8s.io", "rolebindings", "clusterroles", "clusterrolebindings"),
    of("apps", "deployments", "statefulsets", "replicasets", "daemonsets"),
    of("batch", "jobs", "cronjobs"),
  ],
  variables: [
    {
      name: "inTenant",
      expression: `namespaceObject != null && '${LABELS.tenant}' in namespaceObject.metadata.?labels.orValue({})`,
    },
    {
      // What it made in a namespace that has since left its Tenant, it may take away.
      name: "isOurs",
      expression: `oldObject != null && '${LABELS.tenant}' in oldObject.metadata.?labels.orValue({})`,
    },
    {
      name: "isProbe",
      expression: `request.namespace == '${SYSTEM_NAMESPACE}' && ${IS("pods", "networkpolicies")} && ${NAME}.startsWith('${NETWORK_PROBE}')`,
    },
  ],
  validations: [
    {
      expression: `!(${IS("namespaces")}) || !(${NAME}.startsWith('kube-') || ${NAME} in ['default', '${SYSTEM_NAMESPACE}'])`,
      message: "the operator's account may not change the cluster's own namespaces",
      reason: "Forbidden",
    },
    {
      expression: `${IS("namespaces", "clusterroles", "clusterrolebindings")} || variables.inTenant || variables.isOurs || variables.isProbe`,
      message: "the operator's account works in Tenants' namespaces only",
      reason: "Forbidden",
    },
    {
      expression: `!(${IS("serviceaccounts")}) || ${NAME} == '${AGENT_NAME}'`,
      message: `the operator's account keeps no other ServiceAccount than ${AGENT_NAME}`,
      reason: "Forbidden",
    },
    {
      expression: `!(${IS("clusterroles", "clusterrolebindings")}) || ${NAME}.startsWith('${ROLE_PREFIX}')`,
      message: `the operator's account may change only cluster-wide roles and bindings named ${ROLE_PREFIX}*`,
      reason: "Forbidden",
    },
  ],
};

/** One policy for each kind whose own fields are judged: in one for all, the API server could not check their types. */
const PODS: Policy = {
  ...EVERYWHERE,
  name: "leanvibe-operator-pods",
  resourceRules: [{ ...of("", "pods"), operations: ["CREATE"] }],
  variables: [],
  validations: [
    {
      // Else it could run as any account of its namespace, the API server's for one.
      expression: "object.spec.?serviceAccountName.orValue('default') == 'default'",
      message: "the operator's account may run nothing under another account",
      reason: "Forbidden",
    },
  ],
};

const BINDINGS: Policy = {
  ...EVERYWHERE,
  name: "leanvibe-operator-bindings",
  resourceRules: [{ ...of("rbac.authorization.k8s.io", "clusterrolebindings"), operations: ["CREATE", "UPDATE"] }],
  variables: [],
  validations: [
    {
      // Else an owner's role, given cluster-wide, would open every namespace.
      expression: "object.roleRef.name == object.metadata.name",
      message: "the operator's account may bind cluster-wide only the role of the binding's own name",
      reason: "Forbidden",
    },
  ],
};

export const OPERATOR_POLICIES: readonly Policy[] = [BOUNDS, PODS, BINDINGS];
