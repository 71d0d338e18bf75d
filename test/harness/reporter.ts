import { globSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { leftOut } from "./left-out.ts";

/** Ends every run with one line that a person and a CI system read alike. */
export default class ClosingLine implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that could not even be loaded, a hook that failed, an error outside any test: each is a failure too.
    const holders = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = holders.filter((holder) => holder.errors().length > 0).length + errors.length;
    const skipped = count("skipped");
    for (const { pattern, what, why } of await leftOut()) {
      const files = globSync(pattern, { exclude: ["**/node_modules/**"] }).length;
      process.stdout.write(`${files} test file${files === 1 ? "" : "s"} ${what}: not collected, ${why}\n`);
    }
    process.stdout.write(
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
    );
  }
}
