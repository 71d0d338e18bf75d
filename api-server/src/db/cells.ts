import type { Cell } from "./packets.ts";

/** A column that is never NULL. */
export function textOf(cell: Cell | undefined): string {
  if (typeof cell === "string") return cell;
  throw new Error("a column that is never NULL is");
}

/** As PostgreSQL writes a time in UTC: with a fraction where there is one, without the zeros at its end. */
const IN_UTC = "+00";

/** A timestamptz as an answer has it: in UTC, to the millisecond. */
export function timeOf(cell: Cell | undefined): string {
  const text = textOf(cell);
  // By its characters, which takes a tenth of what a Date does; one of the year 10000 is left to it.
  if (!text.endsWith(IN_UTC) || text[10] !== " ") return dateOf(text).toISOString();
  const end = text.length - IN_UTC.length;
  const milliseconds = end === 19 ? "000" : text.slice(20, Math.min(end, 23)).padEnd(3, "0");
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
}

/** Of any zone, such as +05:30 and -03. */
function dateOf(text: string): Date {
  return new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
}
