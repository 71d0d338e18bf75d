import { expect, test } from "vitest";
import { inputTokensOf, outputTokensOf } from "./estimate.ts";
import { chatRequest } from "./request.ts";

const asked = (content: string, more: object = {}) =>
  chatRequest.parse({ messages: [{ role: "user", content }], ...more });

test.each([
  ["digits, of which many models make a token each", "0123456789".repeat(100), 1_000],
  ["signs that a model knows by their bytes alone", "\u{1f9ff}".repeat(100), 400],
])("of %s as much counts at most as there may be [free rides]", (_what, text, tokens) => {
  expect(inputTokensOf(asked(text), 32_768).most).toBeGreaterThanOrEqual(tokens);
});

test("what else of a request a model reads is counted with it [free rides]", () => {
  const tool_choice = { type: "function", function: { name: "x".repeat(1_000) } };
  for (const more of [{ tool_choice }, { tools: [tool_choice] }]) {
    expect(inputTokensOf(asked("", more), 32_768).most).toBeGreaterThan(1_000);
  }
});

test("a model never reads more than its context, and has the room that text usually leaves", () => {
  const request = asked("const a = b;\n".repeat(500));
  const { usual, most } = inputTokensOf(request, 4_096);
  expect([most, usual < 3_000]).toEqual([4_096, true]);
  expect(outputTokensOf(request, { contextTokens: 4_096, maxOutputTokens: 4_096 }, usual)).toBeGreaterThan(1_000);
});
