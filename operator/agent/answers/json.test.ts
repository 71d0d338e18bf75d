import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "./json.ts";

const schema = z.object({ name: z.string(), parts: z.array(z.string()).default([]) });

describe("JSON in a model's answer is found", () => {
  test.each([
    ["as it should be", '{"name": "a", "parts": ["b"]}', { name: "a", parts: ["b"] }, false],
    ["in a fence", 'Here it is:\n```json\n{"name": "a"}\n```\nI hope it helps!', { name: "a", parts: [] }, false],
    ["in a fence that never ends", '```json\n{"name": "a"}', { name: "a", parts: [] }, false],
    ["with talk around it", 'Sure! {"name": "a"} Anything else? {}', { name: "a", parts: [] }, false],
    ["with brackets in its strings", '{"name": "a } ] \\" {"}', { name: 'a } ] " {', parts: [] }, false],
    ["with raw line ends in a string", '{"name": "a\nb\tc"}', { name: "a\nb\tc", parts: [] }, true],
    ["with commas before the end", '{"name": "a", "parts": ["b", ], }', { name: "a", parts: ["b"] }, true],
    ["with a comma in a string that stays", '{"name": "a,]", "parts": ["b",]}', { name: "a,]", parts: ["b"] }, true],
    [
      "behind code in another fence",
      '```py\nx = [1]\n```\n```json\n{"name": "a"}\n```',
      { name: "a", parts: [] },
      false,
    ],
  ])("%s", (_how, answer, value, repaired) => {
    expect(readJson(answer, schema)).toEqual({ ok: true, value, repaired });
  });

  test.each([
    ["no JSON", "I cannot do that.", "there is no JSON object in the answer"],
    ["JSON that is cut", '{"name": "a', "there is no JSON object in the answer"],
    ["JSON that nobody can read", "{name: a}", "the JSON in the answer cannot be parsed"],
    ["other JSON", '{"title": "a"}', /^name: /],
    ["a wrong part, by its place", '{"name": "a", "parts": ["b", 3]}', /^parts\.1: /],
  ])("and a fault is told so that the model can mend it: %s", (_what, answer, error) => {
    const read = readJson(answer, schema);
    expect(read.ok ? "" : read.error).toMatch(error);
  });
});
