import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../harness/scratch.ts";
import { Finished } from "./finished.ts";
import type { Plan } from "./plan.ts";

test("a run that is resumed leaves out what held, and tries again what diverged or was not reached", () => {
  const file = join(scratchFolder("finished"), "finished.jsonl");
  const plan = (workload: string): Plan => ({ workload, seed: 0, faults: [] });
  const told = (workload: string) => ({
    plan: plan(workload),
    reached: true,
    convergedSeconds: 1,
    seconds: 2,
    divergences: [] as string[],
  });
  const finding = (holds: boolean) => ({ what: "writes", value: "0", bar: "0", holds });
  const first = new Finished(file);
  first.ran("kills", told("create"));
  first.ran("kills", { ...told("plans"), divergences: ["Namespace a: expected 1 but found 2"] });
  first.ran("kills", { ...told("family"), reached: false });
  first.tried("quiet 300", [finding(true)], 1);
  first.tried("storm 600", [finding(true), finding(false)], 1);
  const second = new Finished(file);
  expect(second.size).toBe(2);
  expect(second.plan("kills", plan("create"))).toEqual(told("create"));
  expect(second.plan("answers", plan("create"))).toBeUndefined();
  expect(second.trial("quiet 300")?.minutes).toBe(1);
  second.ran("kills", told("plans"));
  expect(new Finished(file).plan("kills", plan("plans"))).toBeDefined();
});
