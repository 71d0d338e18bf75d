import { recordOf } from "@leanvibe/runtime";
import { parseQuantity } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";
import { eachResource } from "./quota.ts";
import { refusedStatus } from "./status.ts";
import { conditionsOf, NOW, recorded, SmallCluster, tenant } from "./testing/cases.ts";

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
