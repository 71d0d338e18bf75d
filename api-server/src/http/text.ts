import { z } from "zod";

/** Text as PostgreSQL can keep it: no NUL, and no half of a surrogate pair. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength, { error: `must be at most ${maxLength} characters` })
    .refine((value) => !value.includes("\0") && value.isWellFormed(), {
      error: "must not hold the character NUL or half of a character",
    });
}
