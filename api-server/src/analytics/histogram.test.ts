import fc from "fast-check";
import { expect, test } from "vitest";
import { BOUNDS_MILLISECONDS, emptyBuckets, placeOf, quantile } from "./histogram.ts";

test("a quantile lies in the bucket in which the request of that rank lies", () => {
  const times = fc.array(fc.double({ min: 0, max: 9_999, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(times, (milliseconds) => {
      const buckets = emptyBuckets();
      for (const time of milliseconds) buckets[placeOf(time)] = (buckets[placeOf(time)] ?? 0) + 1;
      const rank = milliseconds.toSorted((a, b) => a - b)[Math.ceil(0.95 * milliseconds.length) - 1] ?? 0;
      const found = quantile(buckets, 0.95) ?? 0;
      const place = placeOf(rank);
      expect(found).toBeLessThanOrEqual(BOUNDS_MILLISECONDS[place] ?? Number.POSITIVE_INFINITY);
      expect(found).toBeGreaterThanOrEqual(place === 0 ? 0 : (BOUNDS_MILLISECONDS[place - 1] ?? 0));
    }),
  );
});

test("of nothing there is none, and beyond the last bound nothing more is known than that", () => {
  expect(quantile(emptyBuckets(), 0.95)).toBeNull();
  const slow = emptyBuckets();
  slow[placeOf(60_000)] = 1;
  expect(quantile(slow, 0.95)).toBe(10_000);
});
