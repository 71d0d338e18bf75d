import { describe, expect, it } from "vitest";
import { ago, complete, decided, HOME, job, task, world } from "./testing/cases.ts";

describe("a task that has ended", () => {
  const ended = (spec: object, seconds: number, more: object = {}) =>
    task(spec, { phase: "Succeeded", completionTime: ago(seconds), ...more });
  const mirrored = world({ home: { ...HOME, isMirrored: true } });

  it("is never spoken of again, whatever is asked", () => {
    for (const spec of [{}, { desiredState: "Cancel" }]) {
      const decision = decided(ended(spec, 5), world(), job(complete()));
      expect([decision.status, decision.creates ?? [], decision.patches]).toEqual([{}, [], []]);
    }
  });

  it("stops what still runs", () => {
    expect(decided(ended({}, 5), world(), job()).patches).toMatchObject([{ patch: { spec: { suspend: true } } }]);
  });

  it("stays until somebody deletes it, or its time is over", () => {
    expect(decided(ended({}, 1e6)).expired).toBeUndefined();
    const early = decided(ended({ ttlSecondsAfterFinished: 60 }, 50));
    expect([early.expired, early.requeueAfterSeconds]).toEqual([undefined, 10.05]);
    expect(decided(ended({ ttlSecondsAfterFinished: 60 }, 61)).expired).toBe(true);
  });

  it("waits for the API to take it over where that keeps its Tenant's tasks, for an hour at most", () => {
    const spec = { ttlSecondsAfterFinished: 60 };
    expect(decided(ended(spec, 3_000), mirrored).expired).toBeUndefined();
    expect(decided(ended(spec, 3_601), mirrored).expired).toBe(true);
    expect(decided(ended(spec, 61, { artifact: { collectedAt: ago(5) } }), mirrored).expired).toBe(true);
  });
});
