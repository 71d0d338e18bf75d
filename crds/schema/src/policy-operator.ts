import { LABELS, NETWORK_PROBE, OPERATOR_USERNAME, SYSTEM_NAMESPACE, tenantRoleName } from "./names.ts";
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

export const OPERATOR_BOUNDS: Policy = {
  name: "leanvibe-operator-bounds",
  // Of every namespace: what it must not touch carries no label of ours. Others' requests pay for one comparison of names.
  selector: "everything",
  resourceRules: [
    of("", "namespaces", "resourcequotas", "limitranges", "pods", "replicationcontrollers"),
    of("networking.k8s.io", "networkpolicies"),
    of("rbac.authorization.k8s.io", "rolebindings", "clusterroles", "clusterrolebindings"),
    of("apps", "deployments", "statefulsets", "replicasets", "daemonsets"),
    of("batch", "jobs", "cronjobs"),
  ],
  matchConditions: [{ name: "the-operator", expression: `request.userInfo.username == '${OPERATOR_USERNAME}'` }],
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
      // Else it could run as any account there, the API server's for one.
      expression:
        "!variables.isProbe || object == null || !has(object.spec.containers) || object.spec.?serviceAccountName.orValue('default') == 'default'",
      message: "the operator's account may run nothing under another account",
      reason: "Forbidden",
    },
    {
      expression: `!(${IS("clusterroles", "clusterrolebindings")}) || (${NAME}.startsWith('${ROLE_PREFIX}') && (object == null || !has(object.roleRef) || object.roleRef.name == object.metadata.name))`,
      message: `the operator's account may give cluster-wide only the roles named ${ROLE_PREFIX}*, each by the binding of its name`,
      reason: "Forbidden",
    },
  ],
};
