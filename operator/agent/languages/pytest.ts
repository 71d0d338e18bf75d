import type { SourceFile } from "@leanvibe/schema";
import { z } from "zod";
import type { TestReport } from "./language.ts";
import { type Coverage, missedText } from "./lcov.ts";

const CASE = /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const DETAIL_CHARACTERS = 600;
/** Below a fixture that there is not; it would take the place of what is wrong. */
const ALL_FIXTURES = /^>\s+(available fixtures|use 'pytest --fixtures).*$/gm;

/** What pytest wrote as JUnit XML. A file that cannot be imported is one failed test. */
export function casesOf(xml: string): Pick<TestReport, "total" | "passed" | "failed" | "failures"> {
  const failures: TestReport["failures"] = [];
  let total = 0;
  for (const [, attributes = "", inner = ""] of xml.matchAll(CASE)) {
    if (inner.includes("<skipped")) continue;
    total += 1;
    const fault = inner.match(/<(?:failure|error)\b[^>]*>([\s\S]*?)<\/(?:failure|error)>/)?.[1];
    if (fault === undefined && !/<(failure|error)\b/.test(inner)) continue;
    const name = attributes.match(/\bname="([^"]*)"/)?.[1] ?? "a test";
    failures.push({
      name: unescaped(name),
      detail: unescaped(fault ?? "")
        .replace(ALL_FIXTURES, "")
        .trim()
        .slice(-DETAIL_CHARACTERS),
    });
  }
  return { total, passed: total - failures.length, failed: failures.length, failures };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(?:x([0-9a-f]+)|(\d+)));/gi, (whole, name, hex, decimal) => {
    if (typeof name === "string") return ENTITIES[name] ?? whole;
    const code = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const report = z.object({
  files: z.record(
    z.string(),
    z.object({
      summary: z.object({ num_statements: z.number() }),
      missing_lines: z.array(z.number()),
    }),
  ),
});

/** Line coverage of `code` from the report of `coverage json`. */
export function pythonCoverage(json: string, code: readonly SourceFile[]): Coverage {
  let parsed: z.output<typeof report>;
  try {
    parsed = report.parse(JSON.parse(json));
  } catch {
    return { coverage: undefined, uncovered: [] };
  }
  const known = code.flatMap(({ path, content }) => {
    const file = parsed.files[path];
    return file === undefined
      ? []
      : [{ path, content, total: file.summary.num_statements, missed: file.missing_lines }];
  });
  const total = known.reduce((sum, file) => sum + file.total, 0);
  const missed = known.reduce((sum, file) => sum + file.missed.length, 0);
  return {
    coverage: total === 0 ? undefined : Math.round(((total - missed) / total) * 1000) / 10,
    uncovered: known.flatMap(({ path, content, missed: lines }) =>
      lines.length === 0 ? [] : [missedText(path, content, lines)],
    ),
  };
}
