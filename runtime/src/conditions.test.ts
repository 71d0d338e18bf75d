import { describe, expect, it } from "vitest";
import { type Condition, conditionsFrom, eventsOfTransitions } from "./conditions.ts";

const BEFORE = "2026-01-01T00:00:00Z";
const NOW = new Date("2026-02-03T04:05:06.789Z");

function condition(over: Partial<Condition> = {}): Condition {
  return {
    type: "Ready",
    status: "True",
    reason: "Fine",
    message: "All stands.",
    lastTransitionTime: BEFORE,
    observedGeneration: 1,
    ...over,
  };
}

describe("a condition", () => {
  it.each<[string, Partial<Condition>, string]>([
    ["keeps its time while its status stays", {}, BEFORE],
    ["keeps it when only the reason and message change", { reason: "Other", message: "Other." }, BEFORE],
    ["moves it when its status changes, in whole seconds", { status: "False" }, "2026-02-03T04:05:06Z"],
    ["has the present time when it is new", { type: "New" }, "2026-02-03T04:05:06Z"],
  ])("%s", (_name, draft, expected) => {
    const { lastTransitionTime: _time, observedGeneration: _generation, ...said } = condition(draft);
    const [next] = conditionsFrom([condition()], [said], { generation: 4, now: NOW });
    expect(next).toEqual({ ...said, lastTransitionTime: expected, observedGeneration: 4 });
  });

  it("that is said again is equal to the byte, and costs no write", () => {
    const previous = [condition(), condition({ type: "Other", status: "Unknown" })];
    const drafts = previous.map(({ type, status, reason, message }) => ({ type, status, reason, message }));
    expect(JSON.stringify(conditionsFrom(previous, drafts, { generation: 1, now: NOW }))).toBe(
      JSON.stringify(previous),
    );
  });

  it("that is no longer said goes", () => {
    expect(conditionsFrom([condition()], [], { generation: 1, now: NOW })).toEqual([]);
  });
});

describe("the Events of conditions", () => {
  const none: Condition[] = [];
  it.each<[string, Condition[], Condition, string[]]>([
    ["nothing when nothing moved", [condition()], condition({ message: "In other words." }), []],
    ["a new status", [condition()], condition({ status: "False", reason: "Broken" }), ["Warning Broken"]],
    ["a new reason", [condition()], condition({ reason: "Better" }), ["Normal Better"]],
    ["a condition that appears", none, condition(), ["Normal Fine"]],
    ["nothing of what is unknown", [condition()], condition({ status: "Unknown", reason: "Unproven" }), []],
    [
      "no alarm at a blocked deletion's end",
      none,
      condition({ type: "DeletionBlocked", status: "False" }),
      ["Normal Fine"],
    ],
    ["an alarm where True is the bad news", none, condition({ type: "DeletionBlocked" }), ["Warning Fine"]],
  ])("tell %s", (_name, previous, next, expected) => {
    const badWhenTrue = ["DeletionBlocked"];
    expect(eventsOfTransitions(previous, [next], badWhenTrue).map(({ type, reason }) => `${type} ${reason}`)).toEqual(
      expected,
    );
  });
});
