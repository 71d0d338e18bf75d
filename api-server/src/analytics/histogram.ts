/** Milliseconds: a request belongs to the first bound that it does not pass, or to the last place, which has none. */
export const BOUNDS_MILLISECONDS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

export function emptyBuckets(): number[] {
  return Array.from({ length: BOUNDS_MILLISECONDS.length + 1 }, () => 0);
}

export function placeOf(milliseconds: number): number {
  const at = BOUNDS_MILLISECONDS.findIndex((bound) => milliseconds <= bound);
  return at === -1 ? BOUNDS_MILLISECONDS.length : at;
}

/**
 * The milliseconds that such a share of the requests did not pass, as near as the bounds tell: inside of one as if they lay
 * evenly. Of those beyond the last bound nothing more is known than that bound.
 */
export function quantile(buckets: readonly number[], share: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = share * total;
  for (const [at, count] of buckets.entries()) {
    const upper = BOUNDS_MILLISECONDS[at];
    if (upper === undefined) break;
    const lower = at === 0 ? 0 : (BOUNDS_MILLISECONDS[at - 1] ?? 0);
    if (left <= count) return lower + ((upper - lower) * left) / count;
    left -= count;
  }
  return BOUNDS_MILLISECONDS.at(-1) ?? null;
}
