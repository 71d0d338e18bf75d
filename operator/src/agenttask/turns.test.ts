import { expect, test } from "vitest";
import { Slots } from "./slots.ts";
import { complete, exited, job, pod, says, task, world } from "./testing/cases.ts";
import { turnOf } from "./turns.ts";

test("a task that has come to its end keeps its place until Kubernetes is through with its Job", () => {
  const slots = new Slots({
    limitOf: () => 1,
    slots: 10,
    starting: 10,
    grant: () => undefined,
    moved: () => undefined,
  });
  const over = task({}, { phase: "Succeeded" });
  const ended = world({ pods: [pod({ ...exited(0), phase: "Running" })], said: says({}) });
  const next = () => turnOf("tenant-acme/next", { task: task(), world: world(), job: undefined }, slots, 0);

  turnOf("tenant-acme/over", { task: over, world: ended, job: job() }, slots, 0);
  expect(next()).toEqual({ position: 1 });
  turnOf("tenant-acme/over", { task: over, world: ended, job: job(complete()) }, slots, 0);
  expect(next()).toBe("granted");
});
