import { expect, test } from "vitest";
import { ContextLengthExceeded } from "./errors.ts";
import { fitted, tokensOf } from "./prompt.ts";

const section = (title: string, length: number, keep = false) => ({ title, text: `${title[0]}`.repeat(length), keep });

test("a prompt that fits is left whole", () => {
  const [system, user] = fitted({ system: "s", sections: [section("Task", 10)], ask: "Do it." }, 1_000);
  expect(system).toEqual({ role: "system", content: "s" });
  expect(user).toEqual({ role: "user", content: "Task:\nTTTTTTTTTT\n\nDo it." });
});

test("the longest section is shortened first, in its middle, and the question stays", () => {
  const sections = [section("Code", 3_000), section("Output", 9_000), section("Task", 300, true)];
  const messages = fitted({ system: "s", sections, ask: "Do it." }, 2_500);
  const text = messages[1]?.content ?? "";
  expect(tokensOf(messages)).toBeLessThanOrEqual(2_500);
  expect(text).toMatch(/O+\n\[\.\.\. \d+ characters left out \.\.\.\]\nO+/);
  expect(text).toContain("C".repeat(3_000));
  expect(text).toContain("T".repeat(300));
  expect(text.endsWith("Do it.")).toBe(true);
});

test("of equally long sections the oldest is shortened first", () => {
  const messages = fitted({ system: "", sections: [section("Old", 1_000), section("New", 1_000)], ask: "" }, 560);
  expect(messages[1]?.content).toContain("N".repeat(1_000));
  expect(messages[1]?.content).not.toContain("O".repeat(1_000));
});

test("what must be kept is never cut: then the context is too small, and that is said", () => {
  const prompt = { system: "s", sections: [section("Task", 9_000, true), section("Old", 5_000)], ask: "Do it." };
  expect(() => fitted(prompt, 1_000)).toThrow(ContextLengthExceeded);
});
