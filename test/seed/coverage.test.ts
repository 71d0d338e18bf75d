import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COVERAGE, FINISHED, PARTS, type Part, type Row, SEED_LINES } from "./coverage.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The text of a file of the repository, or undefined where there is none. */
function textOf(path: string): string | undefined {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Where lines are missing, covered twice, or out of order. */
function gaps(rows: readonly Row[], lines: number): string[] {
  const ends = [0, ...rows.map((row) => row.lines[1])];
  const between = rows.flatMap(({ lines: [from, to], text }, index) => {
    const expected = (ends[index] ?? 0) + 1;
    if (to < from) return [`${text}: ends at ${to}, before it begins at ${from}`];
    return from === expected ? [] : [`${text}: begins at ${from}; the row before it asks for ${expected}`];
  });
  const end = ends.at(-1);
  return end === lines ? between : [...between, `the last row ends at ${end}, the document at ${lines}`];
}

/** Rows that claim more than is there, or of a finished part and still open. */
function unkept(rows: readonly Row[], finished: readonly Part[], read: typeof textOf): string[] {
  return rows.flatMap(({ lines: [from, to], part, text, status }) => {
    const row = `lines ${from}-${to}, part ${part}, ${text}`;
    if ("open" in status) {
      return finished.includes(part) ? [`${row}: part ${part} is finished; name the test or say why we differ`] : [];
    }
    if ("differs" in status) {
      return /^because \S+/.test(status.differs) ? [] : [`${row}: say why, beginning with "because"`];
    }
    const fault = faultOfTest(status.test, read);
    return fault === undefined ? [] : [`${row}: ${fault}`];
  });
}

function faultOfTest(id: string, read: typeof textOf): string | undefined {
  const at = id.indexOf("#");
  const [path, name] = [id.slice(0, at), id.slice(at + 1)];
  if (at < 1 || name === "" || !path.endsWith(".test.ts")) {
    return `${JSON.stringify(id)} is no test; write path/of/file.test.ts#name of the test`;
  }
  const text = read(path);
  if (text === undefined) return `${path} does not exist`;
  return text.includes(name) ? undefined : `${path} has no test named ${JSON.stringify(name)}`;
}

describe("the table", () => {
  test("covers every line of the document exactly once", () => {
    expect(gaps(COVERAGE, SEED_LINES)).toEqual([]);
  });

  test("names a test or a reason for every row of a finished part, and only tests that exist", () => {
    expect(unkept(COVERAGE, FINISHED, textOf)).toEqual([]);
  });

  test("has a row for every part", () => {
    const parts = new Set<string>(COVERAGE.map(({ part }) => part));
    expect(Object.keys(PARTS).filter((part) => !parts.has(part))).toEqual([]);
  });
});

describe("what the table is held to", () => {
  const row = (from: number, to: number, status: Row["status"] = { open: true }): Row => ({
    lines: [from, to],
    part: "1a",
    text: "a section",
    status,
  });
  const read = (path: string) => (path === "a.test.ts" ? `test("holds what it says", () => {});` : undefined);
  const faults = (status: Row["status"], finished: readonly Part[] = ["1a"]) =>
    unkept([row(1, 2, status)], finished, read);

  test.each([
    ["a gap", [row(1, 2), row(4, 5)], "begins at 4; the row before it asks for 3"],
    ["an overlap", [row(1, 3), row(3, 5)], "begins at 3; the row before it asks for 4"],
    ["a late beginning", [row(2, 5)], "begins at 2; the row before it asks for 1"],
    ["an early end", [row(1, 4)], "the last row ends at 4, the document at 5"],
    ["a range upside down", [row(1, 5), row(6, 5)], "ends at 5, before it begins at 6"],
  ])("finds %s", (_what, rows, said) => {
    expect(gaps(rows, 5)).toEqual([expect.stringContaining(said)]);
  });

  test.each([
    ["an open row of a finished part", { open: true }, "part 1a is finished"],
    ["a test in a file that is not there", { test: "b.test.ts#holds" }, "b.test.ts does not exist"],
    ["a test that is not in its file", { test: "a.test.ts#forgets" }, `no test named "forgets"`],
    ["a test without a name", { test: "a.test.ts" }, "is no test"],
    ["a file that is no test", { test: "a.ts#holds" }, "is no test"],
    ["a difference without a reason", { differs: "on purpose" }, `beginning with "because"`],
  ] as const)("finds %s", (_what, status, said) => {
    expect(faults(status)).toEqual([expect.stringContaining(said)]);
  });

  test("lets an open row of an unfinished part be", () => {
    expect(faults({ open: true }, ["2"])).toEqual([]);
  });

  test("takes a test that exists, and a reason", () => {
    expect(faults({ test: "a.test.ts#holds what it says" })).toEqual([]);
    expect(faults({ differs: "because Kubernetes does it" })).toEqual([]);
  });
});
