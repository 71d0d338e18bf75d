import { type KubeObject, type Manifest, recordOf, stamped } from "@leanvibe/runtime";
import { parseQuantity, parseTenant, type Tenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";
import { eachResource } from "./quota.ts";
import { refusedStatus } from "./status.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const UID = "11111111-1111-4111-8111-111111111111";

/** Of each namespace, beside its LimitRange: the Tenant's own pods have a policy, and agents' another one. */
const FENCES = ["NetworkPolicy", "NetworkPolicy", "ResourceQuota", "ServiceAccount"];

function tenant(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}, status?: unknown): Tenant {
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
function recorded(world: SmallCluster, ...names: string[]) {
  const uidOf = (name: string) => world.objects.get(`Namespace ${name}`)?.metadata.uid;
  return { namespaces: names.map((name) => ({ name, uid: uidOf(name), ready: true, quotaInForce: true })) };
}

/** A small cluster: what was decided is made, and quotas come into force when told so. */
class SmallCluster {
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

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

function conditionsOf(status: Record<string, unknown>): Record<string, string> {
  const conditions = status["conditions"] as { type: string; status: string; reason: string }[];
  return Object.fromEntries(conditions.map(({ type, status: value, reason }) => [type, `${value} ${reason}`]));
}

describe("decide", () => {
  it("is pure: the same world gives the same answer, and nothing it is given is changed", () => {
    const world = new SmallCluster();
    world.settle(tenant());
    const before = JSON.stringify([...world.objects]);
    const first = decide(tenant(), world.world(), world.children(), NOW);
    const second = decide(tenant(), world.world(), world.children(), NOW);
    expect(second).toEqual(first);
    expect(JSON.stringify([...world.objects])).toBe(before);
  });

  it("gives no right before the quota is seen in force, not even when the quota object is there", () => {
    const world = new SmallCluster();
    const first = decide(tenant(), world.world(), [], NOW);
    // Nothing inside before the namespace is seen to be ours: another Tenant may have been quicker.
    expect(first.manifests.map(({ kind }) => kind)).toEqual(["ClusterRole", "ClusterRoleBinding", "Namespace"]);
    world.make(first.manifests);
    world.make(decide(tenant(), world.world(), world.children(), NOW).manifests);
    const second = decide(tenant(), world.world(), world.children(), NOW);
    expect(second.manifests.map(({ kind }) => kind)).not.toContain("RoleBinding");
    expect(conditionsOf(second.status)).toMatchObject({
      Ready: "False QuotaPending",
      QuotaEnforced: "False QuotaPending",
      RBACReady: "False WaitingForFences",
    });
    world.enforceQuotas();
    const third = decide(tenant(), world.world(), world.children(), NOW);
    expect(third.manifests.map(({ kind }) => kind)).toContain("RoleBinding");
  });

  it.each([
    ["starter", ["a"], 49, undefined],
    ["starter", ["a"], 50, "100"],
    ["professional", ["a", "b", "c"], 82, undefined],
    ["professional", ["a", "b", "c"], 83, "166"],
    ["enterprise", ["a"], 2_499, undefined],
    ["enterprise", ["a"], 2_500, "5000"],
  ])("lets a namespace of plan %s (of %j) with %i AgentTasks hold %s", (plan, names, tasks, most) => {
    const world = new SmallCluster();
    world.tasks = tasks;
    world.settle(tenant({ plan, namespaces: names.map((name) => ({ name })) }));
    const hard = (name: string) =>
      recordOf(recordOf(world.objects.get(`ResourceQuota ${name}/leanvibe`)?.["spec"])["hard"]);
    for (const name of names) expect(hard(name)["count/agenttasks.leanvibe.io"]).toBe(most);
  });

  it("goes on counting AgentTasks when there are few again, and by the plan that is now", () => {
    const world = new SmallCluster();
    world.tasks = 60;
    world.settle(tenant());
    world.tasks = 0;
    world.settle(tenant({ plan: "professional" }));
    const [quota] = world.children().filter(({ kind }) => kind === "ResourceQuota");
    expect(quota?.["spec"]).toMatchObject({ hard: { "count/agenttasks.leanvibe.io": "500" } });
  });

  it("tells each news once: what stands or is missing by Ready, not by its parts a second time", () => {
    const world = new SmallCluster();
    expect(decide(tenant(), world.world(), [], NOW).events).toMatchObject([{ reason: "CreatingNamespaces" }]);
    expect(world.settle(tenant()).events).toMatchObject([{ type: "Normal", reason: "TenantReady" }]);
    const proved = decide(tenant(), { ...world.world(), network: "Enforced" }, world.children(), NOW);
    expect(proved.events).toMatchObject([{ reason: "TenantReady" }, { reason: "Enforced" }]);
  });

  it("says what the accounts say, nothing where nobody keeps any, and never lets it hold Ready back", () => {
    const world = new SmallCluster();
    const said = (account: object | undefined) => {
      const { status } = world.settle({ ...tenant(), ...(account === undefined ? {} : { status: { account } }) });
      const { Ready, AccountReady } = conditionsOf(status);
      return [Ready, AccountReady];
    };
    expect(said(undefined)).toEqual(["True TenantReady", undefined]);
    expect(said({ hold: "Security" })).toEqual(["True TenantReady", undefined]);
    expect(said({ tenantID: "0190c7a1-7c3e-7000-8000-000000000001", state: "Ready" })[1]).toBe("True AccountReady");
    expect(said({ state: "Conflict", message: "An earlier one." })).toEqual(["True TenantReady", "False Conflict"]);
  });

  it.each(["leanvibe-isolation", "leanvibe-agent"])("gives no right while network policy %s is missing", (policy) => {
    const world = new SmallCluster();
    world.make(decide(tenant(), world.world(), [], NOW).manifests);
    world.make(decide(tenant(), world.world(), world.children(), NOW).manifests);
    world.enforceQuotas();
    world.objects.delete(`NetworkPolicy tenant-acme/${policy}`);
    const decision = decide(tenant(), world.world(), world.children(), NOW);
    expect(decision.manifests.map(({ kind }) => kind)).not.toContain("RoleBinding");
  });

  it("is Ready when everything stands, and not settled before", () => {
    const world = new SmallCluster();
    expect(decide(tenant(), world.world(), [], NOW).settled).toBe(false);
    const decision = world.settle(tenant());
    expect(decision.settled).toBe(true);
    expect(conditionsOf(decision.status)).toEqual({
      Ready: "True TenantReady",
      NamespacesReady: "True NamespacesActive",
      QuotaEnforced: "True QuotaInForce",
      NetworkIsolated: "Unknown Unproven",
      RBACReady: "True OwnersBound",
      Suspended: "False NotSuspended",
    });
  });

  it("is isolated only where its own policies stand and the cluster was seen to enforce such", () => {
    const network = "Enforced" as const;
    const isolation = (world: SmallCluster) => {
      const { status } = decide(tenant(), { ...world.world(), network }, world.children(), NOW);
      return [conditionsOf(status)["NetworkIsolated"], status["network"]];
    };
    const world = new SmallCluster();
    world.settle(tenant());
    expect(isolation(world)).toEqual(["True Enforced", "Enforced"]);
    world.objects.delete("NetworkPolicy tenant-acme/leanvibe-isolation");
    expect(isolation(world)).toEqual(["False PoliciesPending", "Unproven"]);
    const taken = new SmallCluster();
    const metadata = { name: "tenant-acme", uid: "x" };
    taken.objects.set("Namespace tenant-acme", { apiVersion: "v1", kind: "Namespace", metadata });
    expect(isolation(taken)).toEqual(["Unknown NamespacesNotReady", "Unproven"]);
  });

  const FOREIGN = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "tenant-acme", uid: "x", resourceVersion: "7" },
  };

  it("takes over a namespace that was there before only when it is listed by name and adopt is true", () => {
    const listed = { namespaces: [{ name: "tenant-acme" }] };
    const world = new SmallCluster();
    world.objects.set("Namespace tenant-acme", FOREIGN);
    const refused = decide(tenant(listed), world.world(), [], NOW);
    expect(conditionsOf(refused.status)).toMatchObject({ Ready: "False NamespaceTaken" });
    expect(JSON.stringify(refused.status)).toContain("Set spec.adopt to true");
    const first = decide(tenant({ ...listed, adopt: true }), world.world(), [], NOW);
    const taken = first.manifests.find(({ kind }) => kind === "Namespace");
    // Of two Tenants that list it at once only one finds it as it was seen.
    expect(taken?.metadata.resourceVersion).toBe("7");
    expect(conditionsOf(world.settle(tenant({ ...listed, adopt: true })).status)).toMatchObject({
      Ready: "True TenantReady",
    });
  });

  it("never takes over what another Tenant has or left, adopt or not", () => {
    const world = new SmallCluster();
    const labels = { "leanvibe.io/tenant": "other", "leanvibe.io/retained": "true" };
    world.objects.set("Namespace tenant-acme", { ...FOREIGN, metadata: { ...FOREIGN.metadata, labels } });
    const spec = { adopt: true, namespaces: [{ name: "tenant-acme" }] };
    const decision = decide(tenant(spec), world.world(), [], NOW);
    expect(conditionsOf(decision.status)).toMatchObject({ Ready: "False NamespaceTaken" });
    expect(decision.manifests.filter(({ kind }) => !kind.startsWith("Cluster"))).toEqual([]);
  });

  it("puts nothing into a namespace that has its default name by chance, adopt or not", () => {
    for (const adopt of [false, true]) {
      const world = new SmallCluster();
      world.objects.set("Namespace tenant-acme", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "tenant-acme", uid: "x" },
      });
      const decision = decide(tenant({ adopt }), world.world(), world.children(), NOW);
      expect(decision.manifests.filter(({ kind }) => !kind.startsWith("Cluster"))).toEqual([]);
      expect(conditionsOf(decision.status)).toMatchObject({ Ready: "False NamespaceTaken" });
      expect(decision.settled).toBe(true);
    }
  });

  it("takes back what an earlier Tenant of its name left only with adopt", () => {
    const world = new SmallCluster();
    world.settle(tenant());
    world.settle(tenant({}, { deletionTimestamp: "2026-11-23T11:00:00Z" }));
    const heir = { uid: "22222222-2222-4222-8222-222222222222" };
    const refused = decide(tenant({}, heir), world.world(), world.children(), NOW);
    expect(conditionsOf(refused.status)).toMatchObject({ Ready: "False NamespaceRetained" });
    expect(refused.manifests.filter(({ kind }) => kind === "Namespace")).toEqual([]);
    const adopted = world.settle(tenant({ adopt: true }, heir));
    expect(conditionsOf(adopted.status)).toMatchObject({ Ready: "True TenantReady" });
    expect(world.objects.get("Namespace tenant-acme")?.metadata.labels).not.toHaveProperty(["leanvibe.io/retained"]);
  });

  it.each([
    { policy: "Retain", crdTerminating: false, remains: ["LimitRange", "Namespace", ...FENCES] },
    { policy: "Delete", crdTerminating: false, remains: [] },
    { policy: "Delete", crdTerminating: true, remains: ["LimitRange", "Namespace", ...FENCES] },
  ])(
    "deleted with $policy, definition going: $crdTerminating: takes the rights and leaves $remains to stand",
    ({ policy, crdTerminating, remains }) => {
      const world = new SmallCluster();
      world.settle(tenant({ deletionPolicy: policy }));
      const deleted = tenant({ deletionPolicy: policy }, { deletionTimestamp: "2026-11-23T11:00:00Z" });
      expect(decide(deleted, world.world(crdTerminating), world.children(), NOW).finished).toBe(false);
      const decision = world.settle(deleted, crdTerminating);
      expect(world.kinds()).toEqual(remains);
      expect(decision.finished).toBe(true);
    },
  );

  it("leaves the fences up in a namespace that is going: running pods are never without them", () => {
    const world = new SmallCluster();
    world.settle(tenant({ deletionPolicy: "Delete" }));
    const deleted = tenant({ deletionPolicy: "Delete" }, { deletionTimestamp: "2026-11-23T11:00:00Z" });
    const decision = decide(deleted, world.world(), world.children(), NOW);
    expect(decision.manifests).toEqual([]);
    expect(decision.kept.map(({ kind }) => kind).toSorted()).toEqual(["LimitRange", ...FENCES]);
  });

  it("keeps what was kept once, though the policy says Delete by now", () => {
    const world = new SmallCluster();
    const both = [{ name: "a" }, { name: "b" }];
    world.settle(tenant({ plan: "professional", namespaces: both }));
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }] }, {}, recorded(world, "a", "b")));
    expect(world.objects.get("Namespace b")?.metadata.labels).toHaveProperty(["leanvibe.io/retained"]);
    const strict = { plan: "professional", namespaces: [{ name: "a" }], deletionPolicy: "Delete" };
    world.settle(tenant(strict, {}, recorded(world, "a", "b")));
    world.settle(tenant(strict, { deletionTimestamp: "2026-11-23T11:00:00Z" }, recorded(world, "a", "b")));
    expect(world.objects.has("Namespace a")).toBe(false);
    expect(world.objects.has("Namespace b")).toBe(true);
  });

  it("never touches a copy of its namespace: labels can be copied, its status cannot", () => {
    const world = new SmallCluster();
    world.settle(tenant({ deletionPolicy: "Delete" }));
    const real = world.objects.get("Namespace tenant-acme");
    const copy = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { ...real?.metadata, name: "kube-system", uid: "copy" },
    };
    world.objects.set("Namespace kube-system", copy);
    world.settle(tenant({ deletionPolicy: "Delete" }));
    world.settle(tenant({ deletionPolicy: "Delete" }, { deletionTimestamp: "2026-11-23T11:00:00Z" }));
    expect(world.objects.get("Namespace kube-system")).toBe(copy);
  });

  it("takes rights away also where it does not know why they carry its labels", () => {
    const world = new SmallCluster();
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }, { name: "b" }] }));
    expect(world.objects.has("RoleBinding b/leanvibe-owners")).toBe(true);
    // b left the list before any status could record it.
    world.settle(tenant({ plan: "professional", namespaces: [{ name: "a" }] }));
    expect(world.objects.has("RoleBinding b/leanvibe-owners")).toBe(false);
    expect(world.objects.has("ResourceQuota b/leanvibe")).toBe(true);
    expect(world.objects.has("Namespace b")).toBe(true);
  });

  it("puts the labels back on a namespace that it wrote down, and leaves its fences up meanwhile", () => {
    const world = new SmallCluster();
    world.settle(tenant());
    const namespace = world.objects.get("Namespace tenant-acme");
    world.objects.set("Namespace tenant-acme", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "tenant-acme", uid: "n" },
    });
    const unknown = decide(tenant(), world.world(), world.children(), NOW);
    expect(unknown.kept.map(({ kind }) => kind).toSorted()).toEqual(["LimitRange", ...FENCES]);
    world.settle(tenant({}, {}, recorded(world, "tenant-acme")));
    expect(world.objects.get("Namespace tenant-acme")?.metadata.labels).toEqual(namespace?.metadata.labels);
  });

  it("lends a namespace alone the whole total, and several a floor to begin with", () => {
    const cpuOf = (...names: string[]) =>
      new SmallCluster()
        .settle(tenant({ plan: "professional", namespaces: names.map((name) => ({ name })) }))
        .manifests.filter(({ kind }) => kind === "ResourceQuota")
        .map(({ spec }) => (spec as { hard: Record<string, string> }).hard["limits.cpu"]);
    expect(cpuOf("a")).toEqual(["16"]);
    expect(cpuOf("a", "b", "c", "d")).toEqual(["1", "1", "1", "1"]);
  });

  it("counts what a namespace that left still uses against the total, and takes back what it does not", () => {
    const world = new SmallCluster();
    const both = tenant({ plan: "professional", namespaces: [{ name: "a" }, { name: "b" }] });
    world.settle(both);
    const quota = world.objects.get("ResourceQuota b/leanvibe");
    if (quota !== undefined) quota["status"] = { hard: { "limits.cpu": "8" }, used: { "limits.cpu": "6" } };
    if (quota !== undefined) quota["spec"] = { hard: { "limits.cpu": "8" } };
    const one = tenant({ plan: "professional", namespaces: [{ name: "a" }] }, {}, recorded(world, "a", "b"));
    const amounts = eachResource(() => parseQuantity("100"));
    const wanted = { amounts, kept: eachResource(() => 0n), until: NOW.getTime() + 1_000 };
    const wantsAll: World = { ...world.world(), wanted: (name) => (name === "a" ? wanted : undefined) };
    const { manifests, requeueAfterSeconds } = decide(one, wantsAll, world.children(), NOW);
    const hard = manifests.flatMap(({ kind, metadata, spec }) =>
      kind === "ResourceQuota"
        ? [`${metadata.namespace} ${(spec as { hard: Record<string, string> }).hard["limits.cpu"]}`]
        : [],
    );
    expect(hard).toEqual(["a 8", "b 7500m"]);
    expect(requeueAfterSeconds).toBeCloseTo(1.05);
  });
});

