import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAst } from "vitest/node";

/**
 * The arrows of ARCHITECTURE.md: each room, and what of ours its files may import besides the room itself. A room is a
 * folder; the deepest one that holds a file is the file's room. Rooms that come with a later part are here already.
 */
const ROOMS: Record<string, readonly string[]> = {
  "crds/schema": [],
  runtime: [],
  operator: ["crds/schema", "runtime"],
  "api-server": ["crds/schema", "runtime", "tutorials"],
  // Generated from what the API says of itself: it needs nothing else of it.
  "api-server/client": [],
  tutorials: ["crds/schema"],
  cdk8s: [
    "crds/schema",
    "operator/src/config.ts",
    "operator/src/controllers.ts",
    "api-server/src/config.ts",
    "api-server/src/controllers.ts",
  ],
  // The tests use the cluster ladder without the commands around it, so it may not need them.
  "cli/cluster": ["crds/schema", "runtime"],
  "cli/database": ["cli/cluster"],
  cli: ["cli/cluster", "cli/database", "crds/schema", "runtime", "tutorials", "api-server/client"],
  test: [
    "crds/schema",
    "runtime",
    "operator",
    "api-server",
    "api-server/client",
    "tutorials",
    "cdk8s",
    "cli",
    "cli/cluster",
    "cli/database",
  ],
  // The settings of tools at the repository's root.
  // vitest.config.ts: which tests there are depends on what can be had here.
  ".": ["test/harness/left-out.ts"],
};

/** What an entry and the files of its room that it reaches may import that is not ours. */
const GRAPHS: readonly { entry: string; packages: readonly string[]; why: string }[] = [
  { entry: "crds/schema/src/index.ts", packages: ["zod"], why: "everything imports it, so it brings nothing along" },
  // node:net for its BlockList, which only calculates.
  {
    entry: "operator/src/tenant/decide.ts",
    packages: ["node:net"],
    why: "decide() is pure: no client, file or process",
  },
  { entry: "cli/bootstrap.mjs", packages: ["node:"], why: "it runs before any package is installed" },
];

const FRAMEWORK = "@dot-i/k8s-operator";
const FRAMEWORK_FILE = "operator/src/shell.ts";

const CLIENT = "@kubernetes/client-node";
/** Files that need the library itself: it costs a second and 80 MB, its types cost nothing. */
const CLIENT_BY_VALUE: readonly string[] = [
  "cli/src/credentials.ts",
  "cli/cluster/probe.ts",
  "api-server/src/cluster/connection.ts",
];

/** Stands for the name in `import(expression)`. */
const COMPUTED = "(an expression)";

const LINES_AT_MOST = 300;
const EMPTY_NAMES = new Set(["util", "utils", "helper", "helpers", "manager", "managers", "common"]);

const ROOT = join(import.meta.dirname, "..");
const CODE = /\.(ts|mjs|go|sh)$/;
const MODULE = /\.(ts|mjs)$/;

type Files = ReadonlyMap<string, string>;
/** Something of ours, which its package may or may not export, or else a package or a part of Node. */
type Target = { path: string; exported: boolean } | { name: string };
type Import = { file: string; specifier: string; byType: boolean; target: Target };
type Fault = { rule: string; fix: string };
type Problem = Fault & { file: string; import: string | undefined };

/** Our packages by name: their folder and the files that they export. */
const PACKAGES = new Map(
  Object.keys(ROOMS)
    .filter((room) => existsSync(join(ROOT, room, "package.json")) && room !== ".")
    .map((room) => {
      const text = readFileSync(join(ROOT, room, "package.json"), "utf8");
      const { name, exports = {} }: { name: string; exports?: string | Record<string, string> } = JSON.parse(text);
      return [name, { room, exports: typeof exports === "string" ? { ".": exports } : exports }];
    }),
);

/** Every fault of a set of files. Pure, so that it can be shown to find some. */
function check(files: Files): Problem[] {
  const imports = [...files].flatMap(([path, text]) => (MODULE.test(path) ? importsIn(path, text) : []));
  const ofImports = imports.flatMap((found) =>
    [arrow, byName, literalName, noTestCode, oneFrameworkFile, clientByType].flatMap((rule) =>
      problem(found, rule(found)),
    ),
  );
  const ofGraphs = GRAPHS.flatMap(({ entry, packages, why }) =>
    reached(entry, imports).flatMap((found) => {
      if (!("name" in found.target) || packages.some((allowed) => belongsTo(allowed, found.specifier))) return [];
      const list = packages.length === 0 ? "no package" : `only ${packages.join(", ")}`;
      const fix = `move what needs it to a file that ${entry} does not reach`;
      return problem(found, { rule: `what ${entry} reaches imports ${list}: ${why}`, fix });
    }),
  );
  const ofFiles = [...files].flatMap(([file, text]) =>
    [inARoom, short, tellingName, noJsonBesideCrds].flatMap((rule) =>
      problem({ file, specifier: undefined }, rule(file, text)),
    ),
  );
  return [...ofImports, ...ofGraphs, ...ofFiles];
}

