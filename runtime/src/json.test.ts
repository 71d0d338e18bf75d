import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint, sameJson, stableJson } from "./json.ts";

/** The same in another order of fields, which JSON does not tell. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, backwards(inner)])
      .toReversed(),
  );
}

const pairs = fc.tuple(fc.jsonValue(), fc.jsonValue());
const alike: [string, unknown, unknown, boolean][] = [
  ["a field that is undefined and one that is not there", { a: undefined, b: 1 }, { b: 1 }, true],
  ["the same number of fields, another undefined", { a: undefined, b: 1 }, { a: 1, b: undefined }, false],
  ["a list and its items as fields", ["x"], { 0: "x" }, false],
  ["a text and the number that it shows", "1", 1, false],
  ["null and nothing", { a: null }, {}, false],
  ["two texts cut elsewhere", ["ab", "c"], ["a", "bc"], false],
  ["an empty list and an empty object", [], {}, false],
  ["a nested list and a flat one", [["a"], "b"], [["a", "b"]], false],
  ["true and its text", true, "true", false],
];

describe("values as JSON tells them", () => {
  it.each(alike)("compares %s", (_name, a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(fingerprint(a) === fingerprint(b)).toBe(same);
    expect(stableJson(a) === stableJson(b)).toBe(same);
  });

  it("are the same, and have the same fingerprint, exactly when their stable text is the same", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const same = stableJson(a) === stableJson(b);
        expect(sameJson(a, b)).toBe(same);
        expect(fingerprint(a) === fingerprint(b)).toBe(same);
      }),
    );
  });

  it("are the same in whatever order their fields were written", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sameJson(value, backwards(value))).toBe(true);
        expect(fingerprint(backwards(value))).toBe(fingerprint(value));
        expect(stableJson(backwards(value))).toBe(stableJson(value));
      }),
    );
  });

  it("give a hundred thousand fingerprints of which no two are equal, and half a lane's bits move with each", () => {
    const seen = new Set<string>();
    let moved = 0;
    let before = 0n;
    for (let at = 0; at < 100_000; at += 1) {
      const text = fingerprint({ kind: "ResourceQuota", spec: { hard: { pods: at } } });
      seen.add(text);
      const now = BigInt(`0x${text}`);
      moved += (now ^ before).toString(2).replaceAll("0", "").length;
      before = now;
    }
    expect(seen.size).toBe(100_000);
    expect(moved / 100_000).toBeGreaterThan(28);
    expect(moved / 100_000).toBeLessThan(36);
  });

  it("stableJson writes what JSON.stringify writes, but for the order of the fields", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(stableJson({ b: [undefined, 1], a: undefined, c: {} })).toBe('{"b":[null,1],"c":{}}');
  });
});
