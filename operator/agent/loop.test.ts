import { expect, test } from "vitest";
import { runTask } from "./loop.ts";
import { NO_USAGE } from "./model/usage.ts";
import { PROFILES } from "./phases/work.ts";
import type { RunResult, Sandbox } from "./sandbox/index.ts";
import { newState } from "./state.ts";
import { Steps } from "./steps.ts";
import { TASK } from "./testing/task.ts";

const nothing = async () => {
  throw new Error("nothing is to be done");
};

/** A sandbox in which nothing can be run, and a model that is not to be asked then. */
async function outcomeWhere(stderr: string) {
  const run: RunResult = {
    exitCode: 127,
    signal: null,
    timedOut: false,
    stdout: "",
    stderr,
    truncated: false,
    milliseconds: 1,
  };
  const sandbox: Sandbox = { put: nothing, run: async () => run, serve: nothing, get: nothing, close: nothing };
  const asking = { model: { ask: nothing, used: () => NO_USAGE }, steps: new Steps("pod"), contextTokens: 8_192 };
  const { outcome } = await runTask(
    { asking, sandbox, keep: nothing, tell: () => undefined },
    newState(TASK, PROFILES.project),
  );
  return outcome;
}

test.each([
  [
    "a kernel that cannot fence it",
    "lv-exec: this kernel has no Landlock (Linux 5.13 with `landlock` in its lsm= list)",
    "SandboxFailed",
  ],
  ["an image without the language", "lv-exec: tsc: no such file or directory", "LanguageUnavailable"],
])("a task on %s costs no token, and says why nothing runs", async (_what, stderr, reason) => {
  const outcome = await outcomeWhere(stderr);
  expect(outcome).toMatchObject({ result: "Failed", reason });
  expect(outcome.message).toContain(stderr.slice(0, 40));
});
