import type { SourceFile } from "@leanvibe/schema";

/** Frames of a stack, which say nothing of the value. */
const FRAME = /^(?:async )?(?:[^()]* )?\(?((?:file:\/\/|\/|node:)\S+?):\d+(?::\d+)?\)?$|^async Promise\.all.*$/;
/** Two values as they are told side by side; that something is not true tells none. */
const COMPARED = / !== |^\+ actual - expected$|^error: '.* == .*'$/m;
const HIDDEN = /evaluated to a falsy value/;

/**
 * Of a failed test of Node's, what came instead of what its assertion says: the same text for the same value. Undefined
 * where an error came, of the code's or the test's, or none did, or the value cannot be seen.
 */
export function nodeCameIn(detail: string): string | undefined {
  if (!COMPARED.test(detail) || HIDDEN.test(detail) || !/^actual:/m.test(detail)) return undefined;
  const lines = detail.split("\n").filter((line) => !line.startsWith("location:"));
  const first = lines.find((line) => FRAME.test(line))?.match(FRAME)?.[1];
  if (first === undefined || !first.endsWith(".test.ts")) return undefined;
  return lines.filter((line) => !FRAME.test(line)).join("\n");
}

/** Frames of pytest's short tracebacks, and what it says below the last of them; of long values it leaves parts out. */
const PYTEST_FRAME = /^(\S+\.py):\d+: in /gm;
const PYTEST_SAID = /^E\s.*$/gm;
const PYTEST_ASSERTED = /^E\s+(AssertionError|assert\b)/;
const PYTEST_CUT = /\.\.\.|Use -v/;

/** The same of pytest. */
export function pytestCameIn(detail: string, isTest: (path: string) => boolean): string | undefined {
  const path = [...detail.matchAll(PYTEST_FRAME)].at(-1)?.[1];
  const said = detail.match(PYTEST_SAID)?.join("\n") ?? "";
  const isOfTest = path !== undefined && isTest(path) && PYTEST_ASSERTED.test(said);
  return isOfTest && !PYTEST_CUT.test(said) ? said : undefined;
}

/** Lines of a file, from the first of a test up to the one behind its last. */
export type Block = { start: number; end: number };
/** What begins in that line; undefined where its end is not plain to see. */
type BlockAt = (lines: readonly string[], start: number) => Block | undefined;

/** The only one of these files that has that name has it once, and where that test ends is plain to see; else undefined. */
function without(
  files: readonly SourceFile[],
  named: RegExp,
  begins: (line: string) => boolean,
  blockAt: BlockAt,
): SourceFile[] | undefined {
  const times = files.reduce((sum, { content }) => sum + [...content.matchAll(named)].length, 0);
  const holding = files.find(({ content }) => content.search(named) !== -1);
  if (times !== 1 || holding === undefined) return undefined;
  const lines = holding.content.split("\n");
  const start = lines.findIndex(begins);
  const block = start === -1 ? undefined : blockAt(lines, start);
  if (block === undefined) return undefined;
  const content = [...lines.slice(0, block.start), ...lines.slice(block.end)].join("\n");
  return files.map((file) => (file === holding ? { ...file, content } : file));
}

const escaped = (text: string): string => text.replaceAll(/[^\w\s]/g, "\\$&");
const depthOf = (line: string): number => line.match(/^\s*/)?.[0].length ?? 0;
const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === "";

/** The first line behind `at` that is not deeper than it, and the number of lines where there is none. */
function nextOutside(lines: readonly string[], at: number): number {
  const depth = depthOf(lines[at] ?? "");
  const found = lines.findIndex((line, index) => index > at && !isBlank(line) && depthOf(line) <= depth);
  return found === -1 ? lines.length : found;
}

/**
 * Node's tests without the one of that name: as people and formatters write them, with what is in one deeper than it.
 * @returns undefined where not exactly one has that name, or where it ends is not plain to see
 */
export function withoutNodeTest(files: readonly SourceFile[], name: string): SourceFile[] | undefined {
  const named = new RegExp(`(["'\`])${escaped(name)}\\1`, "g");
  return without(files, named, (line) => line.match(NODE_TEST)?.[2] === name, oneNodeTest);
}

const NODE_TEST = /^\s*(?:test|it)\(\s*(["'`])(.*?)\1\s*,/;
const ANY_NODE_TEST = /^\s*(?:test|it|describe|suite)\b/;
const CLOSED = /\);?\s*(?:\/\/.*)?$/;

function oneNodeTest(lines: readonly string[], start: number): Block | undefined {
  const block = nodeBlock(lines, start);
  const isOne = lines.slice(block?.start, block?.end).filter((line) => ANY_NODE_TEST.test(line)).length === 1;
  return isOne ? block : undefined;
}

/** A test, or a suite, that begins there; undefined where its end is not plain to see. */
export function nodeBlock(lines: readonly string[], start: number): Block | undefined {
  const next = nextOutside(lines, start);
  const isCloser = /^\s*[})\]]/.test(lines[next] ?? "") && depthOf(lines[next] ?? "") === depthOf(lines[start] ?? "");
  let end = isCloser ? next + 1 : next;
  while (isBlank(lines[end - 1])) end -= 1;
  return CLOSED.test(lines[end - 1] ?? "") ? { start, end } : undefined;
}

/** pytest's tests without the one of that name; one with parameters is many, of which nobody knows that all are wrong. */
export function withoutPythonTest(files: readonly SourceFile[], name: string): SourceFile[] | undefined {
  const definition = `^[ \\t]*(?:async )?def ${escaped(name)}\\(`;
  const defined = new RegExp(definition);
  return without(files, new RegExp(definition, "gm"), (line) => defined.test(line), pythonBlock);
}

/** What is defined or begun there, with its decorators; undefined where its end is not plain to see. */
export function pythonBlock(lines: readonly string[], at: number): Block | undefined {
  const depth = depthOf(lines[at] ?? "");
  let start = at;
  while (lines[start - 1]?.slice(depth).startsWith("@") === true) start -= 1;
  // A decorator of several lines, of which this is the last.
  if (/^\s*[)\]}]/.test(lines[start - 1] ?? "") && depthOf(lines[start - 1] ?? "") === depth) return undefined;
  let end = nextOutside(lines, at);
  if (/^\s*\)/.test(lines[end] ?? "")) end = nextOutside(lines, end);
  const texts =
    lines
      .slice(start, end)
      .join("\n")
      .match(/"""|'''/g) ?? [];
  const before = lines.slice(0, start).findLast((line) => !isBlank(line));
  const isLastOfItsClass = /^\s*class\b.*:\s*$/.test(before ?? "") && depthOf(lines[end] ?? "") < depth;
  return texts.length % 2 === 1 || isLastOfItsClass ? undefined : { start, end };
}
