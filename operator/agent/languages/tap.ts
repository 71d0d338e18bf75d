import type { TestReport } from "./language.ts";

type Counts = Pick<TestReport, "total" | "passed" | "failed" | "failures">;

const POINT = /^\s*(not )?ok \d+ - (.*?)(?:\s+#\s*(SKIP|TODO).*)?$/;
const DETAIL_CHARACTERS = 600;

/**
 * What Node's runner said in TAP. Skipped tests and tests yet to be written are no tests. Neither is a file that ends well
 * without a single test in it, which the runner counts as one: `process.exit(0)` on its first line would do.
 */
export function countsOf(tap: string): Counts {
  const empty = tap.match(/^ok \d+ - \S+\.test\.ts$/gm)?.length ?? 0;
  const passed = Math.max(0, summed(tap, "pass") - empty);
  const failed = summed(tap, "fail") + summed(tap, "cancelled");
  return { total: passed + failed, passed, failed, failures: failuresOf(tap) };
}

/** The runner's own sum stands last; what a test prints comes before it, with a backslash. */
function summed(tap: string, name: string): number {
  const found = [...tap.matchAll(new RegExp(`^# ${name} (\\d+)\\s*$`, "gm"))];
  return Number(found.at(-1)?.[1] ?? 0);
}

function failuresOf(tap: string): { name: string; detail: string }[] {
  const lines = tap.split("\n");
  return lines.flatMap((line, index) => {
    const [whole, not, name = ""] = line.match(POINT) ?? [];
    if (whole === undefined || not === undefined || /# (SKIP|TODO)/.test(line)) return [];
    const detail = detailOf(lines.slice(index + 1, index + 60));
    // A suite fails because a test in it did, which is told already.
    return /subtests? failed|test failed'?$/m.test(detail) && detail.length < 120
      ? []
      : [{ name: name.replaceAll(/\\([\\#])/g, "$1"), detail }];
  });
}

/** Of the YAML below a failed test: the error and the places in the workspace. */
function detailOf(lines: readonly string[]): string {
  const end = lines.findIndex((line) => /^\s*\.\.\.\s*$/.test(line));
  return lines
    .slice(0, end === -1 ? 0 : end)
    .filter((line) => !/^\s*(---|duration_ms|type|failureType|code|name|operator|stack):?/.test(line))
    .filter((line) => !/node:internal|^\s*[|>]-?\s*$/.test(line))
    .map((line) => line.replace(/^\s{2,}/, ""))
    .filter((line) => line !== "")
    .join("\n")
    .slice(0, DETAIL_CHARACTERS);
}
