import { describe, expect, it } from "vitest";
import { parseConfig } from "../config.ts";
import { ago, decided, HOME, JOB_NAME, task, world } from "./testing/cases.ts";
import type { World } from "./world.ts";

describe("a task without a Job", () => {
  it.each<[string, object, Partial<World>, string, string]>([
    ["whose namespace is no Tenant's waits", {}, { home: undefined }, "Pending", "Accepted False NoTenant"],
    [
      "of a suspended Tenant waits",
      {},
      { home: { ...HOME, isSuspended: true } },
      "Pending",
      "Accepted False TenantSuspended",
    ],
    [
      "waits until the fence stands",
      {},
      { fence: { missing: ["NetworkPolicy leanvibe-agent"], network: undefined } },
      "Pending",
      "Isolated False WaitingForFence",
    ],
    [
      "waits where the platform wants the network proven",
      {},
      {
        fence: { missing: [], network: "NotEnforced" },
        settings: { ...parseConfig({}).agents, requireEnforcedNetwork: true },
      },
      "Pending",
      "Isolated False NetworkUnproven",
    ],
    ["is queued where it is not its turn", {}, { turn: { position: 3 } }, "Queued", "Progressing False Queued"],
    ["may be suspended before it began", { desiredState: "Suspend" }, {}, "Suspended", "Progressing False Suspended"],
    ["is cancelled at once", { desiredState: "Cancel" }, {}, "Cancelled", "Succeeded False Cancelled"],
    [
      "too large to be handed over failed, since its spec is fixed",
      { requirements: { text: "x".repeat(17_000) } },
      {},
      "Failed",
      "Accepted False TooLarge",
    ],
  ])("%s", (_what, spec, about, phase, condition) => {
    const [type = "", ...rest] = condition.split(" ");
    const { creates, ...decision } = decided(task(spec), world(about));
    expect([decision.phase, decision.by(type), creates]).toEqual([phase, rest.join(" "), []]);
  });

  it("gets one when it is its turn, and nothing is said before it is there", () => {
    const { creates, status } = decided(task());
    expect(creates?.map(({ metadata }) => metadata.name)).toEqual([JOB_NAME]);
    expect(status).toEqual({});
  });

  it("[whose Job is taken from over its pods has pods that end by themselves all the same]", () => {
    const { creates } = decided(task({ limits: { activeDeadlineSeconds: 600 } }));
    const pod = { spec: { activeDeadlineSeconds: 660 } };
    expect(creates).toMatchObject([{ spec: { activeDeadlineSeconds: 600, template: pod } }]);
  });

  it("says nothing while only the operator's own pace is in between", () => {
    expect(decided(task(), world({ turn: "soon" }))).toMatchObject({ creates: [], status: {} });
  });

  it("is told its position among the first ten only", () => {
    expect(decided(task(), world({ turn: { position: 10 } })).status["queuePosition"]).toBe(10);
    expect(decided(task(), world({ turn: { position: 11 } })).status["queuePosition"]).toBeUndefined();
  });

  it("that has waited too long for its turn ends TimedOut", () => {
    const status = { phase: "Queued", queuedTime: ago(86_400) };
    const { phase, by } = decided(task({}, status), world({ turn: { position: 1 } }));
    expect([phase, by("Succeeded")]).toEqual(["TimedOut", "False QueueTimeout"]);
  });

  it("whose Job was deleted failed: a second one would begin from nothing", () => {
    const { phase, by, creates } = decided(task({}, { phase: "Running", jobUID: "job", jobName: JOB_NAME }));
    expect([phase, by("Succeeded"), creates]).toEqual(["Failed", "False JobDeleted", []]);
  });
});
