import { expect, test } from "vitest";
import { examplesIn, withConstants } from "./examples.ts";

test.each([
  [">>> f(1, [2])\n    [3]", "f(1, [2])", "[3]"],
  ["f('a b') == 'c d'", "f('a b')", "'c d'"],
  ["`add(1, 2)` returns 3.", "add(1, 2)", "3"],
  ["words(\"a, b\") ➞ ['a', 'b']", 'words("a, b")', "['a', 'b']"],
  ["    f(5) = 25", "f(5)", "25"],
  ["f('x') # => 'Yes'", "f('x')", "'Yes'"],
  [">>> f(2)  \nTrue", "f(2)", "True"],
  ["f(1, 4) => true", "f(1, 4)", "true"],
  ["f(1e5, x=-2, g(None), 'a b') == 1", "f(1e5, x=-2, g(None), 'a b')", "1"],
])("an example in %j is one to run", (text, call, result) => {
  expect(examplesIn(text)).toEqual([{ call, result }]);
});

test.each([
  ["def f(x: int) -> int:"],
  ["def f(x=1):"],
  [">>> x = f(1)\n3"],
  ["f(1) returns the larger one"],
  [">>> f(1)\n[1, 2,"],
  [">>> f(1)\nTraceback (most recent call last):"],
  ["f(1) == 2 because it is doubled"],
  ["isOpen(door) returns true"],
  ["is_happy(aa) => False"],
])("%j promises nothing that could be run", (text) => {
  expect(examplesIn(text)).toEqual([]);
});

test("true, false and nothing are in the language's own words, and a text that has them stays as it is", () => {
  const words = { true: "True", null: "None" };
  expect(withConstants("f(true, [null], \"true\", 'null', trueish)", words)).toBe(
    "f(True, [None], \"true\", 'null', trueish)",
  );
});
