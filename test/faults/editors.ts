import { isApiError, KINDS, type Kind, type KubeObject, keyOf, stableJson } from "@leanvibe/runtime";
import { FINALIZERS, LABELS } from "@leanvibe/schema";
import { type Api, CHILD_KINDS, conditionOf, TENANTS } from "../harness/cluster.ts";
import type { Edit } from "./plan.ts";
import { within } from "./workloads.ts";

/** Labels and annotations that are nobody's of ours. */
export const FOREIGN = "editor.example.com/";
const MARK = { [`${FOREIGN}team`]: "blue" };

/** What an editor did to one object, and what was wrong about how it was answered. */
export type Report = {
  /** As it was before. */
  object: KubeObject;
  edit: Edit;
  /** performance.now() of the first edit. */
  since: number;
  faults: string[];
};

const REVERTED_SECONDS = 10;
/** Who insists waits for his turn besides. */
const CONTESTED_SECONDS = 20;

const BY_NAME = new Map<string, Kind>([TENANTS, ...CHILD_KINDS].map((kind) => [kind.kind, kind]));

/** A change of what is ours for each kind, and a text that is in the object as long as it stands. */
const SPOILT: Record<string, { patch: object; mark: string }> = {
  Namespace: {
    patch: { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    mark: '"privileged"',
  },
  ResourceQuota: { patch: { spec: { hard: { pods: "1" } } }, mark: '"pods":"1"' },
  LimitRange: { patch: { spec: { limits: [{ type: "Container", max: { cpu: "777m" } }] } }, mark: "777m" },
  NetworkPolicy: { patch: { spec: { policyTypes: ["Ingress"] } }, mark: '"policyTypes":["Ingress"]' },
  RoleBinding: {
    patch: { subjects: [{ kind: "ServiceAccount", name: "spoilt", namespace: "default" }] },
    mark: "spoilt",
  },
  ClusterRole: { patch: { rules: [{ apiGroups: ["spoilt"], resources: ["things"], verbs: ["get"] }] }, mark: "spoilt" },
  ClusterRoleBinding: {
    patch: { subjects: [{ kind: "ServiceAccount", name: "spoilt", namespace: "default" }] },
    mark: "spoilt",
  },
};

/** A fence around everything that is drawn around less: what is ours is then an object with nothing in it. */
const NARROWED = { patch: { spec: { podSelector: { matchLabels: { spoilt: "yes" } } } }, mark: "spoilt" };

/** What may be done to an object of this kind. */
export function editsOf(kind: string): Edit["edit"][] {
  if (kind === "Tenant") return ["finalizer", "foreign"];
  // A namespace without our labels is anybody's until the status has recorded its uid: nothing tells it from one that
  // was there before, and it is rightly not touched.
  if (kind === KINDS.Namespace.kind) return ["delete", "spec", "foreign"];
  return kind in SPOILT ? ["delete", "spec", "labels", "foreign"] : [];
}

/** Rights that came a moment after somebody else took the fence away, which nobody could know in time. */
export function isForgiven(reports: readonly Report[], broken: string): boolean {
  return reports.some(
    ({ object, edit }) =>
      edit.edit === "delete" && broken.includes("rights without") && broken.includes(fenceOf(object.kind)),
  );
}

/** As history.ts calls what is missing. */
function fenceOf(kind: string): string {
  return kind === KINDS.ResourceQuota.kind ? "quota in force" : kind;
}

/** Does it to the object, and sees how long it stands: what is ours comes back, what is not stays. */
export async function editing(api: Api, object: KubeObject, edit: Edit): Promise<Report> {
  const report: Report = { object, edit, since: performance.now(), faults: [] };
  const times = edit.times ?? 1;
  const seconds = times === 1 ? REVERTED_SECONDS : CONTESTED_SECONDS;
  const name = `${object.kind} ${keyOf(object.metadata)}`;
  for (let round = 1; round <= times; round += 1) {
    await act(api, object, edit).catch((error: unknown) => {
      // Gone meanwhile, or going: then there is nothing to spoil.
      if (!isApiError(error, 404, 409)) throw error;
    });
    if (edit.edit === "foreign") return report;
    const undone = await within(seconds, async () => isUndone(object, edit, await find(api, object)), 50);
    if (undone || (await isMoot(api, object))) continue;
    report.faults.push(`${edit.edit} of ${name} still stands after ${seconds} s`);
    return report;
  }
  if (times > 1) {
    const tenant = await api.find(TENANTS, tenantOf(object));
    if (conditionOf(tenant, "Contested")?.status !== "True") report.faults.push(`${name} was fought about in silence`);
  }
  return report;
}

/** What nobody of ours made must still be there, as long as the object is the same. */
export async function lost(api: Api, { object, edit }: Report): Promise<string[]> {
  if (edit.edit !== "foreign") return [];
  const live = await find(api, object);
  if (live === undefined || live.metadata.uid !== object.metadata.uid) return [];
  const { labels = {}, annotations = {} } = live.metadata;
  return Object.keys(MARK)
    .filter((mark) => labels[mark] === undefined || annotations[mark] === undefined)
    .map((mark) => `${object.kind} ${keyOf(object.metadata)} lost ${mark}, which is not ours`);
}

/** Objects that were deleted by an editor are made once more, and what lay in a namespace with it. */
export function isMadeAnew({ object, edit }: Report, name: string, mask: (text: string) => string): boolean {
  if (edit.edit !== "delete") return false;
  const { kind, metadata } = object;
  if (name === mask(`${kind} ${keyOf(metadata)}`)) return true;
  return kind === KINDS.Namespace.kind && name.includes(mask(` ${metadata.name}/`));
}

async function find(api: Api, { kind, metadata }: KubeObject): Promise<KubeObject | undefined> {
  return api.find(kindOf(kind), metadata.name, metadata.namespace);
}

function kindOf(name: string): Kind {
  const kind = BY_NAME.get(name);
  if (kind === undefined) throw new Error(`nobody edits a ${name}`);
  return kind;
}

async function act(api: Api, { kind, metadata }: KubeObject, { edit }: Edit): Promise<void> {
  const patch = (body: object) => api.patch(kindOf(kind), metadata, body);
  if (edit === "delete") return api.remove(kindOf(kind), metadata);
  if (edit === "finalizer") await patch({ metadata: { finalizers: [] } });
  if (edit === "labels") await patch({ metadata: { labels: { [LABELS.tenant]: null, [LABELS.tenantUid]: null } } });
  if (edit === "foreign") await patch({ metadata: { labels: MARK, annotations: MARK } });
  if (edit === "spec" || edit === "narrow") await patch(spoilt(edit, kind).patch);
}

function isUndone(before: KubeObject, { edit }: Edit, live: KubeObject | undefined): boolean {
  if (live === undefined) return false;
  const { metadata } = live;
  if (edit === "delete") return metadata.uid !== before.metadata.uid;
  if (edit === "finalizer") return metadata.finalizers?.includes(FINALIZERS.tenant) ?? false;
  if (edit === "labels") return metadata.labels?.[LABELS.tenant] !== undefined;
  if (edit === "foreign") return true;
  const { spec, subjects, rules } = live;
  const text = stableJson({ labels: metadata.labels, spec, subjects, rules });
  return !text.includes(spoilt(edit, before.kind).mark);
}

function spoilt(edit: "spec" | "narrow", kind: string): { patch: object; mark: string } {
  const found = edit === "narrow" ? NARROWED : SPOILT[kind];
  if (found === undefined) throw new Error(`nobody knows how to spoil a ${kind}`);
  return found;
}

/** Nobody puts back what its Tenant, or its namespace, does not want any more. */
async function isMoot(api: Api, object: KubeObject): Promise<boolean> {
  const { kind, metadata } = object;
  const tenant = await api.find(TENANTS, tenantOf(object));
  if (tenant === undefined || tenant.metadata.deletionTimestamp !== undefined) return true;
  const space = kind === KINDS.Namespace.kind ? metadata.name : metadata.namespace;
  if (space === undefined) return false;
  const namespace = await api.find(KINDS.Namespace, space);
  return namespace?.metadata.labels?.[LABELS.retained] !== undefined;
}

function tenantOf({ kind, metadata }: KubeObject): string {
  return kind === TENANTS.kind ? metadata.name : (metadata.labels?.[LABELS.tenant] ?? "");
}
