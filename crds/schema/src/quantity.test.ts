import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  divideQuantity,
  formatQuantity,
  isQuantity,
  minQuantity,
  parseQuantity,
} from "./quantity.ts";

const nanos = fc.bigInt({ min: 0n, max: (2n ** 63n - 1n) * 10n ** 9n });
const quantity = nanos.map(formatQuantity);
const unit = fc.constantFrom("cpu", "memory", "storage", "pods");

describe("quantities", () => {
  test.each([
    ["500m", 500_000_000n],
    ["2", 2_000_000_000n],
    ["1.5Gi", 1_610_612_736_000_000_000n],
    ["1e3", 1_000_000_000_000n],
    ["1E", 10n ** 27n],
    ["1E1", 10_000_000_000n],
    ["1e-3", 1_000_000n],
    [".5", 500_000_000n],
    ["1.", 1_000_000_000n],
    ["100n", 100n],
    ["0.1n", 1n],
    ["1e99", (2n ** 63n - 1n) * 10n ** 9n],
  ])("%s is read exactly", (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  test.each(["", ".", "-1", "+1", "1ki", "1KI", "1 Gi", "0x10", "1e", "1e1.5", "NaN"])("%j is refused", (text) => {
    expect(isQuantity(text)).toBe(false);
    expect(() => parseQuantity(text)).toThrow(/is not a Kubernetes quantity/);
  });

  test.each([
    ["1024Mi", "1Gi"],
    ["1073741824", "1Gi"],
    ["0.5", "500m"],
    ["1000m", "1"],
    ["2000", "2k"],
    ["1.5Gi", "1536Mi"],
    ["1e3", "1k"],
    ["000", "0"],
    ["0Gi", "0"],
  ])("%s is the same amount as %s, and is written so", (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(compareQuantities(text, canonical)).toBe(0);
  });

  test.each([
    ["16", 3, "cpu", "5333m"],
    ["2", 1, "cpu", "2"],
    ["32Gi", 5, "memory", "6553Mi"],
    ["1Gi", 1, "storage", "1Gi"],
    ["1", 3, "memory", "0"],
    ["200", 3, "pods", "66"],
  ] as const)("%s divided into %i parts of %s is %s", (total, parts, of, expected) => {
    expect(divideQuantity(total, parts, of)).toBe(expected);
  });

  test("what is written is read back as the same amount", () => {
    fc.assert(fc.property(nanos, (amount) => parseQuantity(formatQuantity(amount)) === amount));
  });

  test("equal amounts have one text, unequal amounts have two", () => {
    fc.assert(
      fc.property(quantity, quantity, (left, right) => {
        expect(canonicalQuantity(left) === canonicalQuantity(right)).toBe(compareQuantities(left, right) === 0);
        expect(canonicalQuantity(canonicalQuantity(left))).toBe(canonicalQuantity(left));
      }),
    );
  });

  test("comparing is a total order that adding keeps", () => {
    fc.assert(
      fc.property(quantity, quantity, (left, right) => {
        expect(compareQuantities(left, right) + compareQuantities(right, left)).toBe(0);
        expect(compareQuantities(minQuantity(left, right), left)).toBeLessThanOrEqual(0);
        expect(parseQuantity(left) + parseQuantity(right)).toBeGreaterThanOrEqual(parseQuantity(left));
      }),
    );
  });

  test("parts never add up to more than the total, and waste less than one step each", () => {
    fc.assert(
      fc.property(nanos, fc.integer({ min: 1, max: 50 }), unit, (amount, parts, of) => {
        const total = formatQuantity(amount);
        const part = divideQuantity(total, parts, of);
        const sum = parseQuantity(addQuantities(...Array.from({ length: parts }, () => part)));
        expect(sum).toBeLessThanOrEqual(amount);
        const step = of === "cpu" ? 1_000_000n : of === "pods" ? 1_000_000_000n : 2n ** 20n * 10n ** 9n;
        expect(amount - sum).toBeLessThan(BigInt(parts) * (step + 1n));
      }),
    );
  });

  test("nothing is divided into no parts", () => {
    for (const parts of [0, -1, 1.5, Number.NaN]) expect(() => divideQuantity("1", parts, "cpu")).toThrow(RangeError);
  });
});
