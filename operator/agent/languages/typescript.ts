import { isBuiltin } from "node:module";
import type { SourceFile } from "@leanvibe/schema";
import { nodeCameIn, withoutNodeTest } from "./assertions.ts";
import { shortened, withConstants } from "./examples.ts";
import { typescriptPlaces, withExpectedErrors } from "./faults.ts";
import {
  CHECK_BOUNDS,
  type Example,
  importRule,
  type Kind,
  type Language,
  type Route,
  TEST_BOUNDS,
} from "./language.ts";
import { coverageOf } from "./lcov.ts";
import { withoutTestsInTypescript } from "./own-tests.ts";
import { importable } from "./packages.ts";
import { countsOf } from "./tap.ts";
import { typescriptDeployment } from "./typescript-deployment.ts";

/** Node strips types and knows no enum, no parameter property and no import of a type by value: tsc says so first. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024"],
    module: "nodenext",
    moduleResolution: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  },
};

const APP = "src/app.ts";
const START = `// Starts the service: on a socket where one is named, else on PORT.
import { build } from "./src/app.ts";

const app = await build();
const socket = process.env["LISTEN_SOCKET"];
await app.listen(socket ? { path: socket } : { port: Number(process.env["PORT"] ?? 8080), host: "0.0.0.0" });
`;

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["']([^"'\n]+)["']/g;
const EXPORTED =
  /^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|type|interface|enum)\s+([A-Za-z_$][\w$]*)/gm;
const EXPORTED_VALUE = /^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+([A-Za-z_$][\w$]*)/gm;
const EXPORT_LIST = /^export\s*\{([^}]*)\}/gm;
const SHORT_ROUTE = /\.(get|post|put|patch|delete|head|options)\s*(?:<[^(]*>)?\(\s*["'`](\/[^"'`\n]*)["'`]/gi;
const LONG_ROUTE = /\.route\s*(?:<[^(]*>)?\(\s*\{[^}]*?method:\s*["'](\w+)["'][^}]*?url:\s*["'`](\/[^"'`\n]*)["'`]/g;

const isTest = (path: string): boolean => /\.test\.ts$/.test(path) || path.startsWith("tests/");
const isCode = (path: string): boolean => path.endsWith(".ts") && !isTest(path) && path !== "start.ts";
const codeOf = (files: readonly SourceFile[]): SourceFile[] => files.filter(({ path }) => isCode(path));

export const typescript: Language = {
  name: "typescript",
  title: "TypeScript",
  fence: "ts",
  single: "solution.ts",
  probe: ["tsc", "--version"],
  codeRules: (kind, isAlone = false) =>
    [...(isAlone ? [] : IMPORT_RULES), ...CODE_RULES, ...KIND_RULES[kind]].map((rule) => `- ${rule}`).join("\n"),
  testRules: (kind, code) =>
    [...TEST_RULES, ...importRule(importsOf(code)), ...KIND_TEST_RULES[kind]].map((rule) => `- ${rule}`).join("\n"),
  testImports: (code) =>
    new Map([
      ["test", 'import test from "node:test";'],
      ["assert", 'import assert from "node:assert/strict";'],
      ...exportsOf(code).flatMap(({ path, names }) =>
        names.map((name) => [name, `import { ${name} } from "../${path}";`] as const),
      ),
    ]),
  scaffold: (kind) => [
    { path: "package.json", content: `${JSON.stringify({ type: "module", private: true }, null, 2)}\n` },
    { path: "tsconfig.json", content: `${JSON.stringify(TSCONFIG, null, 2)}\n` },
    ...(kind === "service" ? [{ path: "start.ts", content: START }] : []),
  ],
  isTest,
  isCode,
  inspect,
  foreignImports(files) {
    const allowed = importable("typescript");
    return unique(
      files.flatMap(({ path, content }) =>
        path.endsWith(".ts") ? [...content.matchAll(IMPORT)].map(([, name = ""]) => packageName(name)) : [],
      ),
    ).filter((name) => name !== "" && !isBuiltin(name) && !allowed.has(name));
  },
  check: () => ({ argv: ["tsc", "-p", "tsconfig.json"], ...CHECK_BOUNDS }),
  places: typescriptPlaces,
  expectingErrors: withExpectedErrors,
  // The compiler has said so before anything runs.
  isTestsOwn: () => false,
  cameIn: nodeCameIn,
  withoutTest: withoutNodeTest,
  withoutOwnTests: withoutTestsInTypescript,
  lint: () => ({
    argv: [
      "tsc",
      "-p",
      "tsconfig.json",
      "--noUnusedLocals",
      "--noUnusedParameters",
      "--noImplicitReturns",
      "--noFallthroughCasesInSwitch",
    ],
    ...CHECK_BOUNDS,
  }),
  tests: {
    commands: (files) => [{ argv: testCommand(files), ...TEST_BOUNDS }],
    reports: ["coverage.lcov"],
    read: (run, reports, files) => ({
      ...countsOf(run.stdout),
      ...coverageOf(reports.find(({ path }) => path === "coverage.lcov")?.content ?? "", codeOf(files)),
    }),
  },
  exampleTests,
  symbols: (files) =>
    unique(
      codeOf(files).flatMap(({ content }) => [
        ...[...content.matchAll(EXPORTED)].map(([, name = ""]) => name),
        ...[...content.matchAll(EXPORT_LIST)].flatMap(([, names = ""]) => names.split(",").map(exportedAs)),
      ]),
    ).filter((name) => name !== ""),
  routes: (files) => codeOf(files).flatMap(({ content }) => routesOf(content)),
  start: ["node", "start.ts"],
  runFile: (path) => ["node", path],
  deployment: typescriptDeployment,
};

const IMPORT_RULES = [
  'Code goes into src/*.ts; an import of another file of yours has its ending: from "./NAME.ts".',
  "Import with `import type` what is a type and nothing else.",
];
const CODE_RULES = [
  "ES modules. No enum, no namespace, no `private x` in constructor parameters.",
  "Strict types, no `any`: the compiler checks them.",
];
/** Only of what comes from outside: told of a library, a small model checks types that the compiler has checked. */
const REFUSAL = "Throw an Error with a clear message for input that the task does not allow.";
const KIND_RULES: Readonly<Record<Kind, readonly string[]>> = {
  service: [
    `${APP} exports a function build() that returns a fastify instance with all routes and does not listen.`,
    REFUSAL,
    "Refuse bad input with status 400 and missing authentication with 401.",
  ],
  program: [
    REFUSAL,
    "src/main.ts is the program: it reads process.argv and standard input, and prints its result to standard output.",
  ],
  library: ["Export every function that the task asks for."],
};
const TEST_RULES = [
  'Tests go into tests/*.test.ts: import test from "node:test"; import assert from "node:assert/strict".',
  'Each test has a name that begins with its kind: test("unit: ...", () => { ... }).',
  "Null, undefined and other types than the code's do not compile.",
];
const KIND_TEST_RULES: Readonly<Record<Kind, readonly string[]>> = {
  service: [
    'Ask the service by: const app = await build(); const answer = await app.inject({ method: "GET", url: "/path" }); at the end await app.close().',
  ],
  program: ["Test the exported functions; the program itself is tested elsewhere."],
  library: [],
};

