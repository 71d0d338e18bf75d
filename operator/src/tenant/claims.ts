import { type KubeObject, labelOf } from "@leanvibe/runtime";
import { ANNOTATIONS, defaultNamespace, LABELS, type Tenant } from "@leanvibe/schema";

/** What is known of a name that the Tenant wants, or once had. */
export type Standing =
  /** nobody has it: it will be made */
  | "free"
  /** it is this Tenant's */
  | "own"
  /** it was kept when an earlier Tenant of this name went */
  | "retained"
  /** it was here before, and is no Tenant's */
  | "foreign"
  /** it is somebody else's */
  | "taken";

/** One namespace of a Tenant: what is asked for, and what is there. */
export type Claim = {
  name: string;
  labels: Record<string, string>;
  podSecurity: "baseline" | "restricted";
  standing: Standing;
  live: KubeObject | undefined;
};

/** The namespaces the spec lists, or the one that a Tenant gets without a list. */
export function namespacesOf(tenant: Tenant): NonNullable<Tenant["spec"]["namespaces"]> {
  return tenant.spec.namespaces ?? [{ name: defaultNamespace(tenant.metadata.name), podSecurity: "restricted" }];
}

/** Looks at each wanted name. `liveOf` must know every namespace of the cluster, not only ours. */
export function claimsOf(tenant: Tenant, liveOf: (name: string) => KubeObject | undefined): Claim[] {
  return namespacesOf(tenant).map(({ name, labels, podSecurity }) => {
    const live = liveOf(name);
    return { name, labels: labels ?? {}, podSecurity, live, standing: standingOf(tenant, live) };
  });
}

function standingOf(tenant: Tenant, live: KubeObject | undefined): Standing {
  if (live === undefined) return "free";
  // Whatever became of its labels, it is the one we wrote down: they are put back.
  if (isRecorded(tenant, live)) return "own";
  const holder = labelOf(live, LABELS.tenant);
  // A default name was not chosen by anybody: what has it already may be anything.
  if (holder === undefined && tenant.spec.namespaces !== undefined) return "foreign";
  if (holder !== tenant.metadata.name) return "taken";
  // A Tenant made anew under an old name inherits nothing unasked: the uid tells them apart.
  if (labelOf(live, LABELS.tenantUid) === tenant.metadata.uid) return "own";
  return labelOf(live, LABELS.retained) === "true" ? "retained" : "taken";
}

/** Does our status know this very namespace, by its uid? Labels can be copied; what status says, only we write. */
export function isRecorded({ status }: Tenant, { metadata: { name, uid } }: KubeObject): boolean {
  return uid !== undefined && (status?.namespaces ?? []).some((known) => known.name === name && known.uid === uid);
}

/** Names under which we may have made a namespace before status could say so. */
export function announcedBy({ metadata }: Tenant): string[] {
  const text = metadata.annotations?.[ANNOTATIONS.namespaces] ?? "";
  return text === "" ? [] : text.split(",");
}

/**
 * What a Tenant's annotation must announce before a namespace is made: all that the spec lists, and what it no longer
 * lists but status does not know yet. Else a namespace would be nobody's that was made by an operator which died before
 * it could write that down, and that the spec no longer lists when the next one looks.
 */
export function announcement(tenant: Tenant, liveOf: (name: string) => KubeObject | undefined): string {
  const listed = namespacesOf(tenant).map(({ name }) => name);
  const unknown = announcedBy(tenant).filter((name) => {
    if (listed.includes(name)) return false;
    const live = liveOf(name);
    // One that is not seen yet may be there all the same.
    if (live === undefined) return true;
    return labelOf(live, LABELS.tenantUid) === tenant.metadata.uid && !isRecorded(tenant, live);
  });
  return [...listed, ...unknown].join(",");
}

/** May we work inside it? One that was there before only when the Tenant says so. */
export function isHeld(tenant: Tenant, { standing }: Claim): boolean {
  const isThere = standing === "retained" || standing === "foreign";
  return standing === "free" || standing === "own" || (isThere && tenant.spec.adopt);
}
