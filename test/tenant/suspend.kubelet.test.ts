import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, type Kind, type KubeObject, recordOf } from "@leanvibe/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  clusterWithOperator,
  conditionOf,
  connectAs,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { podSpec as podOf } from "../harness/workloads.ts";

const cluster = clusterWithOperator();
const OWNER = "jane@example.com";
let jane: Api;

// A program that does not listen to SIGTERM would keep the test waiting for its grace.
const podSpec = (rest: object = {}) =>
  podOf({ cpu: "20m", memory: "32Mi" }, { terminationGracePeriodSeconds: 1, ...rest });
const template = (app: string, rest: object = {}) => ({ metadata: { labels: { app } }, spec: podSpec(rest) });
const selecting = (app: string) => ({ selector: { matchLabels: { app } }, template: template(app) });
const endless = (app: string) => ({ template: template(app, { restartPolicy: "Never" }) });

function manifest(kind: Kind, name: string, namespace: string, spec: object, metadata: object = {}): KubeObject {
  const apiVersion = kind.group === "" ? "v1" : `${kind.group}/v1`;
  return { apiVersion, kind: kind.kind, metadata: { name, namespace, ...metadata }, spec };
}

/** One of each kind that makes pods, and one pod that nothing makes. Simulated nodes would let the Job end by itself. */
const WORKLOADS: readonly [Kind, string, object][] = [
  [KINDS.Deployment, "deployment", { replicas: 2, ...selecting("deployment") }],
  [KINDS.StatefulSet, "statefulset", { replicas: 2, serviceName: "none", ...selecting("statefulset") }],
  [KINDS.ReplicaSet, "replicaset", { replicas: 1, ...selecting("replicaset") }],
  [
    KINDS.ReplicationController,
    "controller",
    { replicas: 1, selector: { app: "controller" }, template: template("controller") },
  ],
  [KINDS.DaemonSet, "daemonset", selecting("daemonset")],
  [KINDS.Job, "job", { parallelism: 2, ...endless("job") }],
  [KINDS.CronJob, "cronjob", { schedule: "0 0 1 1 *", jobTemplate: { spec: endless("cronjob") } }],
  [KINDS.Pod, "bare", podSpec()],
];
const COUNTS = { deployment: 2, statefulset: 2, replicaset: 1, controller: 1, daemonset: 1, job: 2 };

async function tenantWithOwner(prefix: string): Promise<{ name: string; namespace: string }> {
  const name = uniqueName(prefix);
  const spec = { plan: "professional", deletionPolicy: "Delete", owners: [{ kind: "User", name: OWNER }] };
  await cluster.api.create(TENANTS, tenantManifest(name, spec));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
  return { name, namespace: `tenant-${name}` };
}

