import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeFiles } from "./task-files.ts";

let home: string;
/** Where the files are to go, and what must never be written to. */
let made: string;
let outside: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "leanvibe-files-"));
  [made, outside] = [join(home, "made"), join(home, "outside")];
  mkdirSync(outside);
  writeFileSync(join(outside, "mine"), "mine");
});
afterEach(() => rm(home, { recursive: true }));

const file = (path: string) => ({ path, content: path });
/** The last one is what is in the way. */
const FILES = [file("first.ts"), file("src/a/main.ts")];

const within = (...path: string[]) => join(made, ...path);
const folderFor = (...path: string[]) => mkdirSync(within(...path), { recursive: true });

test("files are written with the folders that they need, also by a link that the person named", async () => {
  await writeFiles(made, FILES, false);
  symlinkSync(made, join(home, "link"));
  await writeFiles(join(home, "link"), [file("src/b.ts")], false);
  expect(["first.ts", "src/a/main.ts", "src/b.ts"].map((path) => readFileSync(within(path), "utf8"))).toEqual([
    "first.ts",
    "src/a/main.ts",
    "src/b.ts",
  ]);
});

test("what is there is kept, unless it is forced", async () => {
  folderFor("src", "a");
  writeFileSync(within("src", "a", "main.ts"), "mine");
  await expect(writeFiles(made, FILES, false)).rejects.toThrow("src/a/main.ts in");
  expect([existsSync(within("first.ts")), readFileSync(within("src/a/main.ts"), "utf8")]).toEqual([false, "mine"]);
  await writeFiles(made, FILES, true);
  expect(readFileSync(within("src/a/main.ts"), "utf8")).toBe("src/a/main.ts");
});

describe("nothing is written, forced or not, where there is", () => {
  test.each<[string, () => void, RegExp]>([
    [
      "a link to a file of the person's",
      () => {
        folderFor("src", "a");
        symlinkSync(join(outside, "mine"), within("src", "a", "main.ts"));
      },
      /src\/a\/main\.ts in .*made is a link/,
    ],
    [
      "a link to nothing",
      () => {
        folderFor("src", "a");
        symlinkSync(join(outside, "new"), within("src", "a", "main.ts"));
      },
      /src\/a\/main\.ts in .*made is a link/,
    ],
    [
      "a link to a folder",
      () => {
        folderFor();
        symlinkSync(outside, within("src"));
      },
      /src in .*made is a link/,
    ],
    [
      "a file where a folder is needed",
      () => {
        folderFor("src");
        writeFileSync(within("src", "a"), "mine");
      },
      /src\/a in .*made is a file, where a folder is needed/,
    ],
    [
      "a folder where a file is to be",
      () => folderFor("src", "a", "main.ts"),
      /src\/a\/main\.ts in .*made is no usual file/,
    ],
    ["a file for the folder itself", () => writeFileSync(made, "mine"), /made is no folder/],
    ["a link to nothing for the folder itself", () => symlinkSync(join(outside, "new"), made), /made is no folder/],
  ])("%s", async (_what, prepare, words) => {
    prepare();
    for (const force of [false, true]) await expect(writeFiles(made, FILES, force)).rejects.toThrow(words);
    expect(existsSync(within("first.ts"))).toBe(false);
    expect(["new", "a", "main.ts"].filter((name) => existsSync(join(outside, name)))).toEqual([]);
    expect(readFileSync(join(outside, "mine"), "utf8")).toBe("mine");
  });

  test("a file among them where another needs a folder", async () => {
    const both = [file("first.ts"), file("src"), file("src/a.ts")];
    for (const force of [false, true])
      await expect(writeFiles(made, both, force)).rejects.toThrow("src is both a file and a folder");
    expect(existsSync(made)).toBe(false);
  });
});
