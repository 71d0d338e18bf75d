import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateClient } from "./generate.ts";

const root = join(import.meta.dirname, "../..");

const files = await generateClient(await readFile(join(root, "api-server/openapi.json"), "utf8"));

test.each([...files])("%s is what `npm run generate` writes", async (path, text) => {
  expect(await readFile(join(root, path), "utf8")).toBe(text);
});

test("nothing is left that is not generated any more", async () => {
  const entries = await readdir(join(import.meta.dirname, "generated"), { recursive: true, withFileTypes: true });
  expect(entries.filter((entry) => entry.isFile())).toHaveLength(files.size);
});
