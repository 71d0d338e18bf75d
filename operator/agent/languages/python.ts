import type { SourceFile } from "@leanvibe/schema";
import { pytestCameIn, withoutPythonTest } from "./assertions.ts";
import { shortened, withConstants } from "./examples.ts";
import { pytestOwn, pythonPlaces } from "./faults.ts";
import {
  CHECK_BOUNDS,
  type Example,
  importRule,
  type Kind,
  type Language,
  type Route,
  TEST_BOUNDS,
} from "./language.ts";
import { withoutTestsInPython } from "./own-tests.ts";
import { importable } from "./packages.ts";
import { casesOf, pythonCoverage } from "./pytest.ts";
import { pythonDeployment } from "./python-deployment.ts";
import { PYTHON_LINT } from "./python-lint.ts";
import { PYTHON_STANDARD } from "./python-standard.ts";

const START = `"""Starts the service: on a socket where one is named, else on PORT."""
import os

import uvicorn

from app import app

socket = os.environ.get("LISTEN_SOCKET")
if socket:
    uvicorn.run(app, uds=socket, log_level="warning")
else:
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8080")), log_level="warning")
`;

const IMPORT = /^[ \t]*import[ \t]+([\w., \t]+)/gm;
const FROM_IMPORT = /^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b/gm;
const DEFINED = /^(?:async[ \t]+def|def|class)[ \t]+([A-Za-z]\w*)/gm;
const ROUTE = /^[ \t]*@\w+\.(get|post|put|patch|delete|head|options)\(\s*["']([^"']*)["']/gm;

const isTest = (path: string): boolean => /(^|\/)(test_[^/]*|conftest)\.py$/.test(path) || path.startsWith("tests/");
const isCode = (path: string): boolean => path.endsWith(".py") && !isTest(path) && path !== "start.py";
const codeOf = (files: readonly SourceFile[]): SourceFile[] => files.filter(({ path }) => isCode(path));
const pythonOf = (files: readonly SourceFile[]): string[] =>
  files.map(({ path }) => path).filter((path) => path.endsWith(".py"));

export const python: Language = {
  name: "python",
  title: "Python",
  fence: "python",
  single: "solution.py",
  probe: ["python3", "-c", "import coverage, pytest"],
  codeRules: (kind, isAlone = false) =>
    [...(isAlone ? [] : IMPORT_RULES), ...CODE_RULES, ...KIND_RULES[kind]].map((rule) => `- ${rule}`).join("\n"),
  testRules: (kind, code) =>
    [...TEST_RULES, ...importRule(importLinesOf(code)), ...KIND_TEST_RULES[kind]].map((rule) => `- ${rule}`).join("\n"),
  testImports: (code) =>
    new Map([
      ["pytest", "import pytest"],
      ...definedIn(code).flatMap(({ module, names }) =>
        names.map((name) => [name, `from ${module} import ${name}`] as const),
      ),
    ]),
  scaffold: (kind) => (kind === "service" ? [{ path: "start.py", content: START }] : []),
  isTest,
  isCode,
  inspect,
  foreignImports(files) {
    const allowed = importable("python");
    const local = new Set(files.flatMap(({ path }) => path.split("/").map((part) => part.replace(/\.py$/, ""))));
    const names = files.filter(({ path }) => path.endsWith(".py")).flatMap(({ content }) => importsOf(content));
    return [...new Set(names)].filter((name) => !PYTHON_STANDARD.has(name) && !allowed.has(name) && !local.has(name));
  },
  check: (files) => ({ argv: ["python3", "-m", "py_compile", ...pythonOf(files)], ...CHECK_BOUNDS }),
  places: pythonPlaces,
  // Python finds out when it runs them.
  expectingErrors: (_output, tests) => [...tests],
  isTestsOwn: (detail) => pytestOwn(detail, isTest),
  cameIn: (detail) => pytestCameIn(detail, isTest),
  withoutTest: withoutPythonTest,
  withoutOwnTests: withoutTestsInPython,
  lint: (files) => ({
    argv: ["python3", "-", ...codeOf(files).map(({ path }) => path)],
    stdin: PYTHON_LINT,
    ...CHECK_BOUNDS,
  }),
  tests: {
    commands: (files) => [
      { argv: testCommand(files), ...TEST_BOUNDS },
      { argv: ["python3", "-m", "coverage", "json", "-q", "-o", "coverage.json"], ...CHECK_BOUNDS },
    ],
    reports: ["report.xml", "coverage.json"],
    read(_run, reports, files) {
      const named = (name: string) => reports.find(({ path }) => path === name)?.content ?? "";
      return { ...casesOf(named("report.xml")), ...pythonCoverage(named("coverage.json"), codeOf(files)) };
    },
  },
  exampleTests,
  symbols: (files) => [
    ...new Set(codeOf(files).flatMap(({ content }) => [...content.matchAll(DEFINED)].map(([, name = ""]) => name))),
  ],
  routes: (files) => codeOf(files).flatMap(({ content }) => routesOf(content)),
  start: ["python3", "start.py"],
  runFile: (path) => ["python3", path],
  deployment: pythonDeployment,
};

const IMPORT_RULES = [
  "Code goes into *.py files at the top, without folders; another file of yours is imported by its name, without a dot.",
];
const CODE_RULES = [
  "Type hints and a docstring for every function. Raise ValueError with a clear message for input that the task does not allow.",
];
const KIND_RULES: Readonly<Record<Kind, readonly string[]>> = {
  service: [
    "app.py defines app = FastAPI() with all routes; nothing is started there.",
    "Refuse bad input with status 400 or 422 and missing authentication with 401.",
  ],
  program: ["main.py is the program: it reads sys.argv and standard input, and prints its result to standard output."],
  library: ["Define every function that the task asks for."],
};
const TEST_RULES = [
  "Tests go into tests/test_*.py for pytest.",
  "Each test's name begins with its kind: def test_unit_..., test_edge_...",
];
const KIND_TEST_RULES: Readonly<Record<Kind, readonly string[]>> = {
  service: [
    "Ask the service by: from fastapi.testclient import TestClient; from app import app; client = TestClient(app).",
  ],
  program: ["Test the functions; the program itself is tested elsewhere."],
  library: [],
};

function inspect(files: readonly SourceFile[], kind: Kind): string[] {
  const findings = codeOf(files)
    .filter(({ content }) => /pragma:\s*no cover/.test(content))
    .map(({ path }) => `${path} switches coverage off with a comment; remove it`);
  if (kind !== "service") return findings;
  const app = files.find(({ path }) => path === "app.py")?.content;
  if (app === undefined) return [...findings, "there is no app.py, which must define app = FastAPI()"];
  return /^app\b[^=\n]*=/m.test(app) ? findings : [...findings, "app.py does not define app = FastAPI()"];
}

function testCommand(files: readonly SourceFile[]): string[] {
  const tests = files.map(({ path }) => path).filter((path) => /(^|\/)test_[^/]*\.py$/.test(path));
  const pytest = ["-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "--junitxml=report.xml", ...tests];
  return ["python3", "-m", "coverage", "run", "--source=.", "--omit=tests/*,test_*,start.py", ...pytest];
}

function importsOf(content: string): string[] {
  const plain = [...content.matchAll(IMPORT)].flatMap(([, names = ""]) => names.split(","));
  const from = [...content.matchAll(FROM_IMPORT)].map(([, name = ""]) => name);
  return [...plain, ...from].map((name) => name.trim().split(/[\s.]/)[0] ?? "").filter((name) => name !== "");
}

function routesOf(content: string): Route[] {
  return [...content.matchAll(ROUTE)].map(([, method = "", path = ""]) => ({ method: method.toUpperCase(), path }));
}

/** A float that is written out is rarely the same to its last digit. Names that no code exports: its own may be called `same`. */
const SAME = `
def _same(got, expected):
    if got == expected or repr(got) == repr(expected):
        return True
    try:
        return got == _pytest.approx(expected)
    except TypeError:
        return False


def _told(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:150]}... ({_hashlib.sha256(text.encode()).hexdigest()[:12]})"
`;

/** One test a call: one that raises must not hide the others. */
const moduleOf = (path: string): string => path.replace(/\.py$/, "").replaceAll("/", ".");

function importLinesOf(code: readonly SourceFile[]): string[] {
  return definedIn(code).map(({ module, names }) => `from ${module} import ${names.join(", ")}`);
}

function definedIn(code: readonly SourceFile[]): { module: string; names: string[] }[] {
  return codeOf(code).flatMap(({ path, content }) => {
    const names = [...new Set([...content.matchAll(DEFINED)].map(([, name = ""]) => name))];
    return names.length === 0 ? [] : [{ module: moduleOf(path), names }];
  });
}

function exampleTests(
  what: "example" | "case",
  examples: readonly Example[],
  code: readonly SourceFile[],
): SourceFile | undefined {
  // Only what defines the functions is imported: a program that is imported begins to read its input.
  const modules = new Map(
    codeOf(code).flatMap(({ path, content }) =>
      [...content.matchAll(DEFINED)].map(([, name = ""]) => [name, moduleOf(path)]),
    ),
  );
  const nameOf = (call: string) => call.slice(0, call.indexOf("("));
  const callable = examples.filter(({ call }) => modules.has(nameOf(call)));
  if (callable.length === 0) return undefined;
  const used = new Set(callable.map(({ call }) => modules.get(nameOf(call))));
  const local = (text: string) =>
    withConstants(text, { true: "True", false: "False", null: "None", undefined: "None" });
  const tests = callable.map(
    ({ call, result }, index) => `
def test_unit_${what}_${index + 1}():
    got = ${local(call)}
    expected = ${local(result)}
    if not _same(got, expected):
        _pytest.fail(f"{_told(got)} came, {_told(expected)} is expected, of " + ${JSON.stringify(shortened(call))}, pytrace=False)
`,
  );
  const content = [
    "import hashlib as _hashlib",
    "import pytest as _pytest",
    ...[...used].map((name) => `from ${name} import *`),
    SAME,
    ...tests,
  ].join("\n");
  return { path: `tests/test_${what}s.py`, content };
}