/** Pods that live, by the label of what made them; a bare one under its name. */
async function podsIn(namespace: string): Promise<Record<string, number>> {
  const answer = recordOf(
    await cluster.api.transport.send({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods` }),
  );
  const counts: Record<string, number> = {};
  for (const { metadata } of answer["items"] as KubeObject[]) {
    if (metadata.deletionTimestamp !== undefined) continue;
    const app = metadata.labels?.["app"] ?? metadata.name;
    counts[app] = (counts[app] ?? 0) + 1;
  }
  return counts;
}

const stateOf = async (kind: Kind, name: string, namespace: string) =>
  recordOf((await cluster.api.get(kind, name, namespace))["spec"]);

async function eventsIn(namespace: string, reason: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  const query = { fieldSelector: `reason=${reason}` };
  const { items } = (await cluster.api.transport.send({ method: "GET", path, query })) as {
    items: { message: string; involvedObject: { kind: string; name: string } }[];
  };
  return items.map(({ message, involvedObject }) => `${involvedObject.kind} ${involvedObject.name}: ${message}`);
}

beforeAll(async () => {
  jane = apiOf(await connectAs({ user: OWNER }));
});

const suspend = (name: string, on: boolean, reason?: string) =>
  cluster.api.patch(TENANTS, { name }, { spec: { suspend: on, suspendReason: reason ?? null } });

describe("a suspended Tenant", () => {
  it("runs nothing; resumed it has the same counts again, except the bare pod, which an Event names", async () => {
    const { name, namespace } = await tenantWithOwner("stop");
    for (const [kind, app, spec] of WORKLOADS) await jane.create(kind, manifest(kind, app, namespace, spec));
    await eventually("all pods are there", async () => {
      const counts = await podsIn(namespace);
      return JSON.stringify(counts, Object.keys(COUNTS)) === JSON.stringify(COUNTS) && counts["bare"] === 1;
    });

    await suspend(name, true, "asked for by its owner");
    const at = performance.now();
    await eventually("no pod lives", async () => Object.keys(await podsIn(namespace)).length === 0);
    process.stdout.write(`  everything at a stop after ${Math.round(performance.now() - at)} ms\n`);
    const stopped = await eventually("status says that nothing is left", async () => {
      const live = await cluster.api.get(TENANTS, name);
      const { suspended } = recordOf(live["status"]) as { suspended?: { workloads: number; pods: number } };
      return suspended?.pods === 0 && suspended.workloads === 7 ? live : undefined;
    });
    expect(conditionOf(stopped, "Suspended")).toMatchObject({ status: "True", reason: "SpecSuspend" });
    expect(conditionOf(stopped, "Suspended")?.message).toMatch(/asked for by its owner.*Workloads at a stop: 7/);
    for (const where of [namespace, "default"]) {
      const told = (await eventsIn(where, "EndedBySuspension")).filter((event) => event.includes(`${namespace}/bare`));
      expect(told, where).toHaveLength(1);
    }

    await suspend(name, false);
    await untilCondition(cluster.api, name, ["Suspended", "False"]);
    await eventually(
      "the same pods again",
      async () => JSON.stringify(await podsIn(namespace), Object.keys(COUNTS)) === JSON.stringify(COUNTS),
      60,
    );
    expect((await podsIn(namespace))["bare"]).toBeUndefined();
    expect(await stateOf(KINDS.CronJob, "cronjob", namespace)).toMatchObject({ suspend: false });
    for (const [kind, app] of WORKLOADS.slice(0, -1)) {
      const { metadata } = await cluster.api.get(kind, app, namespace);
      expect(Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith("leanvibe.io/resume"))).toEqual([]);
    }
  });

  it("reports who starts a workload again, fights nobody, lets no pod in, and keeps the value on resume", async () => {
    const { name, namespace } = await tenantWithOwner("fight");
    const web = { replicas: 1, ...selecting("web") };
    await jane.create(KINDS.Deployment, manifest(KINDS.Deployment, "web", namespace, web));
    await eventually("the pod is there", async () => (await podsIn(namespace))["web"] === 1);
    await suspend(name, true);
    await eventually("nothing runs", async () => Object.keys(await podsIn(namespace)).length === 0);

    await jane.patch(KINDS.Deployment, { name: "web", namespace }, { spec: { replicas: 3 } });
    const contested = await untilCondition(cluster.api, name, ["Contested", "True"]);
    expect(conditionOf(contested, "Contested")?.message).toContain(`Deployment ${namespace}/web`);
    await sleep(1_500);
    expect(await podsIn(namespace)).toEqual({});
    expect(await stateOf(KINDS.Deployment, "web", namespace)).toMatchObject({ replicas: 3 });

    await suspend(name, false);
    await eventually("three pods, as was asked for meanwhile", async () => (await podsIn(namespace))["web"] === 3, 60);
    const resumed = await untilCondition(cluster.api, name, ["Suspended", "False"]);
    expect(conditionOf(resumed, "Contested")).toBeUndefined();
  });

  it("suspends its children with it, and a hold of the platform's accounts does the same", async () => {
    const { name } = await tenantWithOwner("held");
    const child = uniqueName("held-child");
    await cluster.api.create(TENANTS, tenantManifest(child, { parentRef: { name }, deletionPolicy: "Delete" }));
    await untilCondition(cluster.api, child, ["Ready", "True"]);
    const path = `/apis/leanvibe.io/v1alpha1/tenants/${name}/status`;
    const contentType = "application/merge-patch+json";
    const hold = (reason: string | null) =>
      cluster.api.transport.send({
        method: "PATCH",
        path,
        contentType,
        body: { status: { account: { hold: reason } } },
      });
    await hold("Security");
    const held = await untilCondition(cluster.api, name, ["Suspended", "True"]);
    expect(conditionOf(held, "Suspended")).toMatchObject({ reason: "AccountHold" });
    const inherited = await untilCondition(cluster.api, child, ["Suspended", "True"]);
    expect(conditionOf(inherited, "Suspended")).toMatchObject({ reason: "ParentSuspended" });
    await hold(null);
    await untilCondition(cluster.api, child, ["Suspended", "False"]);
  });
});

describe("a Tenant that is suspended and deleted with Retain", () => {
  it("runs again when a new Tenant of its name adopts what it left", async () => {
    const { name, namespace } = await tenantWithOwner("heir");
    await cluster.api.patch(TENANTS, { name }, { spec: { deletionPolicy: "Retain" } });
    const web = { replicas: 1, ...selecting("web") };
    await jane.create(KINDS.Deployment, manifest(KINDS.Deployment, "web", namespace, web));
    await eventually("the pod is there", async () => (await podsIn(namespace))["web"] === 1);
    await suspend(name, true);
    await untilCondition(cluster.api, name, ["Suspended", "True"]);
    await cluster.api.remove(TENANTS, { name });
    await eventually("the Tenant is gone", async () => (await cluster.api.find(TENANTS, name)) === undefined);
    await eventually("nothing runs", async () => Object.keys(await podsIn(namespace)).length === 0);
    await cluster.api.create(TENANTS, tenantManifest(name, { adopt: true, deletionPolicy: "Delete" }));
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await eventually("the pod is back", async () => (await podsIn(namespace))["web"] === 1, 60);
    await untilCondition(cluster.api, name, ["Suspended", "False"]);
  });
});

describe("an owner who wants to go on running while suspended", () => {
  const marked = { annotations: { "leanvibe.io/resume-replicas": "1" } };
  const ATTACKS: readonly [string, Kind, object, object][] = [
    ["marks its Deployment as stopped beforehand", KINDS.Deployment, { replicas: 1, ...selecting("sly") }, marked],
    [
      "leaves no room for our annotation on its ReplicaSet",
      KINDS.ReplicaSet,
      { replicas: 1, ...selecting("sly") },
      { annotations: { full: "x".repeat(262_144 - "full".length) } },
    ],
    ["gives its pod a year of grace", KINDS.Pod, podSpec({ terminationGracePeriodSeconds: 31_536_000 }), {}],
    ["protects its pod with a disruption budget", KINDS.Pod, podSpec(), { labels: { app: "sly" } }],
  ];

  it.each(ATTACKS)("and %s runs nothing either", async (_what, kind, spec, metadata) => {
    const { name, namespace } = await tenantWithOwner("sly");
    const budget = {
      group: "policy",
      version: "v1",
      kind: "PodDisruptionBudget",
      plural: "poddisruptionbudgets",
      namespaced: true,
    };
    const covers = { maxUnavailable: 0, selector: { matchLabels: { app: "sly" } } };
    await jane.create(budget, manifest(budget, "never", namespace, covers));
    await jane.create(kind, manifest(kind, "sly", namespace, spec, metadata));
    await eventually("its pod is there", async () => Object.keys(await podsIn(namespace)).length === 1);
    await suspend(name, true);
    await eventually("its pod is asked to end", async () => Object.keys(await podsIn(namespace)).length === 0, 25);
    await expect(jane.create(PODS, manifest(KINDS.Pod, "another", namespace, podSpec()))).rejects.toThrow(
      /the Tenant of this namespace is suspended/,
    );
  });

  it("cannot take the suspension off its namespace", async () => {
    const { name, namespace } = await tenantWithOwner("label");
    await suspend(name, true);
    await untilCondition(cluster.api, name, ["Suspended", "True"]);
    await expect(
      jane.patch(KINDS.Namespace, { name: namespace }, { metadata: { labels: { "leanvibe.io/suspended": null } } }),
    ).rejects.toThrow(/forbidden/);
    await expect(jane.patch(TENANTS, { name }, { spec: { suspend: false } })).rejects.toThrow(/forbidden/);
  });
});
