import { expect, test } from "vitest";
import { isSimple } from "./simple.ts";

test.each([
  ["{}", 1],
  ['{"a":1,"b":[1,2]}', 6],
  [String.raw`{"a":"{[,:","b\"{[":"\\","c":1}`, 6],
  ['["é{"]', 1],
  ["[[[[", 4],
  ["12", 0],
])("%s has as many values as it has marks of structure outside of strings", (text, marks) => {
  expect([isSimple(Buffer.from(text), marks), isSimple(Buffer.from(text), marks - 1)]).toEqual([true, false]);
});

test("what is told takes no longer than parsing takes [flood]", () => {
  const text = Buffer.from(`["${"{".repeat(8_000_000)}"]`);
  const begun = performance.now();
  JSON.parse(text.toString());
  const parsed = performance.now();
  expect(isSimple(text, 1)).toBe(true);
  expect(performance.now() - parsed).toBeLessThan(20 * (parsed - begun) + 100);
});
