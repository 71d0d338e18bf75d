import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastify from "fastify";
import { expect, test } from "vitest";
import { generate } from "./generate.ts";
import { requireDeclarations } from "./http/access.ts";

const root = join(import.meta.dirname, "../..");

const files = await generate();

test.each([...files])("%s is what `npm run generate` writes", async (path, text) => {
  expect(await readFile(join(root, path), "utf8")).toBe(text);
});

type Operation = { responses: Record<string, { content?: object }> };
type Methods = Record<string, Operation>;

test("every refusal that is described is problem+json", () => {
  const { paths }: { paths: Record<string, Methods> } = JSON.parse(files.get("api-server/openapi.json") ?? "");
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).map(([status, { content = {} }]) => ({ path, method, status, content })),
    ),
  );
  const refusals = described.filter(({ status }) => !/^[23]/.test(status));
  expect(refusals.length).toBeGreaterThan(100);
  expect(refusals.filter(({ content }) => !("application/problem+json" in content))).toEqual([]);
});

const described = { operationId: "listThings", summary: "List things", tags: ["things"] };

test.each([
  ["who may call it", {}, described, /declares no access/],
  ["what it is", { access: "public" }, undefined, /is not described/],
  ["its name in the document", { access: "public" }, { summary: "List", tags: ["things"] }, /is not described/],
] as const)("a route that does not say %s is refused", (_what, config, schema, said) => {
  const app = fastify();
  requireDeclarations(app);
  expect(() => app.get("/things", { config, ...(schema === undefined ? {} : { schema }) }, async () => [])).toThrow(
    said,
  );
});

test("two routes of one name are refused, since a client could call only one of them", () => {
  const app = fastify();
  requireDeclarations(app);
  app.get("/things", { config: { access: "public" }, schema: described }, async () => []);
  expect(() => app.get("/others", { config: { access: "public" }, schema: described }, async () => [])).toThrow(
    "GET /others has the operationId listThings of GET /things",
  );
});
