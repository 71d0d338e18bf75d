import { type Block, nodeBlock, pythonBlock } from "./assertions.ts";

/** What begins tests in Python, by name where it has one, and what is inside if it is more than the name of something else. */
const PYTHON_TESTS = [
  { begins: /^(?:async )?def (test\w*)\(\s*\)/, holds: /^/ },
  { begins: /^class (Test\w*)\b/, holds: /^\s+(?:async )?def test/m },
  { begins: /^(test\w*)\(\s*\)\s*$/, holds: /^/ },
  {
    begins: /^if __name__ == (?:"__main__"|'__main__')\s*:/,
    holds: /\bassert\b|\b(?:pytest|unittest|doctest)\b|\btest_\w+\(/,
  },
] as const;
const PYTHON_IMPORT = /^(?:import (?:pytest|unittest)\s*$|from (?:pytest|unittest) import )/;

const NODE_RUNNER = /^import .*["'](?:node:)?test["'];?\s*$/;
const NODE_TEST = /^(?:test|it|describe|suite)(?:\.\w+)?\(/;
const NODE_IMPORT = /^import .*["'](?:node:)?(?:test|assert(?:\/strict)?)["'];?\s*$/;

/**
 * A library in Python without the tests that a small model writes into it all the same: wrong ones fail whoever imports it, and
 * none is ever reached. What ends nowhere plainly stays.
 * @param asked what the task says: a function that it names is no test of the library, whatever its name
 */
export function withoutTestsInPython(content: string, asked: string): string {
  const lines = content.split("\n");
  const isAsked = (name: string | undefined) => name !== undefined && new RegExp(`\\b${name}\\b`).test(asked);
  const blocks = lines.map((line, at) => {
    const kind = PYTHON_TESTS.find(({ begins }) => begins.test(line));
    if (kind === undefined || isAsked(kind.begins.exec(line)?.[1])) return undefined;
    const block = pythonBlock(lines, at);
    return kind.holds.test(lines.slice(block?.start, block?.end).join("\n")) ? block : undefined;
  });
  return withoutBlocks(lines, blocks, PYTHON_IMPORT);
}

/** The same in TypeScript, where the file imports the runner: else what is called `test` is its own. */
export function withoutTestsInTypescript(content: string): string {
  const lines = content.split("\n");
  if (!lines.some((line) => NODE_RUNNER.test(line))) return content;
  const blocks = lines.map((line, at) => (NODE_TEST.test(line) ? nodeBlock(lines, at) : undefined));
  return withoutBlocks(lines, blocks, NODE_IMPORT);
}

/** And without the imports that nothing needs any more. */
function withoutBlocks(lines: readonly string[], found: readonly (Block | undefined)[], imports: RegExp): string {
  const blocks = found.filter((block) => block !== undefined);
  if (blocks.length === 0) return lines.join("\n");
  const left = lines.filter((_, at) => !blocks.some(({ start, end }) => start <= at && at < end));
  const rest = left.filter((line) => !imports.test(line)).join("\n");
  const isNeeded = (line: string) => importedBy(line).some((name) => new RegExp(`\\b${name}\\b`).test(rest));
  const needed = left.filter((line) => !imports.test(line) || isNeeded(line));
  return `${needed.join("\n").trimEnd()}\n`;
}

/** The words of an import that may be names: more than these are no harm. */
function importedBy(line: string): string[] {
  const named = line.replace(/\bfrom (?:pytest|unittest|["'].*)/, "");
  return [...named.matchAll(/[A-Za-z_]\w*/g)]
    .map(([word]) => word)
    .filter((word) => word !== "import" && word !== "type");
}
