import type { Decision } from "@leanvibe/runtime";
import { TENANT } from "@leanvibe/schema";
import { expect, test } from "vitest";
import { hindered } from "./hindered.ts";

function messageOf(reason: string, refusals: string[]): string | undefined {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const condition = { type: "Suspended", status: "True", reason, message: "As asked.", lastTransitionTime };
  const decision: Decision = {
    manifests: [],
    kept: [],
    status: { conditions: [condition] },
    settled: true,
    events: [],
    finished: false,
  };
  const said = TENANT.status.parse(hindered(decision, refusals).status);
  return said.conditions?.find(({ type }) => type === "Suspended")?.message;
}

test("what the API server would not let us stop is told with what happens all the same, and at most three of it", () => {
  const refusals = ["d: no", "c: no", "b: no", "a: no"];
  expect(messageOf("SuspendedBySpec", refusals)).toBe(
    "As asked. Refused by the API server, tried again every 10 s: a: no; b: no; c: no and 1 more. Pods are ended all the same.",
  );
});

test("of what it would not let us bring back nothing is told about an end of pods", () => {
  expect(messageOf("Resuming", ["Deployment web: no"])).toBe(
    "As asked. Refused by the API server, tried again every 10 s: Deployment web: no.",
  );
});
