import { ACCESS } from "./access.ts";
import type { ErrorEntry } from "./entry.ts";
import { ORGANIZATIONS } from "./organizations.ts";
import { REQUESTS } from "./requests.ts";
import { SERVICE } from "./service.ts";
import { TASKS } from "./tasks.ts";

/** Every refusal of the API, by its `error_code`. */
export const ERRORS = {
  ...ACCESS,
  ...REQUESTS,
  ...ORGANIZATIONS,
  ...TASKS,
  ...SERVICE,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** One fault in a request. */
export type FieldFault = { path: string; message: string };

export type RefusalOptions = {
  /** The sentence that the caller gets; the catalogue's example where it is left out. */
  detail?: string;
  errors?: FieldFault[];
  /** What this caller can do, where it can be said better than the catalogue does. */
  fix?: string;
  retryAfterSeconds?: number;
  /** For the log only. */
  note?: string;
  cause?: unknown;
};

/** A refusal on its way to the caller; `problem.ts` turns it into an answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly options: RefusalOptions;

  constructor(code: ErrorCode, options: RefusalOptions = {}) {
    super(options.detail ?? ERRORS[code].example, { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}
