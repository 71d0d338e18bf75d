import { type KubeObject, recordOf } from "@leanvibe/runtime";
import { parseTenant, type Tenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { resume, stop, suspensionLabels, suspensionOf } from "./suspend.ts";

const NOW = new Date("2026-11-25T12:00:00Z");

function tenant(spec: Record<string, unknown> = {}, status: unknown = {}): Tenant {
  const parsed = parseTenant({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "Tenant",
    metadata: { name: "acme" },
    spec: { organizationName: "Acme", adminEmail: "a@example.com", ...spec },
    status,
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

/** A Tenant whose namespace was labelled so many seconds ago. */
const suspendedFor = (seconds: number) => ({
  tenant: tenant({ suspend: true }),
  namespaces: [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: "acme",
        labels: {
          "leanvibe.io/suspended": "true",
          "leanvibe.io/suspended-since": String(Math.floor(NOW.getTime() / 1000) - seconds),
        },
      },
    },
  ],
  now: NOW,
});

function object(kind: string, spec: object, metadata: object = {}, status: object = {}): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name: "one", namespace: "acme", ...metadata }, spec, status };
}

/** As the API server would merge it. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null) return patch;
  const fields = new Map(Object.entries(recordOf(target)));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) fields.delete(name);
    else fields.set(name, merged(fields.get(name), value));
  }
  return Object.fromEntries(fields);
}

const now = suspendedFor(0);
const stopOne = (workload: KubeObject, about = now) => stop([workload], about);
const patchOf = ({ change }: { change: object }) => ("patch" in change ? change.patch : undefined);
const nodeSelector = { disk: "ssd" };

const WORKLOADS: readonly [string, KubeObject, object][] = [
  ["Deployment", object("Deployment", { replicas: 3 }), { replicas: 0 }],
  ["Deployment of one by default", object("Deployment", {}), { replicas: 0 }],
  ["StatefulSet", object("StatefulSet", { replicas: 2 }), { replicas: 0 }],
  ["ReplicaSet of nobody", object("ReplicaSet", { replicas: 2 }), { replicas: 0 }],
  ["ReplicationController", object("ReplicationController", { replicas: 2 }), { replicas: 0 }],
  ["Job", object("Job", { parallelism: 2 }), { parallelism: 2, suspend: true }],
  ["CronJob", object("CronJob", { suspend: false }), { suspend: true }],
  [
    "DaemonSet",
    object("DaemonSet", { template: { spec: { nodeSelector } } }),
    { template: { spec: { nodeSelector: { ...nodeSelector, "leanvibe.io/suspended": "true" } } } },
  ],
];

const DEFAULTS: Record<string, object> = { Deployment: { replicas: 1 }, Job: { suspend: false } };

describe("stop and resume", () => {
  it.each(WORKLOADS)("%s stops, is left alone then, and comes back as it was", (_what, workload, spec) => {
    const [first] = stopOne(workload).interventions;
    const stopped = merged(workload, patchOf(first ?? { change: {} })) as KubeObject;
    expect(stopped["spec"]).toEqual(spec);
    expect(stopOne(stopped)).toMatchObject({ interventions: [], stopped: 1, contested: [] });
    const [back] = resume([stopped]);
    const resumed = merged(stopped, patchOf(back ?? { change: {} })) as KubeObject;
    // A default that was not written before is written now, and means the same.
    expect(resumed["spec"]).toEqual({ ...recordOf(DEFAULTS[workload.kind]), ...recordOf(workload["spec"]) });
    expect(resumed.metadata.annotations).toEqual({});
    expect(resume([resumed])).toEqual([]);
  });

  it.each([
    ["a Deployment at zero already", object("Deployment", { replicas: 0 })],
    ["a Job that its owner suspended", object("Job", { suspend: true })],
    ["a Job that is done", object("Job", {}, {}, { conditions: [{ type: "Complete", status: "True" }] })],
    [
      "a Deployment's ReplicaSet",
      object(
        "ReplicaSet",
        { replicas: 2 },
        { ownerReferences: [{ kind: "Deployment", name: "d", uid: "u", controller: true }] },
      ),
    ],
    ["a pod that is done", object("Pod", {}, {}, { phase: "Succeeded" })],
  ])("%s is left as it is, and not brought back", (_what, workload) => {
    expect(stopOne(workload)).toMatchObject({ interventions: [], stopped: 0, pods: 0 });
    expect(resume([workload])).toEqual([]);
  });

  it("takes no volume: a StatefulSet that would delete its claims when scaled keeps them until it is back", () => {
    const policy = { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Delete" } };
    const workload = object("StatefulSet", { replicas: 2, ...policy });
    const [first] = stopOne(workload).interventions;
    const stopped = merged(workload, patchOf(first ?? { change: {} })) as KubeObject;
    const kept = { persistentVolumeClaimRetentionPolicy: { whenScaled: "Retain", whenDeleted: "Delete" } };
    expect(stopped["spec"]).toEqual({ replicas: 0, ...kept });
    const resumed = merged(stopped, patchOf(resume([stopped])[0] ?? { change: {} })) as KubeObject;
    expect(resumed["spec"]).toEqual({ replicas: 2, ...policy });
    expect(resumed.metadata.annotations).toEqual({});
  });

  it("brings no old ReplicaSet of a Deployment back, though the Deployment hands our annotation down to it", () => {
    const owned = { ownerReferences: [{ kind: "Deployment", name: "d", uid: "u", controller: true }] };
    const annotations = { "leanvibe.io/resume-replicas": "3" };
    const [change] = resume([object("ReplicaSet", { replicas: 0 }, { ...owned, annotations })]);
    expect(patchOf(change ?? { change: {} })).toEqual({
      metadata: { annotations: { "leanvibe.io/resume-replicas": null } },
    });
  });

  it("a workload that somebody started again is reported, not fought, and keeps that value on resume", () => {
    const annotations = { "leanvibe.io/resume-replicas": "3" };
    const workload = object("Deployment", { replicas: 5 }, { annotations });
    expect(stopOne(workload)).toMatchObject({ interventions: [], contested: ["Deployment acme/one"] });
    const [back] = resume([workload]);
    expect(patchOf(back ?? { change: {} })).toEqual({
      metadata: { annotations: { "leanvibe.io/resume-replicas": null } },
    });
  });

  it.each(["-1", "1e9", "", "99999999999", "many"])(
    "a count that an owner wrote into our annotation is not believed: %s",
    (count) => {
      const workload = object("Deployment", { replicas: 0 }, { annotations: { "leanvibe.io/resume-replicas": count } });
      expect(patchOf(resume([workload])[0] ?? { change: {} })).not.toHaveProperty("spec");
    },
  );
});

describe("pods of a suspended Tenant", () => {
  const owned = { ownerReferences: [{ kind: "ReplicaSet", name: "r", uid: "u", controller: true }] };
  const strange = { ownerReferences: [{ kind: "Rollout", name: "r", uid: "u", controller: true }] };

  it("a bare pod, or one of a controller that we cannot stop, is ended at once and named", () => {
    for (const metadata of [{}, strange]) {
      const { interventions } = stopOne(object("Pod", {}, metadata));
      expect(interventions).toMatchObject([{ change: { end: {} }, tell: { event: { reason: "EndedBySuspension" } } }]);
    }
  });

  it("a pod of a stopped workload is left to its controller for ten seconds, and then ended all the same", () => {
    const pod = object("Pod", {}, owned);
    expect(stopOne(pod).interventions).toEqual([]);
    const late = stopOne(pod, suspendedFor(11)).interventions;
    expect(late).toMatchObject([{ change: { end: {} } }]);
    expect(late[0]).not.toHaveProperty("tell");
  });

  it("no grace period that an owner chose keeps a pod for more than a minute", () => {
    const year = 31_536_000;
    const ending = (askedSecondsAgo: number) =>
      object(
        "Pod",
        {},
        {
          deletionTimestamp: new Date(NOW.getTime() + (year - askedSecondsAgo) * 1000).toISOString(),
          deletionGracePeriodSeconds: year,
        },
      );
    expect(stopOne(ending(59)).interventions).toEqual([]);
    expect(stopOne(ending(61)).interventions).toMatchObject([{ change: { end: { gracePeriodSeconds: 1 } } }]);
  });
});

describe("a namespace's labels", () => {
  const labelled = (value?: string) => {
    const labels = value === undefined ? {} : { "leanvibe.io/suspended": value, "leanvibe.io/suspended-since": "7" };
    return { apiVersion: "v1", kind: "Namespace", metadata: { name: "acme", labels } };
  };
  const marked = object("Deployment", { replicas: 0 }, { annotations: { "leanvibe.io/resume-replicas": "3" } });
  const say = (before: string | undefined, suspended: boolean, objects: KubeObject[] = []) =>
    suspensionLabels(labelled(before), { suspended, objects, now: NOW });
  const since = String(NOW.getTime() / 1000);

  it("are set when it is suspended, keep since when, and are new when it is suspended again", () => {
    expect(say(undefined, true)).toEqual({ "leanvibe.io/suspended": "true", "leanvibe.io/suspended-since": since });
    expect(say("true", true)["leanvibe.io/suspended-since"]).toBe("7");
    expect(say("resuming", true)["leanvibe.io/suspended-since"]).toBe(since);
  });

  it("go only when a look after the resume finds nothing that is still to be brought back", () => {
    expect(say("true", false)["leanvibe.io/suspended"]).toBe("resuming");
    expect(say("resuming", false, [marked])["leanvibe.io/suspended"]).toBe("resuming");
    expect(say("resuming", false)).toEqual({});
    expect(say(undefined, false, [marked])).toEqual({});
  });
});

describe("suspensionOf", () => {
  it("is the Tenant's own, the accounts' or its parent's; with none of them it runs", () => {
    const parent = tenant({ suspend: true });
    expect(suspensionOf(tenant(), undefined)).toBeUndefined();
    expect(suspensionOf(tenant({ suspend: true, suspendReason: "asked for" }), undefined)?.message).toContain(
      "asked for",
    );
    expect(suspensionOf(tenant({}, { account: { hold: "Security" } }), undefined)).toMatchObject({
      reason: "AccountHold",
    });
    expect(suspensionOf(tenant({ parentRef: { name: "acme" } }), parent)).toMatchObject({ reason: "ParentSuspended" });
    expect(suspensionOf(tenant({ parentRef: { name: "acme" } }), tenant())).toBeUndefined();
  });
});
