import { z } from "zod";

/**
 * Text for people, without blanks around it, that says something. By a pattern, so that the OpenAPI document says it too;
 * Python, whose judges read that, takes U+FEFF for no blank.
 */
export function prose(maxLength: number) {
  return text(maxLength)
    .trim()
    .regex(/^[^\0]*[^\s\ufeff\0][^\0]*$/, { error: "must not be empty" });
}

/** The same on one line. */
export function line(maxLength: number) {
  return text(maxLength)
    .trim()
    .regex(/^\P{Cc}*[^\s\ufeff\p{Cc}]\P{Cc}*$/u, { error: "must be one line, and not empty" });
}

/** Text as PostgreSQL can keep it: no NUL, and no half of a surrogate pair. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength, { error: `must be at most ${maxLength} characters` })
    .refine((value) => !value.includes("\0") && value.isWellFormed(), {
      error: "must not hold the character NUL or half of a character",
    });
}
