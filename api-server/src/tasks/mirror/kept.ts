import type { Prisma } from "../../db/generated/client.ts";

/** What PostgreSQL can keep of what others wrote, who may mean no good: no NUL, no half of a character, nothing endless. */

const DEPTH_AT_MOST = 32;

/** @param max characters */
export function keptText(text: string, max = Number.POSITIVE_INFINITY): string {
  const cut = text.length > max ? text.slice(0, max) : text;
  return cut.replaceAll("\0", "\uFFFD").toWellFormed();
}

/** An object as JSON; what is undefined is left out, what lies deeper than anybody reads is null. */
export function kept(value: object): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(cleaned(value, DEPTH_AT_MOST)));
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return keptText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((each) => cleaned(each, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [keptText(name), cleaned(inner, depth - 1)]));
}
