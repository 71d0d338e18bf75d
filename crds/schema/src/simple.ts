const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
const MARKS = new Uint8Array(256);
for (const mark of "{[,:") MARKS[mark.charCodeAt(0)] = 1;

/**
 * Whether a JSON text has at most so many marks that begin or part values: parsed it has hardly more values. Each takes many
 * times the two or three bytes of its text, so that a small text fills the memory, and what bounds it looks at it too late.
 */
export function isSimple(text: Uint8Array, marks: number): boolean {
  let [left, isString] = [marks, false];
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte === QUOTE) isString = !isString;
    else if (!isString) left -= MARKS[byte] ?? 0;
    // What is escaped ends nothing.
    else if (byte === BACKSLASH) at += 1;
    if (left < 0) return false;
  }
  return true;
}
