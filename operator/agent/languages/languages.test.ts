import { describe, expect, test } from "vitest";
import { LANGUAGES } from "./index.ts";
import { kindOf } from "./kind.ts";
import { coverageOf } from "./lcov.ts";
import { casesOf, pythonCoverage } from "./pytest.ts";
import { countsOf } from "./tap.ts";

const { typescript, python } = LANGUAGES;
const ts = (content: string, path = "src/a.ts") => [{ path, content }];
const py = (content: string, path = "a.py") => [{ path, content }];

describe("what code imports and the image does not have", () => {
  test.each([
    [`import x from "lodash";`, ["lodash"]],
    [`import type { X } from "@scope/name/part";`, ["@scope/name"]],
    [`const x = require("express");`, ["express"]],
    [`const x = await import("axios");`, ["axios"]],
    [`export * from "left-pad";`, ["left-pad"]],
    [`import "node:fs"; import { z } from "zod"; import a from "./a.ts"; import p from "path/posix";`, []],
    [`import fastify from "fastify"; import type { X } from "fastify/types/x.js";`, []],
    [`// nothing is imported`, []],
  ])("is found in TypeScript: %s", (content, foreign) => {
    expect(typescript.foreignImports(ts(content))).toEqual(foreign);
  });

  test.each([
    ["import numpy as np", ["numpy"]],
    ["import os, sys, requests", ["requests"]],
    ["from sqlalchemy.orm import Session", ["sqlalchemy"]],
    ["def f():\n    import pandas\n", ["pandas"]],
    ["from . import b\nfrom .b import c", []],
    ["from fastapi import FastAPI\nimport pydantic\nfrom collections import deque\nimport a\nimport typing", []],
  ])("is found in Python: %s", (content, foreign) => {
    expect(python.foreignImports(py(content))).toEqual(foreign);
  });
});

describe("names and routes that others may use", () => {
  test("of TypeScript", () => {
    const content = `
export function one() {}
export async function two<T>() {}
export const THREE = 3;
export class Four {}
export type Five = string;
export default function six() {}
const seven = 7;
export { seven as eight, type Nine };
function hidden() {}
app.get("/a/:id", handler);
app.post<{ Body: X }>(\`/b\`, handler);
app.route({ method: "PUT", url: "/c" });
map.get("no route");
`;
    expect(typescript.symbols(ts(content))).toEqual(["one", "two", "THREE", "Four", "Five", "six", "eight", "Nine"]);
    expect(typescript.routes(ts(content))).toEqual([
      { method: "GET", path: "/a/:id" },
      { method: "POST", path: "/b" },
      { method: "PUT", path: "/c" },
    ]);
    expect(typescript.symbols(ts(content, "tests/a.test.ts"))).toEqual([]);
  });

  test("of Python", () => {
    const content = `
@app.get("/a/{id}")
async def one(id): ...
@router.delete('/b', status_code=204)
def two(): ...
class Three:
    def method(self): ...
def _hidden(): ...
`;
    expect(python.symbols(py(content))).toEqual(["one", "two", "Three"]);
    expect(python.routes(py(content))).toEqual([
      { method: "GET", path: "/a/{id}" },
      { method: "DELETE", path: "/b" },
    ]);
  });
});

describe("[checks cannot be switched off by the code]", () => {
  test.each(["// @ts-nocheck", "// @ts-ignore", "/* node:coverage disable */"])("%s", (comment) => {
    expect(typescript.inspect(ts(`${comment}\nexport const a = 1;`), "library")[0]).toMatch(/switches checks off/);
  });
  test("# pragma: no cover", () => {
    expect(python.inspect(py("def f():  # pragma: no cover\n    pass"), "library")[0]).toMatch(/switches coverage off/);
  });
});

test("a service without its entry is told so before anything runs", () => {
  expect(typescript.inspect(ts("export const a = 1;"), "service")).toEqual([
    "there is no src/app.ts, which must export a function build()",
  ]);
  expect(typescript.inspect(ts("export const app = 1;", "src/app.ts"), "service")).toHaveLength(1);
  expect(typescript.inspect(ts("export async function build() {}", "src/app.ts"), "service")).toEqual([]);
  expect(python.inspect(py("app = FastAPI()", "app.py"), "service")).toEqual([]);
  expect(python.inspect(py("x = FastAPI()", "app.py"), "service")).toHaveLength(1);
});

