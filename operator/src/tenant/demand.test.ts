import type { KubeObject } from "@leanvibe/runtime";
import { parseQuantity } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { ASK_NAME, Demand } from "./demand.ts";
import { eachResource, textsOf } from "./quota.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const NONE = eachResource(() => 0n);
const added = (after: KubeObject) => ({ before: undefined, after });

function quota(cpu: string, usedCpu: string): KubeObject {
  const [hard, used] = [cpu, usedCpu].map((amount) => ({ "requests.cpu": amount, "limits.cpu": amount }));
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "leanvibe", namespace: "acme-prod" },
    spec: { hard },
    status: { hard, used },
  };
}

/** As kube-controller-manager 1.37 writes it. */
function failure(requested: string, used: string, quotaName = "leanvibe"): KubeObject {
  const list = (amount: string) => `limits.cpu=${amount},requests.cpu=${amount}`;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "big.1", namespace: "acme-prod" },
    involvedObject: { kind: "ReplicaSet", name: "big-5d4" },
    reason: "FailedCreate",
    lastTimestamp: "2026-11-23T12:00:00Z",
    message: `Error creating: pods "big-5d4-x" is forbidden: exceeded quota: ${quotaName}, requested: ${list(requested)}, used: ${list(used)}, limited: ${list("1")}`,
  };
}

const cpuOf = (demand: Demand, now = NOW) => {
  const wanted = demand.of("acme-prod", now);
  return wanted === undefined ? undefined : textsOf(wanted.amounts).cpu;
};

describe("what a namespace needs", () => {
  it("is what a refused controller wanted beside what is used, doubled each time it is refused again", () => {
    const demand = new Demand(NOW - 60_000);
    demand.createFailed(added(failure("2", "500m")), "leanvibe", NOW);
    expect(cpuOf(demand)).toBe("2500m");
    demand.createFailed(added(failure("2", "2500m")), "leanvibe", NOW);
    expect(cpuOf(demand)).toBe("6500m");
  });

  it("is nothing by another quota's refusal, an old Event after a restart, or one that is gone", () => {
    const demand = new Demand(NOW - 60_000);
    demand.createFailed(added(failure("2", "0", "theirs")), "leanvibe", NOW);
    demand.createFailed(added(failure("2", "0")), "leanvibe", NOW + 61_000);
    demand.createFailed({ before: failure("2", "0"), after: undefined }, "leanvibe", NOW);
    expect(cpuOf(demand)).toBeUndefined();
  });

  it("stays for a minute what was used, a quarter added, and is forgotten then", () => {
    const demand = new Demand(NOW - 60_000);
    demand.quotaChanged({ before: quota("5", "4"), after: quota("5", "1") }, NOW);
    demand.quotaChanged({ before: quota("5", "1"), after: quota("5", "0") }, NOW + 30_000);
    expect(cpuOf(demand, NOW + 59_000)).toBe("5");
    expect(cpuOf(demand, NOW + 61_000)).toBe("1250m");
    expect(cpuOf(demand, NOW + 91_000)).toBeUndefined();
  });

  it("is after a restart unknown, and what was lent is kept for a minute", () => {
    const demand = new Demand(NOW - 60_000);
    demand.quotaChanged(added(quota("7", "1")), NOW);
    const kept = (now: number) => textsOf(demand.of("acme-prod", now)?.kept ?? NONE).cpu;
    expect([kept(NOW + 59_000), kept(NOW + 61_000)]).toEqual(["7", "0"]);
    expect(cpuOf(demand), "which is no need: what others need to begin goes first").toBe("0");
  });

  it("is nothing in a namespace that was only just made: what it was lent first, nobody has asked for", () => {
    const demand = new Demand(NOW - 60_000);
    const made = quota("16", "0");
    made.metadata.creationTimestamp = "2026-11-23T11:59:59Z";
    demand.quotaChanged(added(made), NOW);
    expect(cpuOf(demand)).toBeUndefined();
  });

  it("is what was asked for in advance, for ten minutes or until the request is taken back", () => {
    const demand = new Demand(NOW - 60_000);
    const ask = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: ASK_NAME, namespace: "acme-prod" },
      data: { cpu: "3", memory: "all of it" },
    };
    const used = { ...NONE, cpu: parseQuantity("1") };
    demand.asked(added(ask), used, NOW);
    expect(cpuOf(demand, NOW + 599_000)).toBe("4");
    expect(cpuOf(demand, NOW + 601_000)).toBeUndefined();
    demand.asked(added(ask), used, NOW);
    demand.asked({ before: ask, after: undefined }, used, NOW);
    expect(cpuOf(demand)).toBeUndefined();
  });

  it("leaves a quota untouched for half a second after its use moved, and unlowered for two: Kubernetes counts anew then", () => {
    const demand = new Demand(NOW - 60_000);
    demand.quotaChanged({ before: quota("5", "1"), after: quota("5", "4") }, NOW);
    const restAt = (milliseconds: number) => demand.of("acme-prod", NOW + milliseconds)?.rest;
    expect([restAt(0), restAt(499), restAt(500), restAt(1_999), restAt(2_000)]).toEqual([
      "untouched",
      "untouched",
      "raised",
      "raised",
      undefined,
    ]);
    // A change of what is lent alone is no movement.
    demand.quotaChanged({ before: quota("5", "4"), after: quota("6", "4") }, NOW + 5_000);
    expect(restAt(5_000)).toBeUndefined();
  });
});
