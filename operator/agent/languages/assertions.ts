/** Frames of a stack and the place of the test, which say nothing of the value. */
const FRAME = /^(?:async )?(?:[\w$.<> ]+ )?\(?((?:file:\/\/|\/|node:)\S+?):\d+(?::\d+)?\)?$|^async Promise\.all.*$/;
const ASSERTED = /^(expected|actual):|^error: ['"]Missing expected (exception|rejection)/m;

/**
 * Of a failed test of Node's, what came instead of what its assertion says: the same text for the same value.
 * Undefined where an error came, of the code's or the test's.
 */
export function nodeCameIn(detail: string): string | undefined {
  if (!ASSERTED.test(detail)) return undefined;
  const lines = detail.split("\n").filter((line) => !line.startsWith("location:"));
  const first = lines.find((line) => FRAME.test(line))?.match(FRAME)?.[1];
  if (first === undefined || !first.endsWith(".test.ts")) return undefined;
  return lines.filter((line) => !FRAME.test(line)).join("\n");
}

/** Frames of pytest's short tracebacks, and what it says below the last of them. */
const PYTEST_FRAME = /^(\S+\.py):\d+: in /gm;
const PYTEST_SAID = /^E\s.*$/gm;
const PYTEST_ASSERTED = /^E\s+(AssertionError|assert\b|Failed: DID NOT RAISE)/;

/** The same of pytest. */
export function pytestCameIn(detail: string, isTest: (path: string) => boolean): string | undefined {
  const path = [...detail.matchAll(PYTEST_FRAME)].at(-1)?.[1];
  const said = detail.match(PYTEST_SAID)?.join("\n");
  const isOfTest = path !== undefined && isTest(path) && said !== undefined && PYTEST_ASSERTED.test(said);
  return isOfTest ? said : undefined;
}

/** These lines without those from `start` up to the first that `ends` it, or to the last. */
function withoutLines(lines: readonly string[], start: number, ends: number): string {
  return [...lines.slice(0, start), ...lines.slice(ends)].join("\n");
}

const NODE_TEST = /^(\s*)(?:test|it)\(\s*(["'`])(.*?)\2\s*,/;
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g;

/**
 * Node's tests without the one of that name.
 * @returns undefined where not exactly one has it, or where it ends cannot be seen
 */
export function withoutNodeTest(content: string, name: string): string | undefined {
  const lines = content.split("\n");
  const starts = lines.flatMap((line, index) => (line.match(NODE_TEST)?.[3] === name ? index : []));
  const [start] = starts;
  if (start === undefined || starts.length > 1) return undefined;
  const indent = lines[start]?.match(/^\s*/)?.[0] ?? "";
  const isEnd = (line: string) => line.startsWith(indent) && /^\}?\);?\s*$/.test(line.slice(indent.length));
  const isOneLine = closes(lines[start] ?? "");
  const length = isOneLine ? 0 : lines.slice(start).findIndex(isEnd);
  return length === -1 ? undefined : withoutLines(lines, start, start + length + 1);
}

function closes(line: string): boolean {
  const bare = line.replace(QUOTED, "");
  return (bare.match(/\(/g) ?? []).length === (bare.match(/\)/g) ?? []).length && /\);?\s*$/.test(bare);
}

/** pytest's tests without the one of that name, with all its parameters: they are one list. */
export function withoutPythonTest(content: string, name: string): string | undefined {
  const lines = content.split("\n");
  const plain = name.replace(/\[.*$/s, "");
  const definition = new RegExp(`^(\\s*)(?:async )?def ${plain.replaceAll(/\W/g, "\\$&")}\\(`);
  const defined = lines.flatMap((line, index) => (definition.test(line) ? index : []));
  const [at] = defined;
  if (at === undefined || defined.length > 1) return undefined;
  const indent = lines[at]?.match(/^\s*/)?.[0].length ?? 0;
  const depth = (line: string) => line.match(/^\s*/)?.[0].length ?? 0;
  const isOutside = (line: string) => line.trim() !== "" && depth(line) <= indent && !/^\s*\)/.test(line);
  const length = lines.slice(at + 1).findIndex(isOutside);
  let start = at;
  while (start > 0 && lines[start - 1]?.slice(indent).startsWith("@") === true) start -= 1;
  return withoutLines(lines, start, length === -1 ? lines.length : at + 1 + length);
}
