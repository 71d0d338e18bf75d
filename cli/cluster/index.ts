/** The cluster ladder: finds a cluster that may be used, or makes one. See ladder.ts. */
export { AGENT_REFERENCE, type AgentImage, agentImage, loadAgentImage } from "./agent/image.ts";
export type { Cluster, ClusterOptions, Plan, Progress, Rung } from "./cluster.ts";
export { ClusterRefused, NoCluster } from "./cluster.ts";
export { loadArchive } from "./images.ts";
export { findCluster, planCluster, presentCluster, startCluster, stopCluster } from "./ladder.ts";
export { MARKERS } from "./marker.ts";
export { LOCAL_IMAGE } from "./places.ts";
export type { PassedOver } from "./rungs.ts";
export type { Nodes } from "./site.ts";
