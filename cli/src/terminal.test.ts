import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { textReporter } from "./terminal.ts";
import { cut, widthOf } from "./width.ts";

/** Of a stream, which may be a terminal of so many columns, what was written to it. */
class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = "";

  constructor(columns = 0) {
    super();
    this.isTTY = columns > 0;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** As node:tty's streams say it. */
  getColorDepth(): number {
    return process.env["NO_COLOR"] === undefined ? 8 : 1;
  }
}

const CLEAR = "\r\x1b[2K";
const moving = { step: "task", message: "Writes tests", done: 50, total: 100, elapsedSeconds: 61 };

beforeEach(() => {
  for (const name of ["FORCE_COLOR", "NO_COLOR", "NODE_DISABLE_COLORS"]) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe("the line that moves", () => {
  test("makes room for an answer, also for one that goes through a pipe to the same terminal", () => {
    const [out, answers] = [new Screen(80), new Screen()];
    const reporter = textReporter(out, answers);
    reporter.progress(moving);
    reporter.news({}, "🧠 [15%] Task analysis complete");
    expect(out.text.endsWith(CLEAR)).toBe(true);
    expect(answers.text).toBe("🧠 [15%] Task analysis complete\n");
    reporter.result({}, ["done"]);
    expect(out.text.split(CLEAR)).toHaveLength(2);
  });

  test("stays within the terminal by what is seen of it, colours or none", () => {
    for (const colours of [undefined, "1"]) {
      vi.stubEnv("NO_COLOR", colours);
      const out = new Screen(40);
      textReporter(out, new Screen()).progress({ ...moving, message: "x".repeat(100) });
      expect(out.text.includes("\x1b[36m")).toBe(colours === undefined);
      expect(stripVTControlCharacters(out.text)).toBe(`  … ${"x".repeat(35)}`);
    }
  });

  test("has no colours where it is not a terminal", () => {
    const out = new Screen();
    textReporter(out, new Screen(80)).progress(moving);
    expect(out.text).toBe(`  … Writes tests ${"█".repeat(10)}${"░".repeat(10)} 50/100  1 min 01 s\n`);
  });
});

test.each([
  ["abc", 2, "ab"],
  ["日本語", 5, "日本"],
  ["🧪 ab", 4, "🧪 a"],
  ["e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301"],
  ["👩‍🔬x", 2, "👩‍🔬"],
])("of %s, %i columns show %s", (line, columns, shown) => {
  expect(cut(line, columns)).toBe(shown);
  expect(widthOf(line)).toBe(widthOf(shown) + widthOf(line.slice(shown.length)));
});
