/** Values as JSON tells them: the order of an object's fields says nothing, and a field that is undefined is not there. */

/** JSON with sorted keys: equal values, equal text. For people and tests; {@link fingerprint} is cheaper. */
export function stableJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => (item === undefined ? "null" : stableJson(item))).join(",")}]`;
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const texts = [...fields.keys()].sort().flatMap((name) => {
    const inner = fields.get(name);
    return inner === undefined ? [] : `${JSON.stringify(name)}:${stableJson(inner)}`;
  });
  return `{${texts.join(",")}}`;
}

/** Do both say the same? */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item: unknown, index) => sameJson(item, b[index]))
    );
  }
  const [left, right] = [fieldsOf(a), fieldsOf(b)];
  const said = (fields: Readonly<Record<string, unknown>>) =>
    Object.keys(fields).filter((name) => fields[name] !== undefined);
  const names = said(left);
  return names.length === said(right).length && names.every((name) => sameJson(left[name], right[name]));
}

/**
 * Sixteen hexadecimal digits, the same for values that say the same. Not for secrets: it tells apart what one writer
 * asked for at two times. A twelfth of the cost of a SHA-256 of the text, and it is done for every child at every look.
 */
export function fingerprint(value: unknown): string {
  const mixer = new Mixer();
  mixer.take(value);
  return hex(mixer.high) + hex(mixer.low);
}

/** Two lanes of 32 bits, multiplied as FNV-1a does and stirred at the end of each text as murmur3 does. */
class Mixer {
  low = 0x9e3779b9 | 0;
  high = 0x85ebca6b | 0;

  take(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value !== "object" || value === null) this.#text(`${typeof value} ${String(value)}`);
    else if (Array.isArray(value)) this.#items(value);
    else this.#fields(fieldsOf(value));
  }

  #items(items: readonly unknown[]): void {
    this.#text("[");
    for (const item of items) this.take(item ?? null);
    this.#text("]");
  }

  #fields(fields: Readonly<Record<string, unknown>>): void {
    this.#text("{");
    for (const name of Object.keys(fields).sort()) {
      const inner = fields[name];
      if (inner === undefined) continue;
      this.#text(name);
      this.take(inner);
    }
    this.#text("}");
  }

  #text(text: string): void {
    let { low, high } = this;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
    }
    // So that "ab", "c" is not "a", "bc".
    this.low = Math.imul(low ^ (low >>> 15), 0x85ebca6b);
    this.high = Math.imul(high ^ (high >>> 13) ^ this.low, 0xc2b2ae35);
  }
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, "0");
}

function fieldsOf(value: object): Readonly<Record<string, unknown>> {
  return value as Readonly<Record<string, unknown>>;
}
