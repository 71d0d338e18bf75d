import { expect, test } from "vitest";
import { plainLine, plainText } from "./plain.ts";

const HOSTILE = "a\x1b[2Jb\x07\x9b31mc\rd\x00e\x7f";

test("what steers a terminal is taken out, line ends and tabs stay", () => {
  expect(plainText(`${HOSTILE}\n\tö 🎉`)).toBe("a[2Jb31mcde\n\tö 🎉");
});

test("a line has no line ends either", () => {
  expect(plainLine("a\x1b[2J\r\nb\tc")).toBe("a [2J  b c");
});
