import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { generate } from "./generate.ts";
import { parseTenant } from "./tenant.ts";

const root = join(import.meta.dirname, "../../..");

test.each([...generate()])("%s is what `npm run generate` writes", async (path, text) => {
  expect(await readFile(join(root, path), "utf8")).toBe(text);
});

test("generated YAML holds nothing that YAML 1.1 reads otherwise", () => {
  for (const [path, text] of generate()) {
    if (path.endsWith(".yaml"))
      for (const part of text.split("---\n").slice(1)) parse(part, { version: "1.1", strict: true });
  }
});

test("examples/tenant.yaml is a Tenant named acme", async () => {
  const parsed = parseTenant(parse(await readFile(join(root, "examples/tenant.yaml"), "utf8")));
  expect(parsed).toMatchObject({ ok: true, value: { metadata: { name: "acme" }, spec: { plan: "professional" } } });
});
