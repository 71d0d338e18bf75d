import { describe, expect, test } from "vitest";
import { readFiles } from "./files.ts";

const CODE = "export const a = 1;\n";
const fenced = (text: string, info = "ts") => `\`\`\`${info}\n${text}\`\`\``;

describe("files in a model's answer are found", () => {
  test.each([
    ["as asked for", `FILE: src/a.ts\n${fenced(CODE)}`],
    ["under a heading", `### \`src/a.ts\`\n\n${fenced(CODE)}`],
    ["in bold, with a number", `1. **src/a.ts**:\n${fenced(CODE)}`],
    ["behind Filename", `Filename: src/a.ts\n${fenced(CODE)}`],
    ["in bold with the word", `**FILE: src/a.ts**\n${fenced(CODE)}`],
    ["in the fence's line", fenced(CODE, "ts src/a.ts")],
    ["in the fence's line with a colon", fenced(CODE, "ts:src/a.ts")],
    ["as the fence's title", fenced(CODE, 'ts title="src/a.ts"')],
    ["as a comment on top", fenced(`// src/a.ts\n${CODE}`)],
    ["as a comment with FILE", fenced(`// FILE: src/a.ts\n${CODE}`)],
    ["with ./ before", `FILE: ./src/a.ts\n${fenced(CODE)}`],
    ["as JSON", JSON.stringify({ files: [{ path: "src/a.ts", content: CODE }] })],
    ["as fenced JSON", fenced(`${JSON.stringify({ files: [{ path: "src/a.ts", content: CODE }] })}\n`, "json")],
    ["with Windows line ends", `FILE: src/a.ts\r\n${fenced(CODE)}`.replaceAll("\n", "\r\n").replaceAll("\r\r", "\r")],
  ])("%s", (_how, answer) => {
    expect(readFiles(answer)).toEqual({ ok: true, value: [{ path: "src/a.ts", content: CODE }], repaired: false });
  });

  test("several, of which the later of one path stands", () => {
    const answer = `FILE: a.py\n${fenced("x = 1\n", "")}\nFILE: b.py\n${fenced("y = 2\n", "")}\nFILE: a.py\n${fenced("x = 3\n", "")}`;
    const read = readFiles(answer);
    expect(read.ok && read.value).toEqual([
      { path: "a.py", content: "x = 3\n" },
      { path: "b.py", content: "y = 2\n" },
    ]);
  });

  test("a README with fences of its own is one file", () => {
    const inner = "# Title\n\n```sh\nnpm start\n```\n\nThe end.\n";
    const read = readFiles(`FILE: README.md\n\`\`\`markdown\n${inner}\`\`\`\nFILE: a.py\n\`\`\`\nx = 1\n\`\`\``);
    expect(read.ok && read.value).toEqual([
      { path: "README.md", content: inner },
      { path: "a.py", content: "x = 1\n" },
    ]);
  });

  test("a block without a path is the only file there can be", () => {
    const answer = `You can run it by:\n${fenced("pip install x\n", "sh")}\nThe code:\n${fenced("def f():\n    return 1\n", "python")}`;
    const read = readFiles(answer, "solution.py");
    expect(read.ok && read.value).toEqual([{ path: "solution.py", content: "def f():\n    return 1\n" }]);
    expect(readFiles(answer).ok).toBe(false);
  });

  test.each(["../a.ts", "/etc/passwd.txt", "src/../../a.ts", ".git/config.txt", "a//b.ts", "src/.env.ts"])(
    "[no path leaves the workspace: %s]",
    (path) => {
      const read = readFiles(`FILE: ${path}\n${fenced(CODE)}`);
      expect(read.ok ? read.value : read.error).toMatch(/is refused|there is no file/);
      const json = readFiles(JSON.stringify({ files: [{ path, content: CODE }] }));
      expect(json.ok ? json.value : json.error).toMatch(/is refused/);
    },
  );

  test("a file whose end was cut is no file", () => {
    expect(readFiles(`FILE: a.ts\n${fenced(CODE)}\nFILE: b.ts\n\`\`\`ts\nexport const b`)).toMatchObject({ ok: false });
  });
});