function problem(at: { file: string; specifier: string | undefined }, fault: Fault | undefined): Problem[] {
  return fault === undefined ? [] : [{ file: at.file, import: at.specifier, ...fault }];
}

function tell({ file, import: specifier, rule, fix }: Problem): string {
  return `${file}${specifier === undefined ? "" : ` imports ${specifier}`}: ${rule}. Fix: ${fix}.`;
}

function arrow({ file, target }: Import): Fault | undefined {
  const room = roomOf(file);
  if (!("path" in target) || roomOf(target.path) === room) return undefined;
  const allowed = ROOMS[room] ?? [];
  if (allowed.some((place) => place === roomOf(target.path) || place === target.path)) return undefined;
  return {
    rule: `${room} may import ${allowed.length === 0 ? "nothing of ours" : `only ${allowed.join(", ")}`}`,
    fix: `move what both need to a room that ${room} may import, or hand it in as a value`,
  };
}

/** By path a file could be reached that its package does not offer. */
function byName({ file, specifier, target }: Import): Fault | undefined {
  if (!("path" in target)) return undefined;
  const owner = packageOf(target.path);
  if (specifier.startsWith(".")) {
    if (owner === undefined || owner === packageOf(file) || roomOf(file) === "test") return undefined;
    return { rule: "another package is imported by its name", fix: `import from ${owner}, and export it there` };
  }
  if (target.exported) return undefined;
  return { rule: "its package does not export that", fix: "import what is exported, or add it to exports" };
}

/** Neither a person nor this test can follow it. */
function literalName({ specifier }: Import): Fault | undefined {
  if (specifier !== COMPUTED) return undefined;
  return { rule: "no name is put together at run time", fix: "write the name out, or a table of imports" };
}

/** What ships must not need what does not. */
function noTestCode({ file, specifier, target }: Import): Fault | undefined {
  if (isTestCode(file) || file === "vitest.config.ts") return undefined;
  const testing = "path" in target ? isTestCode(target.path) : belongsTo("vitest", specifier);
  if (!testing) return undefined;
  return { rule: "nothing but tests imports tests", fix: "move what both need out of the test" };
}

function oneFrameworkFile({ file, specifier }: Import): Fault | undefined {
  if (!belongsTo(FRAMEWORK, specifier) || file === FRAMEWORK_FILE) return undefined;
  return { rule: `only ${FRAMEWORK_FILE} imports ${FRAMEWORK}`, fix: `use OperatorShell, or @leanvibe/runtime` };
}

/** `import { type X }` counts as a value: Node strips only the name and still loads the package. */
function clientByType({ file, specifier, byType }: Import): Fault | undefined {
  if (!belongsTo(CLIENT, specifier) || byType || CLIENT_BY_VALUE.includes(file)) return undefined;
  return {
    rule: `${CLIENT} is imported by value only in ${CLIENT_BY_VALUE.join(", ")}`,
    fix: "write `import type { ... }`, or send the request with @leanvibe/runtime's transport",
  };
}

function inARoom(file: string): Fault | undefined {
  if (!MODULE.test(file) || roomOf(file) !== "." || !file.includes("/")) return undefined;
  return { rule: "every file is in a room", fix: "put it into one, or add the new room and its arrows to ROOMS" };
}

function short(file: string, text: string): Fault | undefined {
  const lines = text.split("\n").length - 1;
  const exempt = !CODE.test(file) || isTestCode(file) || isGenerated(text);
  if (exempt || lines <= LINES_AT_MOST) return undefined;
  return { rule: `${lines} lines; at most ${LINES_AT_MOST}`, fix: "look for the concept that is missing, and name it" };
}

/** Its first line says so. */
function isGenerated(text: string): boolean {
  return /generated/i.test(text.split("\n", 1)[0] ?? "");
}

