import { describe, expect, test } from "vitest";
import { z } from "zod";
import { customResourceDefinition } from "./crd.ts";
import { lint, toStructural } from "./structural.ts";
import { TENANT } from "./tenant.ts";

const described = (field: z.ZodType) => z.object({ field: field.describe("A field.") }).describe("An object.");
const text = z.string().max(9);

describe("generation refuses, naming path and fix,", () => {
  test.each<[string, z.ZodType, RegExp]>([
    [
      "a field without a description",
      z.object({ field: text }).describe("x"),
      /^spec\.field: has no description; add \.describe/,
    ],
    ["text without a bound", described(z.string()), /^spec\.field: text without a bound; add \.max/],
    ["a list without a bound", described(z.array(text)), /^spec\.field: list without a bound; add \.max/],
    [
      "a list that does not state its type",
      described(z.array(text).max(3)),
      /^spec\.field: list without x-kubernetes-list-type/,
    ],
    ["a map without a bound", described(z.record(z.string(), text)), /^spec\.field: map without a bound/],
    [
      "an unbounded text inside a list",
      described(z.array(z.string()).max(3).meta({ "x-kubernetes-list-type": "set" })),
      /^spec\.field\[\]: text without a bound/,
    ],
    [
      "conditions that are no map by type",
      z
        .object({ conditions: z.array(text).max(3).meta({ "x-kubernetes-list-type": "set" }).describe("x") })
        .describe("x"),
      /^spec\.conditions: conditions must be a map by type/,
    ],
    ["a union, which Kubernetes refuses", described(z.union([text, z.boolean()])), /Kubernetes takes no such schema/],
    ["two patterns on one text", described(text.regex(/a/).regex(/b/)), /Kubernetes takes no such schema/],
    ["an object closed to unknown fields", described(z.strictObject({})), /Kubernetes takes no such schema/],
  ])("%s", (_, schema, message) => {
    expect(() => lint(toStructural(schema, "spec"), "spec")).toThrow(message);
  });
});

test("defaults of quantities reach the API server, which zod leaves out of its own accord", () => {
  const [version] = customResourceDefinition(TENANT).spec.versions;
  const limits = version.schema.openAPIV3Schema.properties?.["spec"]?.properties?.["limitRange"]?.properties;
  expect(limits?.["default"]?.properties?.["cpu"]?.default).toBe("250m");
});
