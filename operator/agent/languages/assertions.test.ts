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

  test.each([
    ["an error of the code's", `error: 'low'\nf (file:///workspace/src/f.ts:1:49)\n${AT}`],
    ["an error of the test's own", `error: 'nothing to read'\n${AT}`],
    [
      "an assertion in the code",
      `error: 'at least 0'\nexpected: true\nactual: false\nf (file:///workspace/src/f.ts:1:49)\n${AT}`,
    ],
    ["an error of which another was expected", `error: |-\nGot unwanted\nactual:\nf (file:///w/src/f.ts:1:49)\n${AT}`],
    ["a text of which the end is cut off", "error: |-\nExpected values\nexpected: 3\nactual: 4"],
    ["no error where one was to come", `error: 'Missing expected exception.'\n${AT}`],
    [
      "what is not true",
      `error: |-\nThe expression evaluated to a falsy value:\nok(f(1) == 2)\nexpected: true\nactual: false\n${AT}`,
    ],
    ["what is not true, in words of its own", `error: 'too slow'\nexpected: true\nactual: false\n${AT}`],
    [
      "an assertion of two values in the code",
      `error: |-\n1 !== 2\nexpected: 2\nactual: 1\nObject.check [as parse] (file:///workspace/src/f.ts:1:49)\n${AT}`,
    ],
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
  ])("is %s", (_what, detail) => {
    expect(pytestCameIn(detail, isTest)).toBe(detail.slice(at.length));
  });

  test.each([
    ["an error of the code's", `${at}library.py:3: in slug\n    raise ValueError()\nE   ValueError: low`],
    ["an assertion in the code", `${at}library.py:3: in slug\n    assert text\nE   AssertionError`],
    ["an error of the test's own", `${at}E   NameError: name 'slug' is not defined`],
    ["no error where one was to come", `${at}E   Failed: DID NOT RAISE <class 'ValueError'>`],
    ["values that are not told whole", `${at}E   AssertionError: assert 'aaaaa...aaab' == 'aaaaa...aaac'`],
    [
      "lists that are not told whole",
      `${at}E   assert [1, 2] == [1, 3]\nE     At index 1 diff: 2 != 3\nE     Use -v to get more diff`,
    ],
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
test("a comment", () => check(f(1))); // behind it
test("a pattern", () => check(/(/));
describe("more", () => {
  it("inner", async () => {
    check(1);
  });
  it("last", () =>
    check(2));
});
test(
  "broken",
  () => check(1),
);
test("timed", () => {
  check(1);
}, { timeout: 10 });
test("text", () => check(\`
of two lines\`));
test("twice", () => check(1));
test("twice", () => check(2));
for (const name of ["looped"]) test(name, () => check(1));
test("flat", () => {
check(1);
});
test("holds another", () => {
  test("inside", () => check(1));
});
test("never ends", () => {
`;
  const file = (content: string, path = "tests/a.test.ts") => ({ path, content });

  test.each([
    ["a", /^test\("a",[\s\S]*?^\}\);\n/m],
    ['one line, (with) "brackets"', /^test\('one line.*\n/m],
    ["a comment", /^test\("a comment".*\n/m],
    ["a pattern", /^test\("a pattern".*\n/m],
    ["inner", /^ {2}it\("inner"[\s\S]*?^ {2}\}\);\n/m],
    ["last", /^ {2}it\("last".*\n.*\n/m],
    ["timed", /^test\("timed"[\s\S]*?10 \}\);\n/m],
    ["inside", /^ {2}test\("inside".*\n/m],
  ])("of Node's: %s", (name, gone) => {
    const other = file("test('b', () => check(1));\n", "tests/b.test.ts");
    expect(withoutNodeTest([other, file(NODE)], name)).toEqual([other, file(NODE.replace(gone, ""))]);
  });

  test.each(["broken", "text", "twice", "looped", "flat", "holds another", "never ends", "unknown", "one line"])(
    "of Node's: not %s",
    (name) => {
      expect(withoutNodeTest([file(NODE)], name)).toBeUndefined();
    },
  );

  test("of Node's: not where another file has it too, in whatever form", () => {
    const other = file('test(\n  "a",\n  () => check(1),\n);\n', "tests/b.test.ts");
    expect(withoutNodeTest([file(NODE), other], "a")).toBeUndefined();
  });

  const PYTHON = `import pytest

@pytest.mark.slow
@pytest.mark.unit
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

@pytest.mark.parametrize("text", [
    "",
])
def test_many(text):
    assert f(text)

class TestAlone:
    def test_alone(self):
        assert f(4)

def test_text():
    assert f() == """
of lines"""

def test_twice(): pass
def test_twice(): pass
`;
  const python = [file(PYTHON, "tests/test_a.py")];
  test.each([
    ["test_a", /^@pytest.mark.slow[\s\S]*?(?=^async)/m],
    ["test_b", /^async[\s\S]*?(?=^class)/m],
    ["test_inner", /^ {4}def test_inner[\s\S]*?(?=^ {4}def)/m],
    ["test_last", /^ {4}def test_last[\s\S]*?(?=^@)/m],
  ])("of Python: %s", (name, gone) => {
    expect(withoutPythonTest(python, name)?.[0]?.content).toBe(PYTHON.replace(gone, ""));
  });

  test.each(["test_many", "test_many[]", "test_alone", "test_text", "test_twice", "test", "text"])(
    "of Python: not %s",
    (name) => {
      expect(withoutPythonTest(python, name)).toBeUndefined();
    },
  );
});
