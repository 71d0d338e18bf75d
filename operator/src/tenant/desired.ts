import type { Manifest } from "@leanvibe/runtime";
import {
  ANNOTATIONS,
  CLUSTER_ROLES,
  LABELS,
  MEMBER_ROLES,
  type MemberRole,
  TENANTS,
  type Tenant,
  tenantRoleName,
} from "@leanvibe/schema";
import { agentAccount, agentBinding } from "./agents.ts";
import type { Claim } from "./claims.ts";
import { networkPolicies, type Way } from "./network.ts";
import { type Amounts, hardOf, hardOfTasks } from "./quota.ts";

/** A namespace that is ours to fill, and whether its fences have been seen in force. */
export type FencedClaim = Claim & Bounds & { fenced: boolean; suspension: Record<string, string> };

/** What a namespace may hold: of the Tenant's total, and how many AgentTasks, where they are counted. */
type Bounds = { name: string; share: Amounts; tasks?: number | undefined };

/** Names of the children in each namespace. */
export const CHILD_NAMES = {
  quota: "leanvibe",
  limits: "leanvibe",
  owners: "leanvibe-owners",
  members: (role: MemberRole) => `leanvibe-members-${role}`,
} as const;

/**
 * Everything a Tenant stands for in the cluster. Pure: same Tenant in, same manifests out. Fences come before rights: a
 * namespace whose fences were not seen in force has no owners yet.
 */
export function desiredTenant(tenant: Tenant, namespaces: readonly FencedClaim[], reach: readonly Way[]): Manifest[] {
  return [
    ...ownView(tenant),
    ...namespaces.flatMap((namespace) => [
      namespaceObject(namespace, tenant),
      // Not before it is seen to be ours: another Tenant may be quicker, and what we wrote inside would stay.
      ...(namespace.standing === "own" ? fences(namespace, tenant, reach) : []),
      ...(namespace.fenced ? roleBindings(namespace, tenant) : []),
    ]),
  ];
}

/** What bounds one namespace. */
export function fences(bounds: Bounds, tenant: Tenant, reach: readonly Way[] = []): Manifest[] {
  const { name } = bounds;
  const labels = childLabels(tenant);
  return [
    resourceQuota(bounds, tenant),
    {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: CHILD_NAMES.limits, namespace: name, labels },
      spec: { limits: [{ type: "Container", ...tenant.spec.limitRange }] },
    },
    ...networkPolicies(name, tenant, labels, reach),
    agentAccount(name, labels),
  ];
}

/** What a namespace is lent of the Tenant's total. */
export function resourceQuota({ name: namespace, share, tasks }: Bounds, tenant: Tenant): Manifest {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: CHILD_NAMES.quota, namespace, labels: childLabels(tenant) },
    spec: { hard: { ...hardOf(share), ...hardOfTasks(tasks) } },
  };
}

function namespaceObject(
  { name, labels, podSecurity, suspension, standing, live }: FencedClaim,
  tenant: Tenant,
): Manifest {
  const { registries, runtimeClassName } = tenant.spec;
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      // Two Tenants may list it at once: only one finds it as it was seen, and it is that one's.
      ...(standing === "foreign" && live?.metadata.resourceVersion !== undefined
        ? { resourceVersion: live.metadata.resourceVersion }
        : {}),
      labels: {
        ...labels,
        ...childLabels(tenant),
        "pod-security.kubernetes.io/enforce": podSecurity,
        // What would break under the strictest level is said at once, also where less is enforced.
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/audit": "restricted",
        ...(registries === undefined ? {} : { [LABELS.registries]: registries.action }),
        ...(runtimeClassName === undefined ? {} : { [LABELS.runtimeClass]: runtimeClassName }),
        ...suspension,
      },
      ...(registries === undefined ? {} : { annotations: { [ANNOTATIONS.registries]: registries.allowed.join(",") } }),
    },
  };
}

/** The rights of owners, members and agents inside a namespace, by ClusterRoles that are shipped and that they cannot change. */
export function roleBindings({ name }: Claim, tenant: Tenant): Manifest[] {
  const groups = [
    { name: CHILD_NAMES.owners, role: CLUSTER_ROLES.owner, subjects: subjectsOf(tenant) },
    ...MEMBER_ROLES.map((role) => ({
      name: CHILD_NAMES.members(role),
      role: ROLE_OF_MEMBERS[role],
      subjects: membersOf(tenant, role),
    })),
  ];
  const bindings = groups
    .filter(({ subjects }) => subjects.length > 0)
    .map(({ name: binding, role, subjects }) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: binding, namespace: name, labels: childLabels(tenant) },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects,
    }));
  return [...bindings, agentBinding(name, childLabels(tenant))];
}

const ROLE_OF_MEMBERS = {
  admin: CLUSTER_ROLES.owner,
  member: CLUSTER_ROLES.member,
  viewer: CLUSTER_ROLES.viewer,
} as const satisfies Record<MemberRole, string>;

function membersOf({ spec: { members = [] } }: Tenant, role: MemberRole): Record<string, string>[] {
  return members
    .filter((member) => member.role === role)
    .map(({ subject }) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: subject }));
}

/** Owners may look at their own Tenant, by name, and at nobody else's. */
function ownView(tenant: Tenant): Manifest[] {
  const subjects = subjectsOf(tenant);
  if (subjects.length === 0) return [];
  const metadata = { name: tenantRoleName(tenant.metadata.name), labels: childLabels(tenant) };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ClusterRole",
      metadata,
      rules: [
        {
          apiGroups: [TENANTS.group],
          resources: [TENANTS.plural],
          resourceNames: [tenant.metadata.name],
          verbs: ["get"],
        },
      ],
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
      subjects,
    },
  ];
}

function subjectsOf({ spec: { owners = [] } }: Tenant): Record<string, string>[] {
  return owners.map(({ kind, name }) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name }));
}

/** On every child, so that it can be found, told from an earlier Tenant's, and recognised by other tools. */
export function childLabels({ metadata: { name, uid } }: Tenant): Record<string, string> {
  return { [LABELS.tenant]: name, [LABELS.tenantUid]: uid ?? "", "app.kubernetes.io/managed-by": "leanvibe" };
}
