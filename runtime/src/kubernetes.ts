/** The part of an object's metadata that a controller reads. */
export type ObjectMeta = {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion?: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
  deletionGracePeriodSeconds?: number;
  managedFields?: unknown[];
};

/** Any object as the API server speaks of it: known envelope, unknown inside. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
};

/** What we want to exist: an object without anything that the server fills in. */
export type Manifest = KubeObject;

/** Where a kind lives in the API. One value per kind, made once and compared by identity. */
export type Kind = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
};

/** The built-in kinds that our controllers touch. */
export const KINDS = {
  Namespace: { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
  ResourceQuota: { group: "", version: "v1", kind: "ResourceQuota", plural: "resourcequotas", namespaced: true },
  ServiceAccount: { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true },
  LimitRange: { group: "", version: "v1", kind: "LimitRange", plural: "limitranges", namespaced: true },
  ConfigMap: { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  Pod: { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true },
  ReplicationController: {
    group: "",
    version: "v1",
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    namespaced: true,
  },
  Deployment: { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true },
  ReplicaSet: { group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets", namespaced: true },
  StatefulSet: { group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets", namespaced: true },
  DaemonSet: { group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true },
  Job: { group: "batch", version: "v1", kind: "Job", plural: "jobs", namespaced: true },
  CronJob: { group: "batch", version: "v1", kind: "CronJob", plural: "cronjobs", namespaced: true },
  Lease: { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true },
  Event: { group: "", version: "v1", kind: "Event", plural: "events", namespaced: true },
  NetworkPolicy: {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    namespaced: true,
  },
  EndpointSlice: {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    namespaced: true,
  },
  RoleBinding: {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "RoleBinding",
    plural: "rolebindings",
    namespaced: true,
  },
  ClusterRole: {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "ClusterRole",
    plural: "clusterroles",
    namespaced: false,
  },
  ClusterRoleBinding: {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    namespaced: false,
  },
  CustomResourceDefinition: {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
} as const satisfies Record<string, Kind>;

/** The fields of a part of an object; none where there is no such part. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** `v1` or `apps/v1`: the text that an object of this kind carries. */
export function apiVersionOf(kind: Kind): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** The URL path of all objects of a kind, in one namespace or, without one, in all. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const inside = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${inside}/${kind.plural}`;
}

/** The URL path of one object. A namespaced kind must come with its namespace. */
export function objectPath(kind: Kind, at: { name: string; namespace?: string | undefined }): string {
  if (kind.namespaced && at.namespace === undefined) {
    throw new TypeError(`${kind.kind} ${at.name} is namespaced: its metadata.namespace is missing`);
  }
  return `${collectionPath(kind, at.namespace)}/${encodeURIComponent(at.name)}`;
}

/** `namespace/name`, or the bare name of a cluster-scoped object: the key of caches and queues. */
export function keyOf(at: { name: string; namespace?: string | undefined }): string {
  return at.namespace === undefined ? at.name : `${at.namespace}/${at.name}`;
}

/** `Kind namespace/name`: how an object is spoken of. */
export function identityOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${keyOf(metadata)}`;
}

/** The label's value, or undefined where the object has no such label. */
export function labelOf(object: KubeObject, label: string): string | undefined {
  return object.metadata.labels?.[label];
}

/**
 * Is resourceVersion `a` later than `b`? Kubernetes promises since 1.35 that both are decimal numbers that may be
 * compared (KEP-5504), and etcd's revisions always were; too large for a double, so compared as text.
 */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  return a.length === b.length ? a > b : a.length > b.length;
}
