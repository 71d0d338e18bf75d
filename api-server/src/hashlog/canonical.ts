/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The one text of a value (RFC 8785): members by name, nothing between, numbers and strings as JSON.stringify writes them,
 * which is what the RFC refers to.
 * @throws RangeError for what has no such text: a number that is none, half of a character
 */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    // By UTF-16 code units, as the RFC wants it and `<` compares.
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${text(name)}:${canonical(member)}`).join(",")}}`;
  }
  if (typeof value === "string") return text(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${value} is no number of JSON`);
  return JSON.stringify(value);
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new RangeError("half of a character is no text");
  return JSON.stringify(value);
}
