import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { figuresOf } from "../eval/summary.ts";
import { attempted } from "../eval/testing.ts";
import { outcomeOf } from "./agent.ts";

/** So many problems, of which the agent and the bare model solve so many, and so many are called Succeeded. */
function outcomeWith(of: { solved: number; bare: number; said: number; model?: string }) {
  const attempts = Array.from({ length: 40 }, (_, at) =>
    attempted(String(at), {
      solved: at < of.solved,
      bareSolved: at < of.bare,
      result: at < of.said ? "Succeeded" : "Failed",
      model: of.model ?? "coder",
    }),
  );
  return outcomeOf(figuresOf(attempts));
}

const held = ({ bars }: ReturnType<typeof outcomeWith>) => bars.map(({ holds }) => holds);

describe("the benchmark of the agent", () => {
  test("holds at eleven tenths of what the model alone solves, and nine tenths of Succeeded that are right", () => {
    const outcome = outcomeWith({ solved: 33, bare: 30, said: 36 });
    expect(outcome.ratio).toEqual({ median: 1.1, min: 1.1, max: 1.1 });
    expect(outcome.bars.map(({ limit }) => limit)).toEqual([">= 1.1", ">= 90"]);
    expect(held(outcome)).toEqual([true, true]);
  });

  test("fails below either", () => {
    expect(held(outcomeWith({ solved: 32, bare: 30, said: 32 }))).toEqual([false, true]);
    expect(held(outcomeWith({ solved: 33, bare: 30, said: 37 }))).toEqual([true, false]);
  });

  test("fails where nothing was called Succeeded, or nothing was run", () => {
    expect(held(outcomeWith({ solved: 33, bare: 30, said: 0 }))).toEqual([true, false]);
    expect(outcomeOf(figuresOf([])).bars.map(({ holds }) => holds)).toEqual([false, false]);
  });

  test("judges no bar by a scripted model", () => {
    expect(outcomeWith({ solved: 40, bare: 1, said: 40, model: "scripted/right" }).bars).toEqual([]);
  });

  test.each([
    [[], "--endpoint names the model's endpoint"],
    [["--endpoint", "http://127.0.0.1:9/v1", "--sample", "none"], "--sample none is no whole number"],
  ])("refuses %j in one line", (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), "agent", ...args]);
    expect(status).toBe(2);
    expect(String(stderr)).toMatch(new RegExp(`^bench: ${message}.*\n$`));
  });
});
