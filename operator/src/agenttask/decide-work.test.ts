import { ANNOTATIONS } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { ago, container, decided, exited, HOME, job, pod, said, task, world } from "./testing/cases.ts";
import type { World } from "./world.ts";

describe("a task that works", () => {
  it.each<[string, Partial<World>, string]>([
    ["has a pod that works", { pods: [pod()] }, "True AgentWorking"],
    ["has no pod yet", {}, "False Starting"],
    ["whose pod fits on no node", { pods: [pod({ phase: "Pending", unschedulable: "0/1" })] }, "False Unschedulable"],
    [
      "whose image cannot be had",
      {
        pods: [
          pod({
            phase: "Pending",
            containers: [container({ isRunning: false, waiting: { reason: "ImagePullBackOff", message: "no" } })],
          }),
        ],
      },
      "False ImagePull",
    ],
    ["whose agent writes nonsense", { pods: [pod()], said: { refused: "no JSON" } }, "True ReportRefused"],
  ])("%s", (_what, about, progressing) => {
    const { phase, by, patches } = decided(task(), world(about), job());
    expect([phase, by("Progressing"), patches]).toEqual(["Running", progressing, []]);
  });

  it("says how far it is, by its own pod and no other", () => {
    const own = decided(task(), world({ pods: [pod()], said: said() }), job());
    expect(own.status).toMatchObject({ attempt: 1, podUID: "pod-1", stage: "code", progress: 50, activity: "Writing" });
    const others = decided(task(), world({ pods: [pod()], said: said({ podUID: "pod-0" }) }), job());
    expect(others.status).toMatchObject({ attempt: 1, stage: undefined, progress: 0 });
  });

  it("never goes back inside an attempt", () => {
    const before = { phase: "Running", attempt: 1, podUID: "pod-1", stage: "tests", progress: 65, iterations: 2 };
    const { status } = decided(task({}, before), world({ pods: [pod()], said: said() }), job());
    expect(status).toMatchObject({ stage: "tests", progress: 65, iterations: 2 });
  });

  it("begins anew with another pod, whose report alone counts then", () => {
    const before = { phase: "Running", attempt: 1, podUID: "pod-1", stage: "tests", progress: 65 };
    const pods = [pod(exited(1)), pod({ uid: "pod-2", createdAt: ago(5) })];
    const first = decided(task({}, before), world({ pods, said: said() }), job());
    expect(first.status).toMatchObject({ attempt: 2, podUID: "pod-2", stage: undefined, progress: 0 });
    const then = decided(task({}, before), world({ pods, said: said({ podUID: "pod-2", progress: 15 }) }), job());
    expect(then.status).toMatchObject({ attempt: 2, progress: 15 });
  });

  it("is not thrown back by a failed pod that outlives a later one in the cluster", () => {
    const before = { phase: "Running", attempt: 2, podUID: "pod-2", progress: 50 };
    const { status } = decided(task({}, before), world({ pods: [pod(exited(1))] }), job());
    expect(status).toMatchObject({ attempt: 2, podUID: "pod-2", progress: 50 });
  });

  it.each<[string, object, Partial<World>, string]>([
    ["cancelled", { desiredState: "Cancel" }, {}, "Cancelling"],
    ["suspended", { desiredState: "Suspend" }, {}, "Suspended"],
    ["of a Tenant that is suspended", {}, { home: { ...HOME, isSuspended: true } }, "TenantSuspended"],
    ["whose namespace left its Tenant", {}, { home: undefined }, "NoTenant"],
  ])("and is %s is asked to stop, and given time", (_what, spec, about, reason) => {
    const { patches, phase, by } = decided(task(spec, { phase: "Running" }), world({ pods: [pod()], ...about }), job());
    const annotations = { [ANNOTATIONS.timeLeft]: `3555@${Date.parse(ago(45)) / 1000}` };
    expect(patches).toEqual([{ patch: { metadata: { annotations }, spec: { suspend: true } } }]);
    expect([phase, by("Progressing")]).toEqual(["Running", `Unknown ${reason}`]);
  });

  it("goes on after the fence was torn for a moment: it is put back, and what runs is behind what is left", () => {
    const fence = { missing: ["RoleBinding leanvibe-agent"], network: undefined };
    const { patches, phase } = decided(task(), world({ pods: [pod()], fence }), job());
    expect([phase, patches]).toEqual(["Running", []]);
  });
});