describe("what a runner says", () => {
  test("in TAP is counted by its last sum; a file without a test is none, and a suite's failure is told once", () => {
    const tap = `TAP version 13
# ok 1 - forged
# \\# pass 100
# Subtest: unit: adds
ok 1 - unit: adds
not ok 2 - unit: fails
  ---
  duration_ms: 0.8
  location: '/w/tests/a.test.ts:3:1'
  error: |-
    Expected values to be strictly equal:

    3 !== 4
  code: 'ERR_ASSERTION'
  ...
ok 3 - later # SKIP
ok 4 - tests/empty.test.ts
1..4
# tests 4
# pass 2
# fail 1
# cancelled 0
`;
    const counts = countsOf(tap);
    expect(counts).toMatchObject({ total: 2, passed: 1, failed: 1 });
    expect(counts.failures).toHaveLength(1);
    expect(counts.failures[0]).toMatchObject({ name: "unit: fails" });
    expect(counts.failures[0]?.detail).toContain("3 !== 4");
    expect(countsOf("")).toEqual({ total: 0, passed: 0, failed: 0, failures: [] });
  });

  test("in lcov is a share of lines, and a file that no test loads counts as reached nowhere", () => {
    const lcov = "SF:src/a.ts\nDA:1,1\nDA:2,0\nDA:3,0\nDA:4,2\nend_of_record\n";
    const code = [
      { path: "src/a.ts", content: "1\n2\n3\n4\n" },
      { path: "src/b.ts", content: "1\n\n2\n3\n4\n" },
    ];
    expect(coverageOf(lcov, code)).toEqual({
      coverage: 25,
      uncovered: ["src/a.ts: 2-3\n  2: 2\n  3: 3", "src/b.ts: no test loads it"],
    });
    expect(coverageOf("", [])).toEqual({ coverage: undefined, uncovered: [] });
  });

  test("pytest, as XML: failures, errors and skipped ones, with their text", () => {
    const xml = `<testsuite tests="4"><testcase classname="tests.a" name="test_unit_ok" time="0" />
<testcase classname="tests.a" name="test_unit_no"><failure message="assert 1 == 2">E   assert 1 &lt; 2 &amp;&#10;x</failure></testcase>
<testcase classname="" name="tests.test_b"><error message="collection failure">ImportError</error></testcase>
<testcase classname="tests.a" name="test_skipped"><skipped type="pytest.skip" message="x" /></testcase></testsuite>`;
    expect(casesOf(xml)).toEqual({
      total: 3,
      passed: 1,
      failed: 2,
      failures: [
        { name: "test_unit_no", detail: "E   assert 1 < 2 &\nx" },
        { name: "tests.test_b", detail: "ImportError" },
      ],
    });
  });

  test("coverage, as JSON, and what is no report at all", () => {
    const json = JSON.stringify({
      files: {
        "a.py": { summary: { num_statements: 4 }, missing_lines: [2, 3] },
        "tests/x.py": { summary: { num_statements: 9 }, missing_lines: [] },
      },
    });
    expect(pythonCoverage(json, py("a\nb\nc\n", "a.py"))).toEqual({
      coverage: 50,
      uncovered: ["a.py: 2-3\n  2: b\n  3: c"],
    });
    expect(pythonCoverage("{}", py(""))).toEqual({ coverage: undefined, uncovered: [] });
  });
});

describe("what a task makes is told", () => {
  const task = {
    name: "t",
    title: "t",
    description: "",
    language: "python" as const,
    requirements: {},
    acceptance: [],
    source: [],
    maxIterations: 3,
    limits: {},
  };
  test.each([
    ["Build REST API endpoints for user activity", "service"],
    ["A command-line tool that counts words", "program"],
    ["A function that adds two numbers", "library"],
  ])("by its words: %s is a %s", (description, kind) => {
    expect(kindOf({ ...task, description })).toBe(kind);
  });
  test("by its acceptance cases before that", () => {
    const acceptance = [{ name: "a", command: "python3 main.py", expect: { stdout: "1" } }];
    expect(kindOf({ ...task, description: "Counts what an API answers", acceptance })).toBe("program");
  });
  test.each([
    ["node -e 'import(\"./src/index.ts\").then(({ add }) => console.log(add(1, 2)))'", "library"],
    ["node --input-type=module --eval 'import \"./src/index.ts\"'", "library"],
    ['python3 -c "import library; print(library.add(1, 2))"', "library"],
    ["node main.ts -e", "program"],
    ["python3 main.py -c", "program"],
  ])("by a case that runs %s: a %s", (command, kind) => {
    const acceptance = [{ name: "a", command, expect: { stdout: "3" } }];
    expect(kindOf({ ...task, description: "Adds two numbers", acceptance })).toBe(kind);
  });
});

test.each([
  [
    LANGUAGES.typescript,
    {
      path: "src/a.ts",
      content: "export type T = 1;\nexport const one: T = 1;\nasync function two() {}\nexport { two, type T as U };\n",
    },
    'What is tested is imported by: import { one, two } from "../src/a.ts";',
  ],
  [
    LANGUAGES.python,
    { path: "library.py", content: "def one():\n    pass\n\nclass Two:\n    pass\n" },
    "What is tested is imported by: from library import one, Two",
  ],
])("rules for tests of $name show the very imports of what is tested, and no other", (language, file, rule) => {
  expect(language.testRules("library", [file]).split("\n")).toContain(`- ${rule}`);
  expect(language.testRules("library", [])).not.toMatch(/imported by|from "\.|^from /m);
});
