import type { SourceFile } from "@leanvibe/schema";

/** Words after which a program may go two ways, in both languages. */
const BRANCH = /\b(if|elif|for|while|case|catch|except|and|or)\b|&&|\|\||\?\?|\?(?![.?:])/g;
const STRING_OR_COMMENT =
  /"""[\s\S]*?"""|'''[\s\S]*?'''|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|#[^\n]*/g;

/** Lines that are not empty, and cyclomatic complexity counted by words: one for each file, one more for each branch. */
export function sizeOf(files: readonly SourceFile[]): { linesOfCode: number; complexity: number } {
  let linesOfCode = 0;
  let complexity = 0;
  for (const { content } of files) {
    linesOfCode += content.split("\n").filter((line) => line.trim() !== "").length;
    complexity += 1 + (content.replace(STRING_OR_COMMENT, "").match(BRANCH)?.length ?? 0);
  }
  return { linesOfCode, complexity };
}
