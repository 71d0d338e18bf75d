import { describe, expect, it } from "vitest";
import type { Verdict } from "../probe/verdict.ts";
import { isolationProof, networkOf } from "./isolation.ts";

describe("NetworkIsolated of policies that stand", () => {
  it.each<[Verdict | undefined, string, string, string]>([
    ["Enforced", "True", "Enforced", "refuse"],
    ["NotEnforced", "Unknown", "NotEnforced", "minikube start --cni=calico"],
    ["Inconclusive", "Unknown", "ProbeFailed", "ConfigMap leanvibe-network-probe in leanvibe-system"],
    [undefined, "Unknown", "Unproven", "minikube start --cni=calico"],
  ])("after a probe that found %s is %s, %s, with what helps, and never False", (verdict, status, reason, helps) => {
    expect(isolationProof(verdict)).toMatchObject({ status, reason, message: expect.stringContaining(helps) });
  });
});

describe("the column NETWORK", () => {
  const condition = (status: "True" | "False" | "Unknown") => [
    { type: "NetworkIsolated", status, reason: "R", message: "", lastTransitionTime: "" },
  ];
  it("says Enforced for True only", () => {
    expect(networkOf(condition("True"))).toBe("Enforced");
    expect(networkOf(condition("False"))).toBe("Unproven");
    expect(networkOf(condition("Unknown"))).toBe("Unproven");
  });

  it("says nothing of a Tenant on its way out", () => {
    expect(networkOf([])).toBeUndefined();
  });
});
