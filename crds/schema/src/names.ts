/** API group of every kind we define. */
export const GROUP = "leanvibe.io";

/** The one version served and stored. */
export const VERSION = "v1alpha1";

/** `apiVersion` of every object of ours. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** `kubectl get leanvibe` lists every kind in this category. */
export const CATEGORY = "leanvibe";

/** Where the operator, its Lease and its ServiceAccount live. No Tenant may claim it. */
export const SYSTEM_NAMESPACE = "leanvibe-system";

/** Labels we write. The policies in crds/policies.yaml refuse edits by anyone who may not update Tenants. */
export const LABELS = {
  /** On every object made for a Tenant, its namespaces included: the Tenant's name. */
  tenant: "leanvibe.io/tenant",
  /** Beside it: the Tenant's uid, so that a Tenant made anew under an old name inherits nothing unasked. */
  tenantUid: "leanvibe.io/tenant-uid",
  /** On namespaces kept after their Tenant went (deletionPolicy Retain): "true". */
  retained: "leanvibe.io/retained",
  /** On namespaces of a Tenant with spec.registries: its action, by which the policy's bindings choose. */
  registries: "leanvibe.io/registries",
  /** On namespaces of a Tenant with spec.runtimeClassName: that name, which every pod must carry. */
  runtimeClass: "leanvibe.io/runtime-class",
  /** On namespaces of a suspended Tenant: "true", and new pods are refused; "resuming" until all is brought back. */
  suspended: "leanvibe.io/suspended",
  /** Beside it: since when, in seconds since the epoch. */
  suspendedSince: "leanvibe.io/suspended-since",
  /** On the Job and the pods of an AgentTask: "true". Their network policy chooses by it, and nobody else may carry it. */
  agent: "leanvibe.io/agent",
  /** On the Job, the pods and the ConfigMaps of an AgentTask: the task's name. */
  agentTask: "leanvibe.io/agent-task",
  /**
   * On JOB-report, beside it: "true". The operator watches these alone: with artifacts it would have to hear of half a
   * megabyte each time that an agent saves its work.
   */
  agentReport: "leanvibe.io/agent-report",
} as const;

/** Annotations we write. */
export const ANNOTATIONS = {
  /** On Tenants, from their creation: "api" or "kubectl", who owns their spec. The other one is told to leave it alone. */
  managedBy: "leanvibe.io/managed-by",
  /** On Tenants that the API made: its id of them, by which it knows them again. */
  tenantId: "leanvibe.io/tenant-id",
  /** On AgentTasks that the API made: its id of them. */
  taskId: "leanvibe.io/task-id",
  /** On Tenants: the names, joined by commas, under which namespaces may have been made before status says so. */
  namespaces: "leanvibe.io/namespaces",
  /** On namespaces, beside the label of that name: the prefixes that images may begin with, joined by commas. */
  registries: "leanvibe.io/registries",
  /** On workloads that a suspension scaled to zero: the replicas they get back. */
  resumeReplicas: "leanvibe.io/resume-replicas",
  /** On StatefulSets whose volumes would have been deleted with the pods: the policy they get back. */
  resumeWhenScaled: "leanvibe.io/resume-when-scaled",
  /** On Jobs, CronJobs and DaemonSets that a suspension stopped: "true". */
  resume: "leanvibe.io/resume",
  /** On the pods of an AgentTask: the task as JSON, which only the agent's container is shown. */
  task: "leanvibe.io/task",
  /**
   * On the Job of an AgentTask that was told to rest: the seconds that it may work yet, and the start of the work before, in
   * seconds since the epoch (`3555@1795435200`). Beside a later start its deadline is these seconds.
   */
  timeLeft: "leanvibe.io/time-left",
} as const;

/** Finalizers we write. */
export const FINALIZERS = {
  /** On Tenants: rights go before fences, and namespaces go only where the policy says Delete. */
  tenant: "leanvibe.io/tenant",
} as const;

/** Field managers for server-side apply; every field has one writer. */
export const FIELD_MANAGERS = {
  operator: "leanvibe-operator",
  api: "leanvibe-api",
  cli: "leanvibe-cli",
} as const;

/** ConfigMap in {@link SYSTEM_NAMESPACE} that says whether the cluster was seen to enforce network policies. */
export const NETWORK_PROBE = "leanvibe-network-probe";

/** ServiceAccounts in {@link SYSTEM_NAMESPACE}. */
export const SERVICE_ACCOUNTS = { operator: "leanvibe-operator", api: "leanvibe-api" } as const;

