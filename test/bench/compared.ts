import { APPLIED_ANNOTATION, collectionPath, KINDS, type Kind, recordOf } from "@leanvibe/runtime";
import { LABELS, TENANTS } from "@leanvibe/schema";
import { z } from "zod";
import type { BenchCluster } from "./cluster.ts";

/** Everything that belongs to one Tenant, field by field: `Kind namespace/name path` -> its value as JSON. */
export type Fields = ReadonlyMap<string, string>;

const CHILD_KINDS: readonly Kind[] = [
  KINDS.Namespace,
  KINDS.ClusterRole,
  KINDS.ClusterRoleBinding,
  KINDS.ResourceQuota,
  KINDS.LimitRange,
  KINDS.NetworkPolicy,
  KINDS.ServiceAccount,
  KINDS.RoleBinding,
];

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional(), uid: z.string() });
const list = z.object({ items: z.array(z.looseObject({ metadata })) });
type Listed = z.output<typeof list>["items"][number];

/** What differs between two makings of the same thing, and what only says who made it. */
const VOLATILE =
  /^(uid|resourceVersion|creationTimestamp|lastTransitionTime|time|(first|last)Timestamp|managedFields)$/;

/** The Tenant of that name with its children and what was told about it. */
export async function fieldsOf({ admin }: BenchCluster, tenant: string): Promise<Fields> {
  const listed = async (kind: Kind, query: Record<string, string>) => {
    const answer = await admin.send({ method: "GET", path: collectionPath(kind), query });
    return list.parse(answer).items.map((object) => ({ kind: kind.kind, object }));
  };
  const objects = (
    await Promise.all([
      listed(TENANTS, { fieldSelector: `metadata.name=${tenant}` }),
      ...CHILD_KINDS.map((kind) => listed(kind, { labelSelector: `${LABELS.tenant}=${tenant}` })),
      listed(KINDS.Event, { fieldSelector: `involvedObject.name=${tenant}` }),
    ])
  ).flat();
  const names = new Map(objects.map(({ kind, object }) => [object.metadata.uid, `uid of the ${kind}`]));
  return new Map(
    objects.flatMap(({ kind, object }) => {
      const { name, namespace } = object.metadata;
      // An Event's name is made of what it says, by each in its own way.
      const whose = kind === "Event" ? String(object["reason"]) : name;
      const heading = `${kind} ${namespace === undefined ? "" : `${namespace}/`}${whose}`;
      return leavesOf(kind === "Event" ? withoutName(object) : object, "", names).map(
        ([path, value]): [string, string] => [`${heading} ${path}`, value],
      );
    }),
  );
}

function withoutName({ metadata: { name: _, ...others }, ...rest }: Listed): Record<string, unknown> {
  return { ...rest, metadata: others };
}

function leavesOf(value: unknown, path: string, names: ReadonlyMap<string, string>): [string, string][] {
  if (typeof value === "object" && value !== null) {
    const entries: [string, unknown][] = Array.isArray(value)
      ? value.map((item, index) => [`[${nameIn(item) ?? index}]`, item])
      : Object.entries(value).map(([name, inner]) => [`.${name}`, inner]);
    if (entries.length === 0) return [[path, JSON.stringify(value)]];
    return entries
      .filter(([name]) => !VOLATILE.test(name.slice(1)))
      .flatMap(([name, inner]) => leavesOf(inner, path + name, names));
  }
  // Each hashes in its own way.
  if (path.endsWith(APPLIED_ANNOTATION)) return [[path, `${String(value).length} characters`]];
  return [[path, JSON.stringify(names.get(String(value)) ?? value)]];
}

/** Conditions are found by their type, in whatever order they stand. */
function nameIn(item: unknown): string | undefined {
  const { type } = recordOf(item);
  return typeof type === "string" ? type : undefined;
}

/** Field by field what the one has otherwise than the other; empty where both made the same. */
export function differencesBetween(ours: Fields, peers: Fields): string[] {
  const paths = [...new Set([...ours.keys(), ...peers.keys()])].toSorted();
  return paths.flatMap((path) => {
    const [a, b] = [ours.get(path), peers.get(path)];
    return a === b ? [] : [`${path}: ours ${a ?? "has none"}, the Go operator's ${b ?? "has none"}`];
  });
}
