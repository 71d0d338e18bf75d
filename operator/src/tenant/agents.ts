import type { Manifest } from "@leanvibe/runtime";
import { AGENT_NAME, CLUSTER_ROLES, SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";

/** Under whom agents run in a namespace. Their pods name their tokens themselves; nobody else is to get one unasked. */
export function agentAccount(namespace: string, labels: Record<string, string>): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: AGENT_NAME, namespace, labels },
    automountServiceAccountToken: false,
  };
}

/**
 * What agents may do there: write ConfigMaps, of which the policies allow each agent its own two. The API reads those by the
 * same binding and so in no other namespace; a policy keeps it from writing any.
 */
export function agentBinding(namespace: string, labels: Record<string, string>): Manifest {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: AGENT_NAME, namespace, labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: CLUSTER_ROLES.agent },
    subjects: [
      { kind: "ServiceAccount", name: AGENT_NAME, namespace },
      { kind: "ServiceAccount", name: SERVICE_ACCOUNTS.api, namespace: SYSTEM_NAMESPACE },
    ],
  };
}
