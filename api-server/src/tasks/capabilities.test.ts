import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { capabilitiesIn } from "./capabilities.ts";

test("steps are told in words of one list, each once, however often they were taken", () => {
  const steps = [
    "self_correction-2",
    "self_correction-3-again",
    "code_generation",
    "code_generation-again",
    "task_analysis",
  ];
  expect(capabilitiesIn(steps)).toEqual(["task_analysis", "code_generation", "debugging"]);
});

test("what an agent calls itself is not passed on [forged]", () => {
  expect(capabilitiesIn(["<script>", "root", "constructor", "__proto__", "code", "code_generation-x", ""])).toEqual([]);
});

test("every step that the agent of this house takes has its word", () => {
  const folder = join(import.meta.dirname, "../../../operator/agent/phases");
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const named = sources.flatMap((text) =>
    [...text.matchAll(/(?:step: |note\(|timed\()["`]([a-z_]+)/g)].map(([, step = ""]) => step),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((step) => capabilitiesIn([step]).length === 0)).toEqual([]);
});
