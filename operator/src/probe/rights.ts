import { KINDS } from "@leanvibe/runtime";
import { NETWORK_PROBE } from "@leanvibe/schema";
import { PROBE_NAMES } from "./manifests.ts";

/**
 * What the probe needs, in the operator's own namespace only and by name wherever RBAC can say it: of a create it
 * cannot, the name is not known yet.
 */
export const PROBE_RIGHTS = [
  { kind: KINDS.Pod, names: [], verbs: ["create"] },
  { kind: KINDS.Pod, names: [PROBE_NAMES.server, PROBE_NAMES.client], verbs: ["get", "delete"] },
  { kind: KINDS.NetworkPolicy, names: [], verbs: ["create"] },
  { kind: KINDS.NetworkPolicy, names: [PROBE_NAMES.policy], verbs: ["get", "patch", "delete"] },
  { kind: KINDS.ConfigMap, names: [], verbs: ["create"] },
  { kind: KINDS.ConfigMap, names: [NETWORK_PROBE], verbs: ["get", "list", "watch", "patch"] },
] as const;
