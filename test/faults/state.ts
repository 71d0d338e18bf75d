import { APPLIED_ANNOTATION, type KubeObject, recordOf, stableJson } from "@leanvibe/runtime";
import { LABELS } from "@leanvibe/schema";
import { type Api, CHILD_KINDS, DEPLOYMENTS, TENANTS } from "../harness/cluster.ts";
import { masked } from "./address.ts";
import { FOREIGN } from "./editors.ts";

/** Objects by `Kind namespace/name`, with whatever differs between two runs of the same thing masked. */
export type State = Record<string, string>;

/** What a workload's objects look like now. */
export async function stateOf(api: Api, prefix: string): Promise<State> {
  const labelled = CHILD_KINDS.map((kind) => api.list(kind, LABELS.tenant));
  const lists = await Promise.all([...labelled, api.list(TENANTS, ""), api.list(DEPLOYMENTS, "")]);
  const objects = lists
    .flat()
    .filter(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`.includes(prefix));
  const nameOf = ({ kind, metadata }: KubeObject) =>
    masked(`${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`, prefix);
  const names = new Map(objects.map((object) => [object.metadata.uid ?? "", nameOf(object)]));
  return Object.fromEntries(
    objects.map((object) => [nameOf(object), withNames(masked(stableJson(lasting(object)), prefix), names)]),
  );
}

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A uid says nothing, but whose it is does: a child of an earlier owner's would be seen. */
function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(UID, (uid) => `uid of ${names.get(uid) ?? "nobody that is left"}`);
}

function lasting(object: KubeObject): unknown {
  const { labels = {}, annotations = {}, generation, deletionTimestamp, finalizers, ownerReferences } = object.metadata;
  const { [LABELS.suspendedSince]: since, ...others } = ours(labels);
  const kept = Object.entries(ours(annotations)).filter(
    ([name]) => name !== APPLIED_ANNOTATION && !name.includes("/revision"),
  );
  const metadata = {
    labels: { ...others, ...(since === undefined ? {} : { since: "some time" }) },
    annotations: Object.fromEntries(kept),
    finalizers,
    ownerReferences,
    going: deletionTimestamp !== undefined,
  };
  const { metadata: _, status, kind, apiVersion: _version, ...rest } = object;
  if (kind === "Deployment") return { metadata, replicas: recordOf(rest["spec"])["replicas"] };
  return { metadata, ...rest, status: lastingStatus(recordOf(status), generation) };
}

/** Without what another editor put there; that it stays is asked elsewhere. */
function ours(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !name.startsWith(FOREIGN)));
}

/** Times go; that a status is of the generation that stands remains. */
function lastingStatus(status: Record<string, unknown>, generation: number | undefined): unknown {
  return JSON.parse(
    JSON.stringify(status, (name, value: unknown) => {
      if (name === "lastTransitionTime" || name === "time") return undefined;
      return name === "observedGeneration" ? value === generation : value;
    }),
  );
}

/** How two states differ, object by object; empty where they do not. */
export function differences(expected: State, actual: State): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].toSorted();
  return names.flatMap((name) => {
    const [a, b] = [expected[name], actual[name]];
    if (a === b) return [];
    if (a === undefined) return [`${name} should not be there`];
    if (b === undefined) return [`${name} is missing`];
    return [`${name}: ${excerpt(a, b)}`];
  });
}

/** The places from the first to the last difference. */
function excerpt(a: string, b: string): string {
  let [start, end] = [0, 0];
  while (a[start] === b[start]) start += 1;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const cut = (text: string) => text.slice(Math.max(0, start - 60), text.length - end + 20).slice(0, 400);
  return `expected ...${cut(a)}... but found ...${cut(b)}...`;
}
