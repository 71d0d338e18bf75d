import type { SourceFile } from "@leanvibe/schema";

export type Coverage = { coverage: number | undefined; uncovered: string[] };

/** Lines that were run and lines that could be, by file. */
type Lines = Map<string, { total: number; missed: number[] }>;

/**
 * Line coverage of `code` from an lcov report. A file that no test loads is not in it at all and counts as run nowhere.
 */
export function coverageOf(lcov: string, code: readonly SourceFile[]): Coverage {
  const seen = parsed(lcov);
  let total = 0;
  let missed = 0;
  const uncovered: string[] = [];
  for (const { path, content } of code) {
    const lines = seen.get(path);
    const count = lines?.total ?? content.split("\n").filter((line) => line.trim() !== "").length;
    const missing = lines === undefined ? count : lines.missed.length;
    total += count;
    missed += missing;
    if (missing > 0)
      uncovered.push(lines === undefined ? `${path}: no test loads it` : missedText(path, content, lines.missed));
  }
  return { coverage: total === 0 ? undefined : Math.round(((total - missed) / total) * 1000) / 10, uncovered };
}

function parsed(lcov: string): Lines {
  const files: Lines = new Map();
  let current = { total: 0, missed: [] as number[] };
  for (const line of lcov.split("\n")) {
    if (line.startsWith("SF:")) {
      current = { total: 0, missed: [] };
      files.set(line.slice(3).trim(), current);
    } else if (line.startsWith("DA:")) {
      const [number = 0, hits = 0] = line.slice(3).split(",").map(Number);
      current.total += 1;
      if (hits === 0) current.missed.push(number);
    }
  }
  return files;
}

const LINES_SHOWN = 20;

/** Which lines nothing reached, with their text: nobody counts lines in a prompt. */
export function missedText(path: string, content: string, missed: readonly number[]): string {
  const lines = content.split("\n");
  const shown = missed.slice(0, LINES_SHOWN).map((number) => `  ${number}: ${lines[number - 1] ?? ""}`);
  return [`${path}: ${rangesOf(missed)}`, ...shown].join("\n");
}

/** 3,4,5,9 as 3-5, 9. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges
    .slice(0, 12)
    .map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
    .join(", ");
}