function tellingName(file: string, text: string): Fault | undefined {
  if (isGenerated(text)) return undefined;
  const words = file.split(/[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
  const empty = words.find((word) => EMPTY_NAMES.has(word));
  if (empty === undefined) return undefined;
  return { rule: `"${empty}" in a name says nothing`, fix: "name the file after what is in it" };
}

function noJsonBesideCrds(file: string): Fault | undefined {
  if (!/^crds\/[^/]+\.json$/.test(file)) return undefined;
  return { rule: "`kubectl apply -f crds/` would send it to a cluster", fix: "move it into crds/schema" };
}

/** The imports of a file and of all files of its room that it leads to. */
function reached(entry: string, imports: readonly Import[]): Import[] {
  const seen = new Set([entry]);
  // A Set hands out what is added while it is being walked.
  for (const file of seen) {
    for (const { target } of imports.filter((found) => found.file === file)) {
      if ("path" in target && roomOf(target.path) === roomOf(entry)) seen.add(target.path);
    }
  }
  return imports.filter(({ file }) => seen.has(file));
}

function roomOf(file: string): string {
  const holding = Object.keys(ROOMS).filter((room) => belongsTo(room, file));
  return holding.sort((a, b) => b.length - a.length)[0] ?? ".";
}

function packageOf(file: string): string | undefined {
  const holding = [...PACKAGES].filter(([, { room }]) => belongsTo(room, file));
  return holding.sort(([, a], [, b]) => b.room.length - a.room.length)[0]?.[0];
}

/** Is it that package, folder or `node:` prefix, or something inside it? */
function belongsTo(place: string, name: string): boolean {
  return name === place || name.startsWith(place.endsWith(":") ? place : `${place}/`);
}

function isTestCode(file: string): boolean {
  return roomOf(file) === "test" || file.endsWith(".test.ts") || file.includes("/testing/");
}

type Node = { type: string; [field: string]: unknown };

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "ImportExpression",
  "TSImportType",
]);

function importsIn(file: string, text: string): Import[] {
  const found: Import[] = [];
  visit(parseAst(text, { lang: file.endsWith(".ts") ? "ts" : "js" }), (node) => {
    const source = sourceOf(node);
    if (source === undefined) return;
    const specifier = isNode(source) && typeof source.value === "string" ? source.value : COMPUTED;
    const byType = node.type === "TSImportType" || node.importKind === "type" || node.exportKind === "type";
    found.push({ file, specifier, byType, target: targetOf(file, specifier) });
  });
  return found;
}

function sourceOf(node: Node): unknown {
  if (node.type !== "CallExpression") return IMPORTING.has(node.type) ? (node.source ?? undefined) : undefined;
  const callee = isNode(node.callee) && node.callee.type === "CallExpression" ? node.callee.callee : node.callee;
  const required = isNode(callee) && (callee === node.callee ? "require" : "createRequire") === callee.name;
  return required && Array.isArray(node.arguments) ? node.arguments[0] : undefined;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (!isNode(value)) return;
  see(value);
  for (const inner of Object.values(value)) visit(inner, see);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith(".")) return { path: posix.join(posix.dirname(file), specifier), exported: true };
  for (const [name, { room, exports }] of PACKAGES) {
    if (!belongsTo(name, specifier)) continue;
    const exported = exports[`.${specifier.slice(name.length)}`];
    return { path: posix.join(room, exported ?? ""), exported: exported !== undefined };
  }
  return { name: specifier };
}

/** What is tracked, and what is about to be: a fault should show before the commit. */
function repository(): Files {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const paths = [...new Set(listed.toString().split("\0"))].filter(
    (path) => path !== "" && existsSync(join(ROOT, path)),
  );
  return new Map(paths.map((path) => [path, CODE.test(path) ? readFileSync(join(ROOT, path), "utf8") : ""]));
}

describe("the repository", () => {
  const files = repository();

  test("keeps its arrows, names and sizes", () => {
    expect(check(files).map(tell)).toEqual([]);
  });

  test(`has exactly one file that imports ${FRAMEWORK}`, () => {
    const importing = [...files].filter(
      ([path, text]) => MODULE.test(path) && importsIn(path, text).some(({ specifier }) => specifier === FRAMEWORK),
    );
    expect(importing.map(([path]) => path)).toEqual([FRAMEWORK_FILE]);
  });

  test("has the entries whose reach is bounded", () => {
    expect(GRAPHS.map(({ entry }) => entry).filter((entry) => !files.has(entry))).toEqual([]);
  });
});

