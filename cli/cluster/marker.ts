import type { Nodes } from "./site.ts";

/**
 * The ConfigMap by which a cluster says that it is ours. The two names differ on purpose: tests delete namespaces without
 * asking, so a developer's cluster must not pass for a test cluster.
 */
export const MARKERS = { dev: "leanvibe-cluster", test: "leanvibe-test-cluster" } as const;

/** The marker ConfigMap of a cluster that we made, in kube-system. */
export function markerOf(cluster: { purpose: "dev" | "test"; nodes: Nodes; name: string }) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: MARKERS[cluster.purpose], namespace: "kube-system" },
    data: { name: cluster.name, nodes: cluster.nodes },
  };
}