function importsOf(code: readonly SourceFile[]): string[] {
  return exportsOf(code).map(({ path, names }) => `import { ${names.join(", ")} } from "../${path}";`);
}

/** Files that export values, with their names. */
function exportsOf(code: readonly SourceFile[]): { path: string; names: string[] }[] {
  return codeOf(code).flatMap(({ path, content }) => {
    const listed = [...content.matchAll(EXPORT_LIST)].flatMap(([, names = ""]) =>
      names.split(",").filter((name) => !/^\s*type\s/.test(name)),
    );
    const named = [...content.matchAll(EXPORTED_VALUE)].map(([, name = ""]) => name);
    const names = unique([...named, ...listed.map(exportedAs)]).filter((name) => name !== "");
    return names.length === 0 ? [] : [{ path, names }];
  });
}

function inspect(files: readonly SourceFile[], kind: Kind): string[] {
  const findings = codeOf(files)
    .filter(({ content }) => /node:coverage (disable|ignore)|@ts-(nocheck|ignore)/.test(content))
    .map(({ path }) => `${path} switches checks off with a comment; remove it`);
  if (kind !== "service") return findings;
  const app = files.find(({ path }) => path === APP)?.content;
  if (app === undefined) return [...findings, `there is no ${APP}, which must export a function build()`];
  const built = /export\s+(async\s+)?function\s+build\b|export\s+const\s+build\b|export\s*\{[^}]*\bbuild\b/.test(app);
  return built ? findings : [...findings, `${APP} does not export a function build()`];
}

