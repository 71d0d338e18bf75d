import type { TestReport } from "./language.ts";

type Counts = Pick<TestReport, "total" | "passed" | "failed" | "failures">;

const POINT = /^\s*(not )?ok \d+ - (.*?)(?:\s+#\s*(SKIP|TODO).*)?$/;
const DETAIL_CHARACTERS = 600;

/** What Node's runner said in TAP. Skipped tests and tests yet to be written are no tests. */
export function countsOf(tap: string): Counts {
  const summary = (name: string) =>
    Number(tap.match(new RegExp(`^# ${name} (\\d+)\\s*$(?![\\s\\S]*^# ${name} )`, "m"))?.[1] ?? 0);
  const [passed, failed, cancelled] = [summary("pass"), summary("fail"), summary("cancelled")];
  return { total: passed + failed + cancelled, passed, failed: failed + cancelled, failures: failuresOf(tap) };
}

function failuresOf(tap: string): { name: string; detail: string }[] {
  const lines = tap.split("\n");
  return lines.flatMap((line, index) => {
    const [whole, not, name = ""] = line.match(POINT) ?? [];
    if (whole === undefined || not === undefined || /# (SKIP|TODO)/.test(line)) return [];
    const detail = detailOf(lines.slice(index + 1, index + 60));
    // A suite fails because a test in it did, which is told already.
    return /subtests? failed|test failed'?$/m.test(detail) && detail.length < 120 ? [] : [{ name, detail }];
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
