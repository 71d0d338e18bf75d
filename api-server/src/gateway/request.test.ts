import { expect, test } from "vitest";
import { chatRequest } from "./request.ts";

const asked = (more: object) => chatRequest.safeParse({ messages: [{ role: "user", content: "c" }], ...more });
const schema = (json_schema: unknown) => ({ response_format: { type: "json_schema", json_schema } });
const tool = (of: unknown) => ({ tools: [{ type: "function", function: of }] });

test.each([
  ["a schema", schema({ name: "s", schema: { type: "object", properties: { a: { enum: [1, null] } } } })],
  ["a tool", tool({ name: "add", parameters: { type: "object" } })],
  ["a choice by its name", { tool_choice: { type: "function", function: { name: "add" } } }],
  ["a choice by a word", { tool_choice: "auto" }],
])("%s is passed on as it is", (_what, more) => {
  expect(asked(more).data).toMatchObject(more);
});

test.each([
  ["a schema", schema],
  ["a tool", tool],
  ["a choice", (tool_choice: unknown) => ({ tool_choice })],
])("%s of more than 64 KiB is refused", (_what, of) => {
  const { error } = asked(of({ name: "x".repeat(65_537) }));
  expect(error?.issues).toMatchObject([{ message: "must be JSON of at most 65536 bytes" }]);
  expect(asked(of({ name: "x".repeat(65_000) })).success).toBe(true);
});

test("a tool without its function is refused", () => {
  expect(asked({ tools: [{ type: "function" }] }).success).toBe(false);
});

test("a schema that is nested for ever is refused, and fails nobody", () => {
  expect(asked(schema(JSON.parse(`${"[".repeat(30_000)}${"]".repeat(30_000)}`))).success).toBe(false);
});

test.each([
  [
    "a schema",
    (values: string) => `{"messages":[],"response_format":{"type":"json_schema","json_schema":[${values}]}}`,
  ],
  ["a tool", (values: string) => `{"messages":[],"tools":[{"type":"function","function":[${values}]}]}`],
])("%s of a million values is refused in no more time than a few times that of parsing it [flood]", (_what, text) => {
  const json = text(Array(300_000).fill("{}").join());
  const begun = performance.now();
  const value: unknown = JSON.parse(json);
  const parsed = performance.now();
  expect(chatRequest.safeParse(value).success).toBe(false);
  expect(performance.now() - parsed).toBeLessThan(5 * (parsed - begun) + 50);
});
