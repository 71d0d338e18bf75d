import { globSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { judgeMissing } from "../cyclonus/judge.ts";
import { planTestCluster } from "./set-up.ts";

/** Ends every run with one line that a person and a CI system read alike. */
export default class ClosingLine implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that could not even be loaded, or an error outside any test, is a failure too.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const skipped = count("skipped");
    const { nodes } = await planTestCluster();
    if (nodes !== "real") {
      const files = globSync("**/*.kubelet.test.ts", { exclude: ["**/node_modules/**"] }).length;
      process.stdout.write(
        `${files} test files that need a real kubelet were not collected: nodes here are ${nodes}\n`,
      );
    }
    const missing = await judgeMissing();
    if (missing !== undefined) {
      process.stdout.write(`test/cyclonus, which judges the network policies, was not collected: ${missing}\n`);
    }
    process.stdout.write(
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
    );
  }
}
