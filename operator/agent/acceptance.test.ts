import type { AcceptanceCase } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { faultOfAnswer, faultOfRun } from "./acceptance.ts";

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
