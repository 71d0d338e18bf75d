import { describe, expect, it } from "vitest";
import {
  type Attempt,
  connectionOf,
  type Finding,
  nextProbeSeconds,
  standing,
  type Verdict,
  verdictOf,
} from "./verdict.ts";

const BOTH: Attempt = { open: "passed", shut: "passed" };

describe("the verdict on a network", () => {
  it.each<[string, Attempt, Attempt, Verdict]>([
    ["what passed before is refused, its neighbour passes", BOTH, { open: "passed", shut: "refused" }, "Enforced"],
    ["what the policy forbids passes", BOTH, BOTH, "NotEnforced"],
    ["everything is refused after: a broken network", BOTH, { open: "refused", shut: "refused" }, "Inconclusive"],
    ["the allowed one could not be tried", BOTH, { open: "unknown", shut: "refused" }, "Inconclusive"],
    ["the forbidden one could not be tried", BOTH, { open: "passed", shut: "unknown" }, "Inconclusive"],
    [
      "the shut port was never reachable: nobody listens, or a firewall stands there",
      { open: "passed", shut: "refused" },
      { open: "passed", shut: "refused" },
      "Inconclusive",
    ],
    [
      "nothing was ever reachable",
      { open: "refused", shut: "refused" },
      { open: "refused", shut: "refused" },
      "Inconclusive",
    ],
    [
      "nothing was ever tried",
      { open: "unknown", shut: "unknown" },
      { open: "passed", shut: "refused" },
      "Inconclusive",
    ],
  ])("where %s", (_name, before, after, verdict) => {
    const found = verdictOf(before, after);
    expect(found.verdict).toBe(verdict);
    expect(found.message).toMatch(/^[A-Z].*[.)]$/);
    if (verdict === "NotEnforced") expect(found.message).toContain("minikube start --cni=calico");
  });

  it("is Enforced for one combination of 81 only", () => {
    const seen = ["passed", "refused", "unknown"] as const;
    const attempts = seen.flatMap((open) => seen.map((shut) => ({ open, shut })));
    const proofs = attempts.flatMap((before) =>
      attempts.filter((after) => verdictOf(before, after).verdict === "Enforced").map((after) => ({ before, after })),
    );
    expect(proofs).toEqual([{ before: BOTH, after: { open: "passed", shut: "refused" } }]);
  });

  it.each([
    [0, "passed"],
    [1, "refused"],
    [2, "unknown"],
    [127, "unknown"],
    [128, "unknown"],
    [137, "unknown"],
  ])("takes exit code %d for a connection that was %s: only `connect` itself ends with 1", (code, connection) => {
    expect(connectionOf(code)).toBe(connection);
  });
});

describe("what holds after a probe", () => {
  const NOW = new Date("2026-11-25T12:00:00Z");
  const result = (verdict: Verdict, hoursAgo = 0): Finding & { time: Date } => ({
    verdict,
    message: verdict,
    time: new Date(NOW.getTime() - hoursAgo * 3_600_000),
  });
  it.each<[string, (Finding & { time: Date }) | undefined, Verdict, "before" | "found"]>([
    ["the first finding", undefined, "Inconclusive", "found"],
    ["a fresh proof", result("Enforced", 24), "Enforced", "found"],
    ["enforcement that ended, at once", result("Enforced", 1), "NotEnforced", "found"],
    ["enforcement that began, at once", result("NotEnforced", 1), "Enforced", "found"],
    ["yesterday's proof, when nothing was learned today", result("Enforced", 24), "Inconclusive", "before"],
    ["yesterday's fault, when nothing was learned today", result("NotEnforced", 24), "Inconclusive", "before"],
    ["no proof that is older than two days", result("Enforced", 48), "Inconclusive", "found"],
    ["the last reason why nothing is known", result("Inconclusive", 1), "Inconclusive", "found"],
  ])("is %s", (_name, before, verdict, holds) => {
    const found = result(verdict);
    expect(standing(before, found)).toBe(holds === "before" ? before : found);
  });
});

it("a probe is repeated daily, and sooner, ever more seldom, where nothing was learned", () => {
  expect(nextProbeSeconds("Enforced", 0)).toBe(86_400);
  expect(nextProbeSeconds("NotEnforced", 0)).toBe(86_400);
  expect([1, 2, 3, 6, 7, 99].map((times) => nextProbeSeconds("Inconclusive", times))).toEqual([
    60, 120, 240, 1_920, 3_600, 3_600,
  ]);
});
