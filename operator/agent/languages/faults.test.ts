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
  test("is what tsc says of it", () => {
    expect(typescriptPlaces(TSC)).toEqual([
      { path: "tests/a.test.ts", own: false },
      { path: "tests/a.test.ts", own: false },
      { path: "tests/a.test.ts", own: true },
      { path: "src/index.ts", own: false },
    ]);
  });

  test.each([
    ["is no TypeScript", "TS1005: ')' expected.", true],
    ["has a name that nobody declared", "TS2304: Cannot find name 'expect'.", true],
    ["has one that is nearly another", "TS2552: Cannot find name 'slugg'. Did you mean 'slug'?", true],
    ["has the names of another test runner", "TS2582: Cannot find name 'it'. Do you need to install type", true],
    ["has those of a configuration that there is not", "TS2593: Cannot find name 'describe'. Do you need to", true],
    ["declares a name twice", "TS2451: Cannot redeclare block-scoped variable 'a'.", true],
    ["imports a name twice", "TS2300: Duplicate identifier 'slug'.", true],
    ["imports a package that is not there", "TS2307: Cannot find module 'chai' or its corresponding type", true],
    ["imports one with a scope", "TS2307: Cannot find module '@types/chai' or its corresponding type", true],
    ["imports a file that is not there", "TS2307: Cannot find module '../src/b.ts' or its corresponding", false],
    ["wants a default export", "TS1192: Module '\"../src/index\"' has no default export.", false],
    ["takes a module for its export", "TS1259: Module '\"../src/index\"' can only be default-imported", false],
    ["wants another export", "TS2305: Module '\"../src/index.ts\"' has no exported member 'other'.", false],
    ["wants another member", "TS2339: Property 'b' does not exist on type 'A'.", false],
    ["gives more arguments", "TS2554: Expected 1 arguments, but got 2.", false],
    ["gives another type", "TS2345: Argument of type 'number' is not assignable to parameter of type", false],
    ["takes another type", "TS2322: Type 'number' is not assignable to type 'string'.", false],
    ["calls none of the overloads", "TS2769: No overload matches this call.", false],
    ["gives a field more", "TS2353: Object literal may only specify known properties, and 'b' does", false],
    ["gives a field less", "TS2741: Property 'b' is missing in type '{}' but required in type 'A'.", false],
    ["has a fault that nobody thought of", "TS18046: 'a' is of type 'unknown'.", false],
  ])("is a test's own, or may be the code's, where it %s", (_what, said, own) => {
    const path = "tests/a.test.ts";
    expect(typescriptPlaces(`${path}(1,1): error ${said}`)).toEqual([{ path, own }]);
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
