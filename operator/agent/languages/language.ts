import type { SourceFile } from "@leanvibe/schema";
import type { Command, RunResult } from "../sandbox/index.ts";
import type { Place } from "./faults.ts";
import type { LanguageName } from "./packages.ts";

/** What a task makes: it decides what is started, documented and prepared for deployment. */
export type Kind = "service" | "program" | "library";

/** What a test runner said. It ran beside the code that it judges, so it feeds quality and proves nothing. */
export type TestReport = {
  total: number;
  passed: number;
  failed: number;
  /** Names as the runner tells them, with what went wrong. */
  failures: { name: string; detail: string }[];
  /** Percent of lines; undefined where none could be measured. */
  coverage: number | undefined;
  /** `path: lines` of what no test reached, with the text of these lines below. */
  uncovered: string[];
};

export type Route = { method: string; path: string };

/** Everything that differs between the languages an agent writes. */
export type Language = {
  name: LanguageName;
  /** As a fence and a person name it. */
  title: string;
  fence: string;
  /** Where the one file of a single function goes. */
  single: string;
  /** Shows that the language is there: an image may have been built without it. */
  probe: readonly string[];
  /**
   * Rules that a prompt repeats, in the fewest words.
   * @param isAlone there is one file: told how others are imported, a small model imports some that nobody writes
   */
  codeRules(kind: Kind, isAlone?: boolean): string;
  /** With the very imports of what is tested: a small model that is shown an example of one imports that. */
  testRules(kind: Kind, code: readonly SourceFile[]): string;
  /** What a test may call that somebody wrote, by name, with the line that imports it. */
  testImports(code: readonly SourceFile[]): ReadonlyMap<string, string>;
  /** Files of the agent's own beside the generated ones: settings of the tools, the start of a service. */
  scaffold(kind: Kind): SourceFile[];
  isTest(path: string): boolean;
  isCode(path: string): boolean;
  /** Findings that need nothing to run: what is missing or not allowed. */
  inspect(files: readonly SourceFile[], kind: Kind): string[];
  /** Top-level names of what a file imports that is neither the language's own nor a file of the workspace. */
  foreignImports(files: readonly SourceFile[]): string[];
  check(files: readonly SourceFile[]): Command;
  /** Of what a failed {@link check} said, where its faults stand. */
  places(output: string): Place[];
  /**
   * Tests that throw something of a wrong type at the code, as the compiler lets them do that on purpose.
   * @param output of a failed {@link check}
   */
  expectingErrors(output: string, tests: readonly SourceFile[]): SourceFile[];
  lint(files: readonly SourceFile[]): Command;
  tests: {
    commands(files: readonly SourceFile[]): Command[];
    /** What the commands leave behind. */
    reports: readonly string[];
    read(run: RunResult, reports: readonly SourceFile[], files: readonly SourceFile[]): TestReport;
  };
  /** Of a failed test, whether the fault is the test's own, which no other code mends. */
  isTestsOwn(detail: string): boolean;
  /**
   * Of a test whose own assertion failed, what came instead: the same text for the same value. Undefined where an error
   * came, or where the value cannot be seen.
   */
  cameIn(detail: string): string | undefined;
  /** Tests without the one of that name; undefined where not exactly one has it, or where it ends is not plain to see. */
  withoutTest(tests: readonly SourceFile[], name: string): SourceFile[] | undefined;
  /**
   * The code of a library without tests of itself, and without what only they need.
   * @param asked what the task says: what it names stays
   */
  withoutOwnTests(content: string, asked: string): string;
  /**
   * A file of tests that holds each call to its result; `what` they are is in the names of tests and file, and what came
   * instead in how one fails (`cameIn` of examples.ts).
   */
  exampleTests(
    what: "example" | "case",
    examples: readonly Example[],
    code: readonly SourceFile[],
  ): SourceFile | undefined;
  /** Names that others may use of these files. */
  symbols(files: readonly SourceFile[]): string[];
  routes(files: readonly SourceFile[]): Route[];
  /** The command that starts the service of {@link scaffold}. */
  start: readonly string[];
  runFile(path: string): readonly string[];
  deployment(kind: Kind): SourceFile[];
};

/** `call` gives `result`, both as source text. */
export type Example = { call: string; result: string };

/** Bounds of a run whose output a person or a model reads. */
export const CHECK_BOUNDS = { timeoutMilliseconds: 60_000, outputBytes: 64 * 1024 } as const;
/** Tests may take longer; what a report needs more of stands in files. */
export const TEST_BOUNDS = { timeoutMilliseconds: 120_000, outputBytes: 256 * 1024 } as const;

/** Of the lines that import what there is. */
export function importRule(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`What is tested is imported by: ${lines.join(" ")}`];
}
