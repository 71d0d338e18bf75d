/** Of an odd number of values the middle one, of an even number the mean of the two in the middle. */
export type Spread = { median: number; min: number; max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

export type Bar = { name: string; value: number; limit: string; holds: boolean };

export function atMost(name: string, value: number, limit: number): Bar {
  return { name, value: rounded(value), limit: `<= ${limit}`, holds: value <= limit };
}

export function atLeast(name: string, value: number, limit: number): Bar {
  return { name, value: rounded(value), limit: `>= ${limit}`, holds: value >= limit };
}

/** The one line that a benchmark ends with when asked for JSON. */
export type Outcome = {
  name: string;
  ours: unknown;
  peer: unknown;
  ratio: Spread;
  counts: Record<string, number>;
  bars: Bar[];
};

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function tell(spread: Spread, unit = ""): string {
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) =>
    String(Number(value.toPrecision(3))),
  );
  return `${median}${unit} (${min} to ${max})`;
}
