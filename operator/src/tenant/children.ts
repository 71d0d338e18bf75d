import { type KubeObject, labelOf } from "@leanvibe/runtime";
import { LABELS, type Tenant } from "@leanvibe/schema";

/** The Tenant's children, by what they are. Only this Tenant's own: an earlier one's of the same name are left out. */
export type Children = {
  all: readonly KubeObject[];
  namespaces: readonly KubeObject[];
  get: (kind: string, namespace: string | undefined, name: string) => KubeObject | undefined;
};

const RIGHTS = new Set(["RoleBinding", "ClusterRole", "ClusterRoleBinding"]);

/** Does it give somebody rights? */
export function isRight({ kind }: KubeObject): boolean {
  return RIGHTS.has(kind);
}

/** Was it kept when it left its Tenant? */
export function isRetained(namespace: KubeObject): boolean {
  return labelOf(namespace, LABELS.retained) === "true";
}

/** Sorts out what carries this Tenant's uid. */
export function ownChildren(tenant: Tenant, children: readonly KubeObject[]): Children {
  const all = children.filter((child) => labelOf(child, LABELS.tenantUid) === tenant.metadata.uid);
  const index = new Map(
    all.map((child) => [indexKey(child.kind, child.metadata.namespace, child.metadata.name), child]),
  );
  return {
    all,
    namespaces: all.filter(({ kind }) => kind === "Namespace"),
    get: (kind, namespace, name) => index.get(indexKey(kind, namespace, name)),
  };
}

function indexKey(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace ?? ""}/${name}`;
}
