import { ERRORS, type ErrorCode, type Refusal } from "../errors/catalogue.ts";
import { type Problem, problemOf } from "../errors/problem.ts";

/** What clients of models understand: OpenAI's shape, beside ours. */
export type GatewayProblem = Problem & { error: { message: string; type: string; code: string; param: string | null } };

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  429: "rate_limit_error",
};

/** The answer's body. */
export function gatewayProblem(refusal: Refusal, at: { requestId: string; publicUrl: string }): GatewayProblem {
  const { status } = ERRORS[refusal.code];
  const [fault] = refusal.options.errors ?? [];
  const type = TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
  const error = { message: refusal.message, type, code: codeOf(refusal.code), param: fault?.path ?? null };
  return { ...problemOf(refusal, at), error };
}

/** In lower case, as those clients write them. */
function codeOf(code: ErrorCode): string {
  return code.toLowerCase();
}
