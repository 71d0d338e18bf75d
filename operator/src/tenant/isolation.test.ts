import { describe, expect, it } from "vitest";
import type { Finding } from "../probe/verdict.ts";
import { isolationProof, networkOf } from "./isolation.ts";

describe("NetworkIsolated of policies that stand", () => {
  it.each<[Finding["verdict"] | undefined, string, string]>([
    ["Enforced", "True", "Enforced"],
    ["NotEnforced", "Unknown", "NotEnforced"],
    ["Inconclusive", "Unknown", "ProbeFailed"],
    [undefined, "Unknown", "Unproven"],
  ])(
    "after a probe that found %s is %s, %s, and never False: Ready does not wait for it",
    (verdict, status, reason) => {
      const found = verdict === undefined ? undefined : { verdict, message: "What was seen." };
      const said = isolationProof(found);
      expect(said).toMatchObject({ status, reason });
      if (found !== undefined) expect(said.message).toContain(found.message);
    },
  );

  it.each<[Finding | undefined]>([[{ verdict: "Inconclusive", message: "Nothing was learned." }], [undefined]])(
    "that is not proved says what helps",
    (found) => {
      expect(isolationProof(found).message).toContain("minikube start --cni=calico");
    },
  );
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
