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

test.each([
  ['import { a } from "../src/index";', 'import { a } from "../src/index.ts";'],
  ["export * from './a.js';", "export * from './a.ts';"],
  ['await import("./a")', 'await import("./a.ts")'],
  ['import "./a";', 'import "./a.ts";'],
  ['import { a } from "./a.ts";', 'import { a } from "./a.ts";'],
  ['import a from "./a.json" with { type: "json" };', 'import a from "./a.json" with { type: "json" };'],
  ['import { z } from "zod";', 'import { z } from "zod";'],
  ['import type { z } from "zod";\nz.string();', 'import { z } from "zod";\nz.string();'],
  [
    'import type { A, b as c } from "./a";\nconst x: A = c(1);',
    'import { type A, b as c } from "./a.ts";\nconst x: A = c(1);',
  ],
  ['import type { A(*, b } from "./a.ts";\nb();', 'import type { A(*, b } from "./a.ts";\nb();'],
  ['import type { A } from "./a.ts";\nlet x: A;', 'import type { A } from "./a.ts";\nlet x: A;'],
  ['const text = "../src/index";', 'const text = "../src/index";'],
])("%s is read as %s", (content, meant) => {
  const [file] = permitted({ language: typescript }, [{ path: "tests/a.test.ts", content }]).tests;
  expect(file?.content).toBe(meant);
});
