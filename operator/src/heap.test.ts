import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

/** Survivors of many collections are what makes the young generation grow. */
const WORK = `
  const { keepHeapSmall, youngBytes } = await import(process.argv[1]);
  if (process.argv[2] === "small") keepHeapSmall();
  const held = [];
  for (let round = 0; round < 4_000; round += 1) {
    held[round % 400] = Array.from({ length: 1_000 }, (_, at) => ({ at, text: "x" + at }));
    await new Promise(setImmediate);
  }
  console.log(youngBytes());`;

function youngMebibytes(how: "small" | "default"): number {
  const module = join(import.meta.dirname, "heap.ts");
  const args = ["--input-type=module", "--eval", WORK, module, how];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" })) / 1024 / 1024;
}

it("holds the young generation where it would grow further by itself", () => {
  expect(youngMebibytes("default")).toBeGreaterThan(16);
  // Eight; what has happened between two looks may have doubled it.
  expect(youngMebibytes("small")).toBeLessThanOrEqual(16);
});
