/**
 * Kubernetes quantities, exactly: `500m`, `1.5Gi`, `2e3`. Numbers are BigInt counts of nano-units, the smallest
 * amount Kubernetes keeps, so nothing is ever rounded by floating point.
 */

/** A quantity in nano-units: 1 CPU is 1_000_000_000n, 1 byte is 1_000_000_000n. */
export type Nanos = bigint;

const NANOS_PER_UNIT = 1_000_000_000n;
/** Kubernetes caps amounts at 2^63-1 units. */
const MAX_NANOS = (2n ** 63n - 1n) * NANOS_PER_UNIT;

const SMALL_SUFFIXES = { n: 1n, u: 1_000n, m: 1_000_000n } as const;
const DECIMAL_SUFFIXES = { k: 1, M: 2, G: 3, T: 4, P: 5, E: 6 } as const;
const BINARY_SUFFIXES = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 } as const;

/** Nano-units of one of each suffix. */
const SUFFIX_NANOS: ReadonlyMap<string, Nanos> = new Map<string, Nanos>([
  ["", NANOS_PER_UNIT],
  ...Object.entries(SMALL_SUFFIXES),
  ...powers(DECIMAL_SUFFIXES, 1000n),
  ...powers(BINARY_SUFFIXES, 1024n),
]);

function powers(suffixes: Readonly<Record<string, number>>, base: bigint): [string, Nanos][] {
  return Object.entries(suffixes).map(([suffix, power]) => [suffix, base ** BigInt(power) * NANOS_PER_UNIT]);
}

/** Longest quantity text we take; it also bounds the exponent below. */
export const QUANTITY_MAX_LENGTH = 32;

/** A non-negative quantity. Two digits of exponent reach past Kubernetes' cap on either side. */
export const QUANTITY_PATTERN = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$/;

const PARTS =
  /^(?<whole>[0-9]*)\.?(?<fraction>[0-9]*)(?<suffix>[KMGTPE]i|[numkMGTPE]|)(?:[eE](?<exponent>[+-]?[0-9]+))?$/;

/** Amounts that were read before: a cluster has few different ones, and each is looked at again and again. */
const known = new Map<string, Nanos>();
const KNOWN_AT_MOST = 4_096;

/**
 * Reads a quantity. Finer than a nano-unit rounds up and more than 2^63-1 units is capped, as Kubernetes does.
 * @throws RangeError naming the text, when it is not a non-negative quantity
 */
export function parseQuantity(text: string): Nanos {
  const before = known.get(text);
  if (before !== undefined) return before;
  const nanos = readQuantity(text);
  if (known.size >= KNOWN_AT_MOST) known.clear();
  known.set(text, nanos);
  return nanos;
}

function readQuantity(text: string): Nanos {
  const groups = QUANTITY_PATTERN.test(text) ? PARTS.exec(text)?.groups : undefined;
  const unit = SUFFIX_NANOS.get(groups?.["suffix"] ?? "");
  if (groups === undefined || unit === undefined) {
    throw new RangeError(`"${text}" is not a Kubernetes quantity; write one such as 500m, 2, 1.5Gi or 1e3`);
  }
  const fraction = groups["fraction"] ?? "";
  const digits = BigInt(`${groups["whole"] ?? ""}${fraction}`);
  const exponent = Number(groups["exponent"] ?? "0") - fraction.length;
  const scaled = digits * unit * 10n ** BigInt(Math.max(exponent, 0));
  const nanos = divideUp(scaled, 10n ** BigInt(Math.max(-exponent, 0)));
  return nanos > MAX_NANOS ? MAX_NANOS : nanos;
}

/** Whether the text is a quantity {@link parseQuantity} takes. */
export function isQuantity(text: string): boolean {
  return text.length <= QUANTITY_MAX_LENGTH && QUANTITY_PATTERN.test(text);
}

/**
 * Negative when `left` is less, 0 when both are the same amount, positive when it is more.
 * @throws RangeError as {@link parseQuantity}
 */
export function compareQuantities(left: string, right: string): -1 | 0 | 1 {
  const difference = parseQuantity(left) - parseQuantity(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The lesser of two quantities, as written; the first when they are equal. */
export function minQuantity(left: string, right: string): string {
  return compareQuantities(left, right) <= 0 ? left : right;
}

/** The sum of quantities, canonical; "0" for none. */
export function addQuantities(...quantities: readonly string[]): string {
  return formatQuantity(quantities.reduce((sum, quantity) => sum + parseQuantity(quantity), 0n));
}

/**
 * Writes an amount in the shortest exact way: Ki to Ei when it divides by 1024, else k to E, else m, u, n.
 * The same amount always gives the same text.
 */
export function formatQuantity(nanos: Nanos): string {
  if (nanos === 0n) return "0";
  const suffix = LARGEST_FIRST.find(([, size]) => nanos % size === 0n);
  return suffix === undefined ? `${nanos}n` : `${nanos / suffix[1]}${suffix[0]}`;
}

const LARGEST_FIRST: readonly [string, Nanos][] = [
  ...powers(BINARY_SUFFIXES, 1024n).reverse(),
  ...powers(DECIMAL_SUFFIXES, 1000n).reverse(),
  ["", NANOS_PER_UNIT],
  ["m", SMALL_SUFFIXES.m],
  ["u", SMALL_SUFFIXES.u],
];

/**
 * One text per amount, so that `1024Mi` (ours) and `1Gi` (what the API server stored) compare equal as strings.
 * @throws RangeError as {@link parseQuantity}
 */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** What is being divided: CPU splits into whole millicores, everything else into whole units (bytes, pods). */
export type QuantityUnit = "cpu" | "memory" | "storage" | "pods";

/**
 * The equal part each of `parts` sharers gets of `total`; the parts together never exceed it.
 * From 1 Gi on, bytes are rounded down to whole Mi: people read these figures, and it costs under 0.1 %.
 * @throws RangeError when parts is not a positive integer, or as {@link parseQuantity}
 */
export function divideQuantity(total: string, parts: number, unit: QuantityUnit): string {
  if (!Number.isSafeInteger(parts) || parts < 1) throw new RangeError(`cannot divide ${total} into ${parts} parts`);
  const share = parseQuantity(total) / BigInt(parts);
  const step = stepOf(share, unit);
  return formatQuantity(share - (share % step));
}

function stepOf(share: Nanos, unit: QuantityUnit): Nanos {
  if (unit === "cpu") return SMALL_SUFFIXES.m;
  if (unit === "pods" || share < 1024n ** 3n * NANOS_PER_UNIT) return NANOS_PER_UNIT;
  return 1024n ** 2n * NANOS_PER_UNIT;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
