const LAST = Date.UTC(9999, 11, 31);

/**
 * The moment that a caller's RFC 3339 text names. Of what was before 1970 or is after 9999 nothing is kept here, and neither
 * PostgreSQL nor an id of version 7 can say all of it: the nearest that can be said finds the same.
 */
export function momentOf(text: string): Date {
  return new Date(Math.min(Math.max(Date.parse(text), 0), LAST));
}
