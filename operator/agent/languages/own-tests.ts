import { type Block, nodeBlock, pythonBlock } from "./assertions.ts";

/** A test without parameters, a class of them, and what runs them where the file is a program. */
const PYTHON_TEST = /^(?:(?:async )?def (test\w*)\(\s*\)|class (Test\w*)\b)/;
const PYTHON_RUNS = /^if __name__ == (["'])__main__\1\s*:/;
const PYTHON_TESTS = /\bassert\b|\b(?:pytest|unittest|doctest)\b|\btest_\w+\(/;
const PYTHON_CALL = /^(test\w*)\(\s*\)\s*$/;
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
  const isTest = (line: string) => {
    const name = PYTHON_TEST.exec(line)?.slice(1).find(Boolean) ?? PYTHON_CALL.exec(line)?.[1];
    return name !== undefined && !new RegExp(`\\b${name}\\b`).test(asked);
  };
  const runsTests = ({ start, end }: Block) => PYTHON_TESTS.test(lines.slice(start, end).join("\n"));
  const blocks = lines.flatMap((line, at) => {
    if (!isTest(line) && !PYTHON_RUNS.test(line)) return [];
    const block = pythonBlock(lines, at);
    return block === undefined || (PYTHON_RUNS.test(line) && !runsTests(block)) ? [] : [block];
  });
  return withoutBlocks(lines, blocks, PYTHON_IMPORT);
}

/** The same in TypeScript, where the file imports the runner: else what is called `test` is its own. */
export function withoutTestsInTypescript(content: string): string {
  const lines = content.split("\n");
  if (!lines.some((line) => NODE_RUNNER.test(line))) return content;
  const blocks = lines.flatMap((line, at) => (NODE_TEST.test(line) ? [nodeBlock(lines, at) ?? []].flat() : []));
  return withoutBlocks(lines, blocks, NODE_IMPORT);
}

/** And without the imports that nothing needs any more. */
function withoutBlocks(lines: readonly string[], blocks: readonly Block[], imports: RegExp): string {
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
