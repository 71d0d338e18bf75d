import { z } from "zod";
import { BudgetExceeded, ContextLengthExceeded, ModelRefused, Temporary } from "./errors.ts";

/** Kinds of answer that are no answer. What is not here would only be said again. */

/** Said again to the same request however long one waits, whatever the status: of our gateway's, and of OpenAI's. */
const FINAL_CODES: ReadonlySet<unknown> = new Set([
  "model_not_found",
  "model_not_priced",
  "task_ended",
  "invalid_api_key",
  "insufficient_quota",
]);

/** A Tenant that is on its way out may be called back; until then the operator lets its tasks rest. */
const PASSING_CODES: ReadonlySet<unknown> = new Set(["tenant_not_found"]);

/** 401 and 403: a gateway may hear of a pod a moment after the pod speaks to it, and a token may just have been replaced. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([401, 403, 408, 409, 425, 429]);

const refusalBody = z.object({
  error: z.union([z.object({ message: z.string().nullish(), code: z.unknown(), type: z.unknown() }), z.string()]),
});

/** What an answer means that is not 200; `text` is the beginning of it. */
export function refusalOf({ status, headers }: Pick<Response, "status" | "headers">, text: string): Error {
  const { message, code } = described(text);
  const said = `HTTP ${status}${message === "" ? "" : `: ${message}`}`;
  if (code === "budget_exceeded" && (status === 402 || status === 403)) return new BudgetExceeded(message || said);
  if (status === 413 || tooLong(status, code, message)) return new ContextLengthExceeded(said);
  if (FINAL_CODES.has(code)) return new ModelRefused(said);
  if (status >= 500 || PASSING_STATUSES.has(status) || PASSING_CODES.has(code)) {
    return new Temporary(said, {
      retryAfterMilliseconds: retryAfter(headers.get("retry-after")),
      rateLimited: status === 429,
    });
  }
  return new ModelRefused(said);
}

/** An error that stands inside of an answer, by its code. */
export function failureOf(message: string, code: unknown): Error {
  if (code === "budget_exceeded") return new BudgetExceeded(message);
  return FINAL_CODES.has(code) ? new ModelRefused(message) : new Temporary(message);
}

function described(text: string): { message: string; code: unknown } {
  try {
    const { error } = refusalBody.parse(JSON.parse(text));
    if (typeof error === "string") return { message: error.slice(0, 300), code: undefined };
    return { message: (error.message ?? "").slice(0, 300), code: error.code ?? error.type };
  } catch {
    return { message: text.slice(0, 120), code: undefined };
  }
}

/** Endpoints have no common word for it. */
function tooLong(status: number, code: unknown, message: string): boolean {
  if (status !== 400 && status !== 422) return false;
  return (
    code === "context_length_exceeded" ||
    code === "exceed_context_size_error" ||
    /context (length|size|window)/i.test(message)
  );
}

/** Seconds, or a date. */
function retryAfter(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : 0;
}
