import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { line } from "./command-line.ts";
import { ROOT } from "./manifests.ts";

const SCRIPT = join(ROOT, "leanvibe");

test.each([
  [["task", "watch", "acme-dev/report"]],
  [["--api", "http://localhost:8000/a?b=1&c=$HOME", "it's", "", "two words", "`id`"]],
])("a shell reads %j as they were said, after the script's whole path", (args) => {
  const words = execFileSync("sh", ["-c", `printf '%s\\n' ${line(...args)}`], { encoding: "utf8", cwd: "/" });
  expect(words).toBe([SCRIPT, ...args, ""].join("\n"));
});
