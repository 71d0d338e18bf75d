import { type KubeObject, labelOf } from "@leanvibe/runtime";
import { LABELS, type Tenant } from "@leanvibe/schema";
import { announcedBy, isRecorded, namespacesOf } from "./claims.ts";

/** The Tenant's children, by what they are. Only this Tenant's own: an earlier one's of the same name are left out. */
export type Children = {
  all: readonly KubeObject[];
  namespaces: readonly KubeObject[];
  /** They carry this Tenant's labels, but nobody knows why: a copy of a namespace, say. Never touched. */
  strangers: readonly KubeObject[];
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

/**
 * Sorts out what carries this Tenant's uid. Labels alone prove nothing: a namespace counts when status knows it, the
 * spec lists it or it was announced before it was made, and what is inside counts with it.
 */
export function ownChildren(tenant: Tenant, children: readonly KubeObject[]): Children {
  const labelled = children.filter((child) => labelOf(child, LABELS.tenantUid) === tenant.metadata.uid);
  const named = new Set([...namespacesOf(tenant).map(({ name }) => name), ...announcedBy(tenant)]);
  const namespaces = labelled.filter(
    (child) => child.kind === "Namespace" && (named.has(child.metadata.name) || isRecorded(tenant, child)),
  );
  const known = new Map(namespaces.map((namespace) => [namespace.metadata.name, namespace]));
  // Only what lies in a namespace that carries our labels and is unknown is strange: in one that is gone, or lost its
  // labels, children are still ours to look after.
  const strange = new Set(
    labelled.flatMap(({ kind, metadata }) => (kind === "Namespace" && !known.has(metadata.name) ? metadata.name : [])),
  );
  const isOwn = ({ kind, metadata }: KubeObject) =>
    !strange.has(kind === "Namespace" ? metadata.name : (metadata.namespace ?? ""));
  const all = labelled.filter(isOwn);
  const index = new Map(
    all
      .filter((child) => isOfThisLife(child, known.get(child.metadata.namespace ?? "")))
      .map((child) => [indexKey(child.kind, child.metadata.namespace, child.metadata.name), child]),
  );
  return {
    all,
    namespaces,
    strangers: labelled.filter((child) => !isOwn(child)),
    get: (kind, namespace, name) => index.get(indexKey(kind, namespace, name)),
  };
}

/** A watch may be late: what is older than its namespace lay in an earlier one of that name, and is gone. */
function isOfThisLife(child: KubeObject, namespace: KubeObject | undefined): boolean {
  const [made, since] = [child.metadata.creationTimestamp, namespace?.metadata.creationTimestamp];
  return made === undefined || since === undefined || made >= since;
}

function indexKey(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace ?? ""}/${name}`;
}