/** Leases in {@link SYSTEM_NAMESPACE} by which one process of several leads. */
export const LEASES = { operator: "leanvibe-operator", api: "leanvibe-api" } as const;

/** The user name the API server gives the operator's token. */
export const OPERATOR_USERNAME = `system:serviceaccount:${SYSTEM_NAMESPACE}:${SERVICE_ACCOUNTS.operator}` as const;

/** The user name the API server gives the token of our HTTP API. */
export const API_USERNAME = `system:serviceaccount:${SYSTEM_NAMESPACE}:${SERVICE_ACCOUNTS.api}` as const;

/** ClusterRoles shipped in operator/manifests/rbac.yaml and api-server/manifests/rbac.yaml. */
export const CLUSTER_ROLES = {
  operator: "leanvibe-operator",
  api: "leanvibe-api",
  /** Bound to a Tenant's owners in each of its namespaces. */
  owner: "leanvibe-owner",
  /** Bound to members by their role: the same work, but existing volume claims are not theirs to change or delete. */
  member: "leanvibe-member",
  /** Bound to members by their role: looking only, and at no Secret. */
  viewer: "leanvibe-viewer",
  /** Bound to agents' account in each of a Tenant's namespaces: their ConfigMaps, and nothing else. */
  agent: "leanvibe-agent",
} as const;

/** Images that we build. A registry's own name goes before, where they are pushed to one. */
export const IMAGES = {
  operator: "leanvibe.io/operator",
  api: "leanvibe.io/api",
  /** Brings the API's database up to date. */
  migrate: "leanvibe.io/migrate",
  /** What an AgentTask's pod runs: the agent, and the sandbox beside it. */
  agent: "leanvibe.io/agent",
} as const;

export type ImageName = keyof typeof IMAGES;

/** In each of a Tenant's namespaces: the account of agents' pods, the binding of its rights, and their network policy. */
export const AGENT_NAME = "leanvibe-agent";

/** Of an agent's token for the gateway to the model: the API server takes no such token. */
export const GATEWAY_AUDIENCE = "leanvibe-gateway";

/** Service in {@link SYSTEM_NAMESPACE} by which agents reach the model. */
export const GATEWAY_SERVICE = "leanvibe-gateway";

/** What the names of agents' Jobs, pods and ConfigMaps begin with, and nobody else's in a Tenant's namespace may. */
export const AGENT_PREFIX = "agt-";

const JOB_NAME_MAX = 50;

/** The one Job of an AgentTask: its name cut so that the pods' fits too, and the head of its uid, for one made anew. */
export function agentJobName(taskName: string, uid: string): string {
  const tail = `-${uid.replaceAll("-", "").slice(0, 8)}`;
  const head = `${AGENT_PREFIX}${taskName}`.slice(0, JOB_NAME_MAX - tail.length - 1).replace(/-+$/, "");
  return `${head}${tail}`;
}

/** The ConfigMaps in which an agent says how far it is and what it made. */
export function agentConfigMaps(jobName: string): { report: string; artifact: string } {
  return { report: `${jobName}-report`, artifact: `${jobName}-artifact` };
}

/** Prefix of the namespace a Tenant gets when it lists none. */
export const DEFAULT_NAMESPACE_PREFIX = "tenant-";

/** Longest Tenant name whose default namespace is still a DNS label (63 characters). */
export const TENANT_NAME_MAX_LENGTH = 63 - DEFAULT_NAMESPACE_PREFIX.length;

/** The namespace of a Tenant that lists none: `acme` has `tenant-acme`. */
export function defaultNamespace(tenantName: string): string {
  return `${DEFAULT_NAMESPACE_PREFIX}${tenantName}`;
}

/** ClusterRole and ClusterRoleBinding that let a Tenant's owners read their own Tenant object. */
export function tenantRoleName(tenantName: string): string {
  return `leanvibe-tenant-${tenantName}`;
}

/** How the platform's accounts are named to Kubernetes; no identity provider may hand out such names. */
export const MEMBER_PREFIX = "leanvibe:";

/** What a member may do in the Tenant's namespaces, from most to least. */
export const MEMBER_ROLES = ["admin", "member", "viewer"] as const;

export type MemberRole = (typeof MEMBER_ROLES)[number];

/** What happens to a pod whose image spec.registries does not allow; each has a binding of the policy. */
export const REGISTRY_ACTIONS = ["Deny", "Warn", "Audit"] as const;
