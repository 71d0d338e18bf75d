import { expect, test } from "vitest";
import { python } from "../languages/python.ts";
import { typescript } from "../languages/typescript.ts";
import { asTestsOf, testsOfThemselves } from "./imports.ts";
import { permitted } from "./work.ts";

const pathOf = (path: string, content: string) =>
  permitted({ language: typescript }, [{ path, content }]).tests.map((file) => file.path);

test.each([
  ["tests/unit/words.test.ts", 'import { words } from "../src/index.ts";', "tests/words.test.ts"],
  ["tests/unit/words.test.ts", 'import { words } from "../../src/index.ts";', "tests/unit/words.test.ts"],
  ["tests/words.test.ts", 'import { words } from "../src/index.ts";', "tests/words.test.ts"],
  ["src/words.test.ts", 'import { words } from "../src/index.ts";', "src/words.test.ts"],
  ["tests/helpers/made.ts", 'import { words } from "../src/index.ts";', "tests/helpers/made.ts"],
])("a test stands where its imports lead: %s with %s", (path, content, expected) => {
  expect(pathOf(path, content)).toEqual([expected]);
});

test.each([
  ['import { a } from "../src/index";', 'import { a } from "../src/index.ts";'],
  ["export * from './a.js';", "export * from './a.ts';"],
  ['await import("./a")', 'await import("./a.ts")'],
  ['import "./a";', 'import "./a.ts";'],
  ['import { a } from "./a.ts";', 'import { a } from "./a.ts";'],
  ['import a from "./a.json" with { type: "json" };', 'import a from "./a.json" with { type: "json" };'],
  ['import { z } from "zod";', 'import { z } from "zod";'],
  ['import type { z } from "zod";\nz.string();', 'import { z } from "zod";\nz.string();'],
  [
    'import type { A, b as c } from "./a";\nconst x: A = c(1);',
    'import { type A, b as c } from "./a.ts";\nconst x: A = c(1);',
  ],
  ['import type { A(*, b } from "./a.ts";\nb();', 'import type { A(*, b } from "./a.ts";\nb();'],
  ['import type { A } from "./a.ts";\nlet x: A;', 'import type { A } from "./a.ts";\nlet x: A;'],
  ['const text = "../src/index";', 'const text = "../src/index";'],
])("%s is read as %s", (content, meant) => {
  const [file] = permitted({ language: typescript }, [{ path: "tests/a.test.ts", content }]).tests;
  expect(file?.content).toBe(meant);
});

test.each([
  ["tests/unit.clamp.ts", 'test("unit: a", () => {});', "tests/unit.clamp.test.ts"],
  ["tests/clamp.spec.ts", 'test("unit: a", () => {});', "tests/clamp.test.ts"],
  ["tests/made.ts", "export const made = 1;", "tests/made.ts"],
])("tests are called as their runner looks for them: %s with %s", (path, content, expected) => {
  expect(pathOf(path, content)).toEqual([expected]);
});

test("tests in Python too", () => {
  const files = [
    { path: "tests/clamp_test.py", content: "def test_unit_a():\n    pass\n" },
    { path: "tests/made.py", content: "MADE = 1\n" },
  ];
  const { tests } = permitted({ language: python }, files);
  expect(tests.map(({ path }) => path)).toEqual(["tests/test_clamp.py", "tests/made.py"]);
});

test.each([
  ["function a() {}\nasync function b() {}\n", "export function a() {}\nexport async function b() {}\n"],
  ["function a() {}\nexport { a };\n", "function a() {}\nexport { a };\n"],
  ["function a() {}\nexport const b = a;\n", "function a() {}\nexport const b = a;\n"],
])("a file that exports nothing exports its functions: %s", (content, expected) => {
  const { code } = permitted({ language: typescript }, [{ path: "src/index.ts", content }]);
  expect(code[0]?.content).toBe(expected);
});

test.each([
  [
    'test("a", () => assert.equal(a(), 1));',
    'import test from "node:test";\nimport assert from "node:assert/strict";\nimport { a } from "../src/index.ts";\n',
  ],
  [
    'import test from "node:test";\nimport { a } from "../src/index.ts";\nimport { strict as assert } from "node:assert";\ntest("a", () => assert(a()));',
    "",
  ],
  ['import { test } from "node:test";\nconst a = () => 1;\ntest("a", () => a());', ""],
  ["const $a = 1;", ""],
])("tests import what they call: %s", (content, added) => {
  const code = [{ path: "src/index.ts", content: "export const a = () => 1;\n" }];
  expect(asTestsOf({ language: typescript, code }, { path: "tests/a.test.ts", content }).content).toBe(
    `${added}${content}`,
  );
});

test("tests in Python import what they call", () => {
  const code = [{ path: "library.py", content: "def a():\n    return 1\n\n\ndef b():\n    return 2\n" }];
  const content = "from library import b\n\ndef test_a():\n    with pytest.raises(ValueError):\n        a(b())\n";
  const file = asTestsOf({ language: python, code }, { path: "tests/test_a.py", content });
  expect(file.content).toBe(`import pytest\nfrom library import a\n${content}`);
});

test("tests are of the code that is there: a copy of it among them is left out, another one of theirs is refused", () => {
  const code = [{ path: "src/index.ts", content: "function a() {\n  return 1;\n}\n\nexport { a };\n" }];
  const tested = { language: typescript, code };
  const cases = 'import test from "node:test";\ntest("unit: a", () => a());\n';
  const copied = asTestsOf(tested, { path: "tests/a.test.ts", content: `${code[0]?.content}\n${cases}` });
  expect(copied.content).toBe(`import { a } from "../src/index.ts";\n${cases}`);
  expect(testsOfThemselves(tested, copied)).toBeUndefined();
  const own = asTestsOf(tested, { path: "tests/a.test.ts", content: `function a() {\n  return 2;\n}\n${cases}` });
  expect(testsOfThemselves(tested, own)).toMatch(
    /^tests\/a\.test\.ts declares a itself.*from "\.\.\/src\/index\.ts";$/,
  );
});

test.each([
  ["tests/examples.ts", 'test("unit: a", () => {});'],
  ["tests/examples.spec.ts", 'test("unit: a", () => {});'],
  ["tests/unit/examples.test.ts", 'import { a } from "../src/index.ts";\ntest("unit: a", () => {});'],
])("[takes the place of the task's own examples by another name: %s]", (path, content) => {
  const { tests, code, refused } = permitted({ language: typescript }, [{ path, content }]);
  expect({ tests, code, refused }).toEqual({ tests: [], code: [], refused: ["tests/examples.test.ts"] });
});
