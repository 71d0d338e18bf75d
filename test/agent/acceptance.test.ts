import type { AcceptanceCase } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { judgeAcceptance } from "../../operator/agent/acceptance.ts";
import { workbench } from "./workbench.ts";

describe("[acceptance cannot be forged]", { timeout: 60_000 }, () => {
  const cases: AcceptanceCase[] = [
    { name: "adds", command: "node add.mjs", stdin: "2 40", expect: { stdout: "42" } },
    { name: "adds again", command: "node add.mjs", stdin: "1 1", expect: { json: "2" } },
  ];

  async function judged(content: string, more: { path: string; content: string }[] = []) {
    const sandbox = await workbench();
    try {
      return await judgeAcceptance(sandbox, [{ path: "add.mjs", content }, ...more], cases, ["node", "start.mjs"]);
    } finally {
      await sandbox.close();
    }
  }

  test("code that does it passes", async () => {
    const code = `let t = ""; for await (const c of process.stdin) t += c; const [a, b] = t.split(" "); console.log(+a + +b);`;
    expect(await judged(code)).toEqual({ total: 2, passed: 2, failed: [], kinds: [] });
  });

  test.each([
    ["ends the process well at import", "process.exit(0);"],
    ["prints a report of passing tests", 'console.log("TAP version 13\\nok 1 - adds\\n1..1\\n# pass 2");'],
    [
      "looks for the expected values",
      'import { readdirSync } from "node:fs"; console.log(readdirSync(".").join(), process.argv.join(), JSON.stringify(process.env));',
    ],
    [
      "writes what the next case finds",
      'import { writeFileSync } from "node:fs"; try { writeFileSync("add.mjs", "console.log(2)"); } catch {} console.log(0);',
    ],
  ])("%s", async (_how, code) => {
    expect(await judged(code)).toMatchObject({ passed: 0, failed: ["adds", "adds again"] });
  });

  test("what may be told of it to the model names no case and no value", async () => {
    const { kinds } = await judged("console.log(1);");
    expect(kinds).toEqual(["1 got another text than expected", "1 got another value than expected"]);
  });
});
