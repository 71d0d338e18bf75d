import type { AcceptanceCase } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { faultOfAnswer, faultOfRun, judgeAcceptance } from "./acceptance.ts";
import { plainSandbox } from "./testing/plain-sandbox.ts";

const RUN = { exitCode: 0, signal: null, timedOut: false, stdout: "", stderr: "", truncated: false, milliseconds: 1 };
const wanting = (expect: AcceptanceCase["expect"]): AcceptanceCase => ({ name: "case", command: "x", expect });

describe("what a case expects is compared here", () => {
  test.each([
    ["the text", { stdout: "a b" }, { stdout: "a b" }],
    ["the text, with blanks at its end", { stdout: "a b" }, { stdout: "a b \r\n\n" }],
    ["another way of writing the same JSON", { json: '{"a": 1, "b": [2]}' }, { stdout: '{"b":[2.0],"a":1e0}\n' }],
    ["the exit code that is wanted", { stdout: "", exitCode: 3 }, { exitCode: 3 }],
  ])("passes: %s", (_what, expected, run) => {
    expect(faultOfRun({ ...RUN, ...run }, wanting(expected))).toBeUndefined();
  });

  test.each([
    ["another text", { stdout: "a" }, { stdout: "b" }, "got another text than expected"],
    ["blanks at the beginning", { stdout: "a" }, { stdout: " a" }, "got another text than expected"],
    ["another value", { json: '{"a":1}' }, { stdout: '{"a":"1"}' }, "got another value than expected"],
    ["a value with more in it", { json: '{"a":1}' }, { stdout: '{"a":1,"b":2}' }, "got another value than expected"],
    ["no JSON", { json: "1" }, { stdout: "one" }, "got what is not JSON"],
    ["the right text and a fault", { stdout: "a" }, { stdout: "a", exitCode: 1 }, "ended with the wrong exit code"],
    [
      "the right text by a process that was killed",
      { stdout: "a" },
      { stdout: "a", exitCode: null },
      "was ended by a signal",
    ],
    ["the right text without end", { stdout: "a" }, { stdout: "a", truncated: true }, "printed without end"],
    ["the right text too late", { stdout: "a" }, { stdout: "a", timedOut: true }, "did not end in time"],
  ])("fails: %s", (_what, expected, run, fault) => {
    expect(faultOfRun({ ...RUN, ...run }, wanting(expected))).toBe(fault);
  });

  test("an HTTP answer must be 200 unless the case says otherwise", () => {
    const one = wanting({ json: "{}" });
    expect(faultOfAnswer({ status: 200, headers: {}, body: "{}" }, one)).toBeUndefined();
    expect(faultOfAnswer({ status: 201, headers: {}, body: "{}" }, one)).toBe("got the wrong HTTP status");
    expect(
      faultOfAnswer({ status: 404, headers: {}, body: "{}" }, wanting({ json: "{}", status: 404 })),
    ).toBeUndefined();
    expect(faultOfAnswer({ error: "no" }, one)).toBe("got no answer from the service");
    expect(faultOfAnswer(undefined, one)).toBe("got no answer from the service");
  });
});

describe("[acceptance cannot be forged]", { timeout: 60_000 }, () => {
  const cases: AcceptanceCase[] = [
    { name: "adds", command: "node add.mjs", stdin: "2 40", expect: { stdout: "42" } },
    { name: "adds again", command: "node add.mjs", stdin: "1 1", expect: { json: "2" } },
  ];

  async function judged(content: string, more: { path: string; content: string }[] = []) {
    const sandbox = await plainSandbox();
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
