import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../harness/scratch.ts";
import { type Attempt, type RecordOptions, Refused, RunRecord } from "./record.ts";
import { attempted } from "./testing.ts";

const OPTIONS: RecordOptions = {
  settings: { model: "coder", asked: "default", contextTokens: 8_192, maxIterations: 3 },
  agent: "v1",
  mixed: false,
};

function recordOf(...attempts: Attempt[]): string {
  const path = join(scratchFolder("record"), "results.jsonl");
  const record = new RunRecord(path, { ...OPTIONS, mixed: true });
  for (const one of attempts) record.add(one);
  return path;
}

describe("a record", () => {
  test("holds in the next run what the last one added", () => {
    const record = new RunRecord(recordOf(attempted("0"), attempted("1", { solved: false })), OPTIONS);
    expect(record.get("HumanEval/1")).toEqual(attempted("1", { solved: false }));
    expect(record.get("HumanEval/2")).toBeUndefined();
  });

  test("whose last line was cut drops that line alone, and the next result stands on a line of its own", () => {
    const path = recordOf(attempted("0"), attempted("1"));
    const text = readFileSync(path, "utf8");
    for (let cut = 1; cut < text.trimEnd().length - text.trimEnd().lastIndexOf("\n"); cut += 17) {
      writeFileSync(path, text.slice(0, -cut));
      const record = new RunRecord(path, OPTIONS);
      expect([record.get("HumanEval/0")?.id, record.get("HumanEval/1")]).toEqual(["HumanEval/0", undefined]);
      record.add(attempted("1"));
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });

  test("that is empty begins with its heading", () => {
    const path = recordOf();
    const text = readFileSync(path, "utf8");
    writeFileSync(path, "");
    new RunRecord(path, OPTIONS);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("of which nothing but a part of a line is there is refused and left as it is: it may be anybody's", () => {
    const path = recordOf();
    const text = readFileSync(path, "utf8").slice(0, 20);
    writeFileSync(path, text);
    expect(() => new RunRecord(path, OPTIONS)).toThrow(/does not say by what its results were made.*or delete it/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that is refused keeps what stands behind its last line's end", () => {
    const path = recordOf(attempted("0"));
    appendFileSync(path, "no end");
    const text = readFileSync(path, "utf8");
    expect(() => new RunRecord(path, { ...OPTIONS, agent: "v2" })).toThrow(Refused);
    expect(() => new RunRecord(path, { ...OPTIONS, settings: { ...OPTIONS.settings, asked: "o" } })).toThrow(Refused);
    expect(readFileSync(path, "utf8")).toBe(text);
    new RunRecord(path, OPTIONS);
    expect(readFileSync(path, "utf8")).toBe(text.replace("no end", ""));
  });

  test("with a broken line in its middle is refused by the line's number, and left as it is", () => {
    const path = recordOf(attempted("0"));
    appendFileSync(path, '{"id": "HumanEval/1"}\n');
    const text = readFileSync(path, "utf8");
    expect(() => new RunRecord(path, OPTIONS)).toThrow(/line 3 is no result/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test.each([
    [{ model: "other" }, /it has answers of coder, and this run other/],
    [{ asked: "large" }, /asked for default, and this run large/],
    [{ contextTokens: 4_096 }, /a context of 8192, and this run 4096/],
    [{ maxIterations: 1 }, /corrections up to 3, and this run 1/],
  ])("of other settings is refused: %j", (change, message) => {
    const path = recordOf(attempted("0"));
    const settings = { ...OPTIONS.settings, ...change };
    const opening = () => new RunRecord(path, { ...OPTIONS, settings });
    expect(opening).toThrow(Refused);
    expect(opening).toThrow(message);
    expect(opening).toThrow(/Name another file by --results/);
  });

  test("of another version of the agent is refused unless they are to be mixed", () => {
    const path = recordOf(attempted("0"));
    expect(() => new RunRecord(path, { ...OPTIONS, agent: "v2" })).toThrow(/version v1, and this is v2.*--mixed/);
    expect(new RunRecord(path, { ...OPTIONS, agent: "v2", mixed: true }).get("HumanEval/0")?.agent).toBe("v1");
  });

  test("that does not say what made it, or is something else, is refused and left as it is", () => {
    const path = join(scratchFolder("record"), "notes.txt");
    for (const text of [`${JSON.stringify(attempted("0"))}\n`, "my notes\n", "my notes\nand more", "notes", "\n"]) {
      writeFileSync(path, text);
      expect(() => new RunRecord(path, OPTIONS)).toThrow(/does not say by what its results were made/);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    expect(existsSync(path)).toBe(true);
  });
});
