import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../harness/scratch.ts";
import { agentVersion } from "./version.ts";

const ROOT = join(import.meta.dirname, "..", "..");

test("the agent's version is another after a change to it or to how it is judged, and the same after one to a test", () => {
  const copy = scratchFolder("version");
  mkdirSync(join(copy, "test"));
  for (const part of ["operator/agent", "test/eval"]) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  const seen = [agentVersion(), agentVersion(copy)];
  expect(new Set(seen).size).toBe(1);
  writeFileSync(join(copy, "operator/agent/loop.test.ts"), "// another test\n");
  expect(agentVersion(copy)).toBe(seen[0]);
  for (const changed of ["operator/agent/phases/code.ts", "operator/agent/lv-exec/main.go", "test/eval/attempt.ts"]) {
    writeFileSync(join(copy, changed), "// changed\n");
    seen.push(agentVersion(copy));
  }
  expect(new Set(seen).size).toBe(4);
});