describe("the checker", () => {
  test("reports a forbidden import with file, import, rule and fix", () => {
    const text = `// import { no } from "./comment.ts";\nimport type { Tenant } from "@leanvibe/schema";\n`;
    expect(check(new Map([["runtime/src/queue.ts", text]])).map(tell)).toEqual([
      "runtime/src/queue.ts imports @leanvibe/schema: runtime may import nothing of ours. " +
        "Fix: move what both need to a room that runtime may import, or hand it in as a value.",
    ]);
  });

  test.each([
    ["the client to api-server", "api-server/client/a.ts", `import "../src/app.ts";`, "nothing of ours"],
    ["api-server to its client", "api-server/src/a.ts", `import "@leanvibe/client";`, "api-server may import only"],
    ["cli to api-server", "cli/src/a.ts", `import "../../api-server/src/app.ts";`, "cli may import only"],
    ["operator to cli", "operator/src/a.ts", `import "@leanvibe/cli";`, "operator may import only"],
    ["operator to api-server", "operator/src/a.ts", `import "../../api-server/src/b.ts";`, "operator may import only"],
    ["api-server to operator", "api-server/src/a.ts", `import "@leanvibe/operator";`, "api-server may import only"],
    ["cli/cluster to cli", "cli/cluster/a.ts", `import "../src/up.ts";`, "cli/cluster may import only"],
    ["to test, by type", "cli/src/a.ts", `type A = import("../../test/b.ts").A;`, "cli may import only"],
    ["to test, re-exported", "cli/src/a.ts", `export * from "../../test/b.ts";`, "nothing but tests imports tests"],
    ["to vitest", "runtime/src/a.ts", `import { test } from "vitest";`, "nothing but tests imports tests"],
    ["to a package's inside", "operator/src/a.ts", `import "../../runtime/src/queue.ts";`, "imported by its name"],
    ["to what is not exported", "operator/src/a.ts", `import "@leanvibe/runtime/queue";`, "does not export that"],
    ["to the framework", "operator/src/main.ts", `await import("${FRAMEWORK}");`, `only ${FRAMEWORK_FILE} imports`],
    [
      "to the client, half by type",
      "operator/src/a.ts",
      `import { type KubeConfig } from "${CLIENT}";`,
      "by value only",
    ],
    ["to the client, required", "runtime/src/a.ts", `createRequire(import.meta.url)("${CLIENT}");`, "by value only"],
    ["of a computed name", "runtime/src/a.ts", `await import("./" + name);`, "put together at run time"],
    ["of the bootstrap", "cli/bootstrap.mjs", `import "yaml";`, "before any package is installed"],
    ["of decide", "operator/src/tenant/decide.ts", `import "node:fs";`, "decide() is pure"],
    ["from no room", "scripts/a.ts", ``, "every file is in a room"],
    ["of 301 lines", "runtime/src/a.ts", "\n".repeat(301), "301 lines; at most 300"],
    ["of an empty name", "runtime/src/cacheUtils.ts", ``, `"utils" in a name says nothing`],
    ["of JSON beside the CRDs", "crds/package.json", ``, "kubectl apply -f crds/"],
  ])("finds what is wrong: %s", (_what, file, text, rule) => {
    const found = check(new Map([[file, text]])).map(tell);
    expect(found).toContainEqual(expect.stringContaining(rule));
    expect(found).toContainEqual(expect.stringContaining(file));
  });

  test("follows the index of crds/schema to what it must not reach", () => {
    const files = new Map([
      ["crds/schema/src/index.ts", `export * from "./plans.ts";`],
      ["crds/schema/src/plans.ts", `import { z } from "zod"; import { stringify } from "yaml";`],
      ["crds/schema/src/generate.ts", `import { stringify } from "yaml";`],
    ]);
    expect(check(files).map(({ file, import: specifier }) => `${file} ${specifier}`)).toEqual([
      "crds/schema/src/plans.ts yaml",
    ]);
  });

  test.each([
    ["runtime/src/a.ts", `import { Pool } from "undici"; import { b } from "./b.ts"; import "node:fs";`],
    ["operator/src/a.ts", `import type { KubeConfig } from "${CLIENT}"; import { GROUP } from "@leanvibe/schema";`],
    ["cli/src/a.ts", `import { x } from "../cluster/index.ts"; import { y } from "@leanvibe/runtime";`],
    ["cli/src/b.ts", `import { createProject } from "@leanvibe/client";`],
    ["test/a.ts", `import { x } from "../cli/cluster/index.ts"; import { decide } from "@leanvibe/operator";`],
    ["operator/src/a.test.ts", `import { test } from "vitest"; const text = 'import "@leanvibe/cli"';`],
  ])("leaves alone what is allowed: %s", (file, text) => {
    expect(check(new Map([[file, text]]))).toEqual([]);
  });
});
