import { expect, test } from "vitest";
import { typescript } from "../languages/typescript.ts";
import { permitted } from "./work.ts";

const pathOf = (path: string, content: string) =>
  permitted({ language: typescript }, [{ path, content }]).tests.map((file) => file.path);

test.each([
  ["tests/unit/words.test.ts", 'import { words } from "../src/index.ts";', "tests/words.test.ts"],
  ["tests/unit/words.test.ts", 'import { words } from "../../src/index.ts";', "tests/unit/words.test.ts"],
  ["tests/words.test.ts", 'import { words } from "../src/index.ts";', "tests/words.test.ts"],
  ["src/words.test.ts", 'import { words } from "../src/index.ts";', "src/words.test.ts"],
  ["tests/helpers/made.ts", 'import { words } from "../src/index.ts";', "tests/helpers/made.ts"],
])("a test stands where its imports lead: %s with %s", (path, content, expected) => {
  expect(pathOf(path, content)).toEqual([expected]);
});
