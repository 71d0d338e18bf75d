import { describe, expect, test } from "vitest";
import { nodeCameIn, pytestCameIn, withoutNodeTest, withoutPythonTest } from "./assertions.ts";

const AT = `TestContext.<anonymous> (file:///workspace/tests/a.test.ts:4:36)
Test.runInAsyncScope (node:async_hooks:227:14)`;
const equal = (line: number, came: string) => `location: '/workspace/tests/a.test.ts:${line}:1'
error: |-
Expected values to be strictly equal:
${came} !== 3
expected: 3
actual: ${came}
${AT}`;

describe("what came instead, by a failed test of Node's", () => {
  test("is the same text for the same value, wherever the test stands, and another for another", () => {
    expect(nodeCameIn(equal(4, "4"))).toBe(nodeCameIn(equal(9, "4")));
    expect(nodeCameIn(equal(4, "4"))).not.toBe(nodeCameIn(equal(4, "5")));
  });

  test("is also that no error came where one was to", () => {
    expect(nodeCameIn(`location: '/w/tests/a.test.ts:6:1'\nerror: 'Missing expected exception.'\n${AT}`)).toBeDefined();
    const async = "async TestContext.<anonymous> (file:///w/tests/a.test.ts:13:58)\nasync Promise.all (index 0)";
    expect(nodeCameIn(`error: 'Missing expected rejection.'\n${async}`)).toBeDefined();
  });

  test.each([
    ["an error of the code's", `error: 'low'\nf (file:///workspace/src/f.ts:1:49)\n${AT}`],
    ["an error of the test's own", `error: 'nothing to read'\n${AT}`],
    [
      "an assertion in the code",
      `error: 'at least 0'\nexpected: true\nactual: false\nf (file:///workspace/src/f.ts:1:49)\n${AT}`,
    ],
    ["an error of which another was expected", `error: |-\nGot unwanted\nactual:\nf (file:///w/src/f.ts:1:49)\n${AT}`],
    ["a text of which the end is cut off", "error: |-\nExpected values\nexpected: 3\nactual: 4"],
    ["no test at all", "the tests did not end in time"],
  ])("is not known of %s", (_what, detail) => {
    expect(nodeCameIn(detail)).toBeUndefined();
  });
});

describe("what came instead, by a failed test of pytest's", () => {
  const isTest = (path: string) => path.startsWith("tests/");
  const at = "tests/test_a.py:9: in test_edge_nothing\n    assert slug('') == 'none'\n";

  test.each([
    ["a value", `${at}E   AssertionError: assert '' == 'none'\nE     \nE     - none`],
    ["a value without a word of its kind", `${at}E   assert '' == 'none'`],
    ["no error", `${at}E   Failed: DID NOT RAISE <class 'ValueError'>`],
  ])("is %s", (_what, detail) => {
    expect(pytestCameIn(detail, isTest)).toBe(detail.slice(at.length));
  });

  test.each([
    ["an error of the code's", `${at}library.py:3: in slug\n    raise ValueError()\nE   ValueError: low`],
    ["an assertion in the code", `${at}library.py:3: in slug\n    assert text\nE   AssertionError`],
    ["an error of the test's own", `${at}E   NameError: name 'slug' is not defined`],
    ["no test at all", "E   AssertionError"],
  ])("is not known of %s", (_what, detail) => {
    expect(pytestCameIn(detail, isTest)).toBeUndefined();
  });
});

describe("tests without one", () => {
  const NODE = `import test from "node:test";

test("a", () => {
  check(() => {
    f(")");
  });
});

test('one line, (with) "brackets"', () => check(f("(")));
describe("more", () => {
  it("inner", async () => {
    check(1);
  });
});
test(
  "broken",
  () => check(1),
);
test("twice", () => check(1));
test("twice", () => check(2));
test("never ends", () => {
`;
  test.each([
    ["a", /^test\("a"[\s\S]*?^\}\);\n/m],
    ['one line, (with) "brackets"', /^test\('one line.*\n/m],
    ["inner", /^ {2}it\("inner"[\s\S]*?^ {2}\}\);\n/m],
  ])("of Node's: %s", (name, gone) => {
    expect(withoutNodeTest(NODE, name)).toBe(NODE.replace(gone, ""));
  });

  test.each(["broken", "twice", "never ends", "unknown", "one line"])("of Node's: not %s", (name) => {
    expect(withoutNodeTest(NODE, name)).toBeUndefined();
  });

  const PYTHON = `import pytest

@pytest.mark.parametrize("text", ["", " "])
@pytest.mark.slow
def test_a(
    text,
):
    assert f(text)

    assert g(text)


async def test_b():
    assert f(1)


class TestMore:
    def test_inner(self):
        assert f(2)

    def test_last(self):
        assert f(3)

def test_twice(): pass
def test_twice(): pass
`;
  test.each([
    ["test_a[ -1]", /^@pytest[\s\S]*?(?=^async)/m],
    ["test_b", /^async[\s\S]*?(?=^class)/m],
    ["test_inner", /^ {4}def test_inner[\s\S]*?(?=^ {4}def)/m],
    ["test_last", /^ {4}def test_last[\s\S]*?(?=^def)/m],
  ])("of Python: %s", (name, gone) => {
    expect(withoutPythonTest(PYTHON, name)).toBe(PYTHON.replace(gone, ""));
  });

  test.each(["test_twice", "test", "text"])("of Python: not %s", (name) => {
    expect(withoutPythonTest(PYTHON, name)).toBeUndefined();
  });
});
