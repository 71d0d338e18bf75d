import { type KubeObject, type Manifest, stamped } from "@leanvibe/runtime";
import { parseTenant, type Tenant } from "@leanvibe/schema";
import { decide, type World } from "../decide.ts";

/** What a Tenant is decided from, as values, and a cluster small enough to hold in a test. */

export const NOW = new Date("2026-11-23T12:00:00Z");
export const UID = "11111111-1111-4111-8111-111111111111";

/** Of each namespace, beside its LimitRange: the Tenant's own pods have a policy, and agents' another one. */
export const FENCES = ["NetworkPolicy", "NetworkPolicy", "ResourceQuota", "ServiceAccount"];

export function tenant(
  spec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
  status?: unknown,
): Tenant {
  const parsed = parseTenant({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "Tenant",
    metadata: { name: "acme", uid: UID, generation: 1, ...metadata },
    spec: { organizationName: "Acme", adminEmail: "a@example.com", owners: [{ kind: "User", name: "jane" }], ...spec },
    status,
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

/** A status that knows these namespaces by their uids. */
export function recorded(world: SmallCluster, ...names: string[]) {
  const uidOf = (name: string) => world.objects.get(`Namespace ${name}`)?.metadata.uid;
  return { namespaces: names.map((name) => ({ name, uid: uidOf(name), ready: true, quotaInForce: true })) };
}

/** A small cluster: what was decided is made, and quotas come into force when told so. */
export class SmallCluster {
  readonly objects = new Map<string, KubeObject>();
  /** AgentTasks in each namespace. */
  tasks = 0;

  world(crdTerminating = false): World {
    return {
      namespace: (name) => this.objects.get(`Namespace ${name}`),
      crdTerminating,
      wanted: () => undefined,
      family: { parent: undefined, children: [] },
      workloads: [],
      network: undefined,
      reach: [],
      tasks: () => this.tasks,
    };
  }

  make(manifests: readonly Manifest[]): void {
    for (const manifest of manifests) {
      const uid = this.objects.get(keyOf(manifest))?.metadata.uid ?? `uid of ${keyOf(manifest)}`;
      const made = stamped(manifest);
      this.objects.set(keyOf(manifest), { ...made, metadata: { ...made.metadata, uid } });
    }
  }

  enforceQuotas(): void {
    for (const object of this.objects.values()) {
      if (object.kind === "ResourceQuota") object["status"] = object["spec"];
    }
  }

  children(): KubeObject[] {
    return [...this.objects.values()].filter(({ metadata }) => metadata.labels?.["leanvibe.io/tenant"] === "acme");
  }

  /** Decides, makes, and takes away, as the loop does, until nothing changes. */
  settle(of: Tenant, crdTerminating = false) {
    for (let round = 0; round < 5; round += 1) {
      const decision = decide(of, this.world(crdTerminating), this.children(), NOW);
      const wanted = new Set([...decision.manifests, ...decision.kept].map(keyOf));
      for (const child of this.children()) if (!wanted.has(keyOf(child))) this.remove(child);
      this.make(decision.manifests);
      this.enforceQuotas();
    }
    return decide(of, this.world(crdTerminating), this.children(), NOW);
  }

  /** A namespace takes with it what is inside. */
  remove(child: KubeObject): void {
    this.objects.delete(keyOf(child));
    if (child.kind !== "Namespace") return;
    for (const [key, { metadata }] of this.objects)
      if (metadata.namespace === child.metadata.name) this.objects.delete(key);
  }

  kinds(): string[] {
    return this.children()
      .map(({ kind }) => kind)
      .toSorted();
  }
}

export function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

export function conditionsOf(status: Record<string, unknown>): Record<string, string> {
  const conditions = status["conditions"] as { type: string; status: string; reason: string }[];
  return Object.fromEntries(conditions.map(({ type, status: value, reason }) => [type, `${value} ${reason}`]));
}
