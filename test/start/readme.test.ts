import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documented } from "../harness/started.ts";

const run = documented();

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const blocks = [...README.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
  block.includes("curl ") ? [block] : [],
);

test("README's curls begin with a token", () => {
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(block).toMatch(/^\$ TOKEN=\$\(\.\/leanvibe token\)/);
});

test("README shows what its curls print, on a fresh npm start, one after the other", { timeout: 180_000 }, async () => {
  for (const block of blocks) {
    const lines = block.trimEnd().split("\n");
    const commands = lines.flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []));
    // Each is told by its own line, as a terminal does.
    const told = commands.flatMap((line) => [`printf '%s\\n' '$ ${line.replaceAll("'", `'\\''`)}'`, line]);
    expect(await run(told.join("\n"))).toBe(lines.join("\n"));
  }
});
