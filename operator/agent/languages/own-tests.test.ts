import { describe, expect, test } from "vitest";
import { withoutTestsInPython, withoutTestsInTypescript } from "./own-tests.ts";

const ASKED = "Initials\nA function initials(name), with tests.";
const CODE = `def initials(name: str) -> str:
    return "".join(word[0].upper() for word in name.split())
`;

describe("a library in Python without tests of itself", () => {
  test.each([
    ["a test", "\n# Test cases\n", 'def test_initials():\n    assert initials("Ada L") == "ADAL"\n\n    assert True\n'],
    ["a typed one", "", "async def test_initials() -> None:\n    assert 1 == 2\n"],
    ["one that is called test alone", "", "def test():\n    assert 1\n"],
    ["a decorated one", "", "@slow\ndef test_a():\n    assert 1\n"],
    ["a class of them", "", "class TestInitials:\n    def test_a(self):\n        assert 1\n"],
    ["its start", "", 'if __name__ == "__main__":\n    test_initials()\n'],
    ["pytest's start", "", "if __name__ == '__main__':\n    import pytest\n    pytest.main()\n"],
    ["a call of it", "", "def test_a():\n    assert 1\n\ntest_a()\n"],
  ])("%s goes", (_, stays, goes) => {
    expect(withoutTestsInPython(`${CODE}${stays}\n${goes}`, ASKED).trimEnd()).toBe(`${CODE}${stays}`.trimEnd());
  });

  test("what only they import goes with them, and what the code needs too does not", () => {
    const tests = "def test_a():\n    with pytest.raises(ValueError):\n        initials(1)\n";
    expect(withoutTestsInPython(`import re\nimport pytest\n${CODE}\n${tests}`, ASKED)).toBe(`import re\n${CODE}`);
    const using = `${CODE}\nBOUND = pytest.approx(1)\n`;
    expect(withoutTestsInPython(`import pytest\n${using}\n${tests}`, ASKED)).toBe(`import pytest\n${using}`);
  });

  test.each([
    ["a function that the task names", "def test_primality():\n    return True\n", "A function test_primality()."],
    ["one with a parameter", "def test_connection(host):\n    return True\n", ASKED],
    ["one of a class", "class Check:\n    def test_a(self):\n        return True\n", ASKED],
    ["a class of what came of a test", "class TestResult:\n    def __init__(self):\n        self.passed = 0\n", ASKED],
    ["a start that tests nothing", 'if __name__ == "__main__":\n    print(initials("Ada"))\n', ASKED],
    ["one whose end is not plain", 'def test_a():\n    text = """\nno end\n', ASKED],
    ["an import of what stays", "import pytest\n", ASKED],
  ])("%s stays", (_, stays, asked) => {
    expect(withoutTestsInPython(`${CODE}\n${stays}`, asked)).toBe(`${CODE}\n${stays}`);
  });
});

describe("a library in TypeScript without tests of itself", () => {
  const LIBRARY = "export const twice = (n: number): number => 2 * n;\n";
  const IMPORTS = 'import test from "node:test";\nimport assert from "node:assert/strict";\n';

  test.each([
    ["a test", 'test("unit: twice", () => {\n  assert.equal(twice(1), 3);\n});\n'],
    ["a suite", 'describe("twice", () => {\n  it("doubles", () => {\n    assert.equal(twice(1), 3);\n  });\n});\n'],
    ["one of one line", 'test("a", () => assert.equal(twice(1), 3));\n'],
  ])("%s goes, with what it imports", (_, goes) => {
    expect(withoutTestsInTypescript(`${IMPORTS}\n${LIBRARY}\n${goes}`)).toBe(`\n${LIBRARY}`);
  });

  test("an assertion that the code makes keeps its import", () => {
    const asserting = "export function half(n: number): number {\n  assert(n % 2 === 0);\n  return n / 2;\n}\n";
    const kept = `import assert from "node:assert/strict";\n\n${asserting}`;
    expect(withoutTestsInTypescript(`${IMPORTS}\n${asserting}\ntest("a", () => {});\n`)).toBe(kept);
  });

  test.each([
    ["a function of its own that is called test", 'export function test(a: string) {}\ntest("a");\n'],
    ["one whose end is not plain", `${IMPORTS}${LIBRARY}test("a", () => {\nassert(1)\n`],
  ])("%s stays", (_, content) => {
    expect(withoutTestsInTypescript(content)).toBe(content);
  });
});
