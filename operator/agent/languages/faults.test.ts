import { describe, expect, test } from "vitest";
import { pytestOwn, pythonPlaces, typescriptPlaces } from "./faults.ts";
import { LANGUAGES } from "./index.ts";

/** What TypeScript 7.0.2, Python 3.11 and pytest 9.2 really said. */
const TSC = `tests/a.test.ts(3,16): error TS2305: Module '"../src/index.ts"' has no exported member 'other'.
tests/a.test.ts(4,43): error TS2345: Argument of type 'number' is not assignable to parameter of type 'string'.
tests/a.test.ts(4,53): error TS2304: Cannot find name 'expect'.
src/index.ts(1,47): error TS2322: Type 'number' is not assignable to type 'string'.`;
const SYNTAX = `  File "tests/test_a.py", line 1
    def slug(:
             ^
SyntaxError: invalid syntax`;
const INDENTATION =
  "Sorry: IndentationError: expected an indented block after function definition on line 1 (tests/test_b.py, line 2)";
const FIXTURE = `file /workspace/tests/test_c.py, line 4
  def test_unit_one(client):
E       fixture 'client' not found`;
const NAME_IN_TEST = `tests/test_c.py:8: in test_unit_two
    assert y == 1
           ^
E   NameError: name 'y' is not defined`;
const NAME_IN_CODE = `tests/test_c.py:12: in test_unit_three
    f()
a.py:3: in f
    return z
           ^
E   NameError: name 'z' is not defined`;

describe("where a fault stands", () => {
  test("is what tsc says of it; what another file does not export may be that one's", () => {
    expect(typescriptPlaces(TSC)).toEqual([
      { path: "tests/a.test.ts", own: false },
      { path: "tests/a.test.ts", own: true },
      { path: "tests/a.test.ts", own: true },
      { path: "src/index.ts", own: true },
    ]);
  });

  test.each([
    ["a syntax error", SYNTAX, "tests/test_a.py"],
    ["an indentation error, which Python tells otherwise", INDENTATION, "tests/test_b.py"],
  ])("is what py_compile says of %s", (_what, output, path) => {
    expect(pythonPlaces(output)).toEqual([{ path, own: true }]);
  });

  test.each([
    ["a fixture that there is not", FIXTURE, true],
    ["a name that the test does not have", NAME_IN_TEST, true],
    ["a name that the code does not have", NAME_IN_CODE, false],
    ["a result that is another", "tests/test_c.py:8: in test_unit_two\nE   assert 1 == 2", false],
  ])("is the test or not, of %s", (_what, detail, own) => {
    expect(pytestOwn(detail, LANGUAGES.python.isTest)).toBe(own);
  });
});
