import { expect, test } from "vitest";
import { circling, type Tried } from "./stuck.ts";

const NOTHING: Tried = { states: [], errors: {} };
const file = (content: string) => [{ path: "a.ts", content }];

test("new files with a new error are worth another correction", () => {
  const first = circling(NOTHING, file("1"), "does not compile");
  expect(first.why).toBeUndefined();
  expect(circling(first.tried, file("2"), "a test fails").why).toBeUndefined();
});

test("the same files again are a circle, also when another version lies between", () => {
  const first = circling(NOTHING, file("1"), "a");
  const second = circling(first.tried, file("2"), "b");
  expect(circling(second.tried, file("1"), "c").why).toMatch(/same files/);
});

test("the same error for the third time is a circle, wherever it stands by then", () => {
  const first = circling(NOTHING, file("1"), "a.ts:10: x is not defined");
  const second = circling(first.tried, file("2"), "a.ts:12: x is not defined");
  expect(second.why).toBeUndefined();
  expect(circling(second.tried, file("3"), "a.ts:7:\n x is not defined").why).toMatch(/same error came 3 times/);
});
