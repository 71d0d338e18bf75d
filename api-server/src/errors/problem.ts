import { z } from "zod";
import { ERRORS, type Refusal } from "./catalogue.ts";

/** What every refusal looks like: RFC 9457, with what our callers need besides. */
export const problem = z
  .object({
    type: z.url().describe("The page about this kind of refusal."),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What was wrong with this request."),
    error_code: z.enum(Object.keys(ERRORS)),
    request_id: z.string().describe("Under which the log tells of it."),
    fix: z.string().describe("What the caller can do."),
    docs: z.url().describe("The same page as type."),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe("Each fault and its place, as in body.name."),
  })
  .meta({ id: "Problem", description: "A refusal." });

export type Problem = z.output<typeof problem>;

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** The answer's body. */
export function problemOf(refusal: Refusal, at: { requestId: string; publicUrl: string }): Problem {
  const { status, title, fix } = ERRORS[refusal.code];
  const page = `${at.publicUrl}/docs/errors/${refusal.code}`;
  const { errors, fix: known } = refusal.options;
  return {
    type: page,
    title,
    status,
    detail: refusal.message,
    error_code: refusal.code,
    request_id: at.requestId,
    fix: known ?? fix,
    docs: page,
    ...(errors === undefined ? {} : { errors }),
  };
}