describe("refusedStatus", () => {
  it("says why in Ready and leaves the other conditions to the generation that they were judged for", () => {
    const before = [
      {
        type: "Ready",
        status: "True",
        reason: "TenantReady",
        message: "Fine.",
        lastTransitionTime: "2026-11-23T11:00:00Z",
        observedGeneration: 1,
      },
      {
        type: "QuotaEnforced",
        status: "True",
        reason: "QuotaInForce",
        message: "Fine.",
        lastTransitionTime: "2026-11-23T11:00:00Z",
        observedGeneration: 1,
      },
    ];
    const object = {
      apiVersion: "leanvibe.io/v1alpha1",
      kind: "Tenant",
      metadata: { name: "acme", generation: 2 },
      status: { plan: "starter", conditions: before },
    };
    const { status, events } = refusedStatus(object, "spec.plan: no such plan", NOW);
    expect(status).toMatchObject({ plan: "starter", observedGeneration: 2 });
    expect(status.conditions).toEqual([
      {
        type: "Ready",
        status: "False",
        reason: "Refused",
        message: "spec.plan: no such plan",
        lastTransitionTime: "2026-11-23T12:00:00Z",
        observedGeneration: 2,
      },
      before[1],
    ]);
    expect(events).toEqual([{ type: "Warning", reason: "Refused", message: "spec.plan: no such plan" }]);
  });
});
