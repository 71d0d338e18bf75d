import type { SourceFile } from "@leanvibe/schema";

/** Where a fault stands, by what a tool says of it. */

export type Place = {
  path: string;
  /** Nothing that is changed elsewhere mends it: no other file lacks what this one asks of it. */
  own: boolean;
};

const TSC_FAULT = /^([^\s(]+)\(\d+,\d+\): error TS(\d+): (.*)$/gm;
/** It is no TypeScript. */
const SYNTAX = /^1\d{3}$/;
/** Of these numbers, what another file has not: a default export, or one that can be taken for it. */
const OF_ANOTHER_FILE = new Set(["1192", "1259"]);
/** A name that is not declared ("Cannot find name", with what to install or to set), or is twice. */
const NAMES = new Set("2304 2552 2580 2581 2582 2583 2584 2591 2592 2593 2451 2300".split(" "));
/** A package that is not there; a file that is not there may be wanted. */
const NO_PACKAGE = /^Cannot find module '[^'./]/;

/**
 * Of what tsc says, a place for each fault. Few kinds are a file's own: where it calls another one otherwise than that is
 * written, either may be wrong.
 */
export function typescriptPlaces(output: string): Place[] {
  return [...output.matchAll(TSC_FAULT)].map(([, path = "", code = "", text = ""]) => ({
    path,
    own: isOwn(code, text),
  }));
}

function isOwn(code: string, text: string): boolean {
  if (code === "2307") return NO_PACKAGE.test(text);
  return NAMES.has(code) || (SYNTAX.test(code) && !OF_ANOTHER_FILE.has(code));
}

/** An argument or a value of a type that is not allowed there. */
const WRONG_TYPE = /^([^\s(]+)\((\d+),\d+\): error TS(?:2345|2322):/gm;
const REFUSAL = /\bassert\.(throws|rejects)\(/;

/**
 * A test that wrong input is refused needs input that does not compile. Where tsc finds it in the very line that says so,
 * the line says that too; anywhere else a wrong type is a fault.
 */
export function withExpectedErrors(output: string, tests: readonly SourceFile[]): SourceFile[] {
  const faults = [...output.matchAll(WRONG_TYPE)].map(([, path, line]) => ({ path, line: Number(line) }));
  return tests.map(({ path, content }) => {
    const wrong = new Set(faults.filter((fault) => fault.path === path).map(({ line }) => line));
    const lines = content.split("\n").flatMap((line, index) => {
      if (!wrong.has(index + 1) || !REFUSAL.test(line)) return [line];
      return [`${line.match(/^\s*/)?.[0] ?? ""}// @ts-expect-error: input of a wrong type`, line];
    });
    return { path, content: lines.join("\n") };
  });
}

const COMPILED = /^ *File "([^"\n]+)", line \d+|^Sorry: \w+: .*\(([^()\n]+), line \d+\)$/gm;

/** Of what py_compile says, which knows syntax alone, and ends at the first file that has it wrong. */
export function pythonPlaces(output: string): Place[] {
  return [...output.matchAll(COMPILED)].map(([, path, named = ""]) => ({ path: path ?? named, own: true }));
}

const NO_FIXTURE = /^E\s+fixture '\w+' not found/m;
const NO_NAME = /^E\s+NameError: name '\w+' is not defined/m;
const STOOD_AT = /^(\S+\.py):\d+:/gm;

/** Of a failed test as pytest tells it: a fixture that there is not, or a name that its own line does not have. */
export function pytestOwn(detail: string, isTest: (path: string) => boolean): boolean {
  if (NO_FIXTURE.test(detail)) return true;
  const last = [...detail.matchAll(STOOD_AT)].at(-1)?.[1];
  return NO_NAME.test(detail) && last !== undefined && isTest(last);
}