function testCommand(files: readonly SourceFile[]): string[] {
  const tests = files.map(({ path }) => path).filter((path) => /\.test\.ts$/.test(path));
  return [
    "node",
    "--test",
    "--test-timeout=20000",
    "--experimental-test-coverage",
    "--test-coverage-exclude=tests/**",
    "--test-reporter=tap",
    "--test-reporter-destination=stdout",
    "--test-reporter=lcov",
    "--test-reporter-destination=coverage.lcov",
    ...tests,
  ];
}

/** Names that no code has: its own may be called `same` or `test`. */
const SAME = `
const $told = (value: unknown) => {
  const text = $util.inspect(value, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, breakLength: Infinity });
  const digest = $crypto.createHash("sha256").update(text).digest("hex").slice(0, 12);
  return text.length <= 200 ? text : \`\${text.slice(0, 150)}... (\${digest})\`;
};
const $same = (got: unknown, expected: unknown, call: string) => {
  if ($util.isDeepStrictEqual(got, expected)) return;
  throw new Error(\`\${$told(got)} came, \${$told(expected)} is expected, of \${call}\`);
};
`;

/** One test a call: one that throws must not hide the others. Python's way of writing constants is understood too. */
function exampleTests(
  what: "example" | "case",
  examples: readonly Example[],
  code: readonly SourceFile[],
): SourceFile | undefined {
  const local = (text: string) => withConstants(text, { True: "true", False: "false", None: "null" });
  const names = examples.map(({ call }) => call.slice(0, call.indexOf("(")));
  const from = (name: string) =>
    codeOf(code).find(({ content }) => new RegExp(`^export .*\\b${name}\\b`, "m").test(content));
  const imports = unique(names).flatMap((name) => {
    const file = from(name);
    return file === undefined ? [] : [`import { ${name} } from "../${file.path}";`];
  });
  // A call of what nobody exports is a sentence that looks like a call.
  const callable = examples.filter((_one, index) => from(names[index] ?? "") !== undefined);
  if (callable.length === 0) return undefined;
  const tests = callable.map(
    ({ call, result }, index) =>
      `$test("unit: ${what} ${index + 1}", async () => $same(await ${local(call)}, ${local(result)}, ${JSON.stringify(shortened(call))}));`,
  );
  const head = [
    'import * as $crypto from "node:crypto";',
    'import $test from "node:test";',
    'import * as $util from "node:util";',
    ...imports,
    SAME,
  ];
  return { path: `tests/${what}s.test.ts`, content: `${[...head, ...tests].join("\n")}\n` };
}

/** `fastify/types` as `fastify`, `@types/node` whole; nothing for a file of the workspace. */
function packageName(specifier: string): string {
  if (/^[./]/.test(specifier) || specifier.startsWith("node:")) return "";
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function exportedAs(text: string): string {
  return (
    text
      .trim()
      .replace(/^type\s+/, "")
      .split(/\s+as\s+/)
      .at(-1)
      ?.trim() ?? ""
  );
}

function routesOf(content: string): Route[] {
  return [...content.matchAll(SHORT_ROUTE), ...content.matchAll(LONG_ROUTE)].map(([, method = "", path = ""]) => ({
    method: method.toUpperCase(),
    path,
  }));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
