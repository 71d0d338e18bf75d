/** The API server's refusal, with what a controller needs to choose what happens next. */
export class ApiError extends Error {
  readonly status: number;
  /** `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, ...: metav1.StatusReason. */
  readonly reason: string;
  /** Seconds the server asked to wait, from Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** metav1.StatusCause types, such as NamespaceTerminating. */
  readonly causes: readonly string[];

  constructor(
    message: string,
    about: { status: number; reason: string; retryAfterSeconds?: number | undefined; causes?: string[] },
  ) {
    super(message);
    this.name = "ApiError";
    this.status = about.status;
    this.reason = about.reason;
    this.retryAfterSeconds = about.retryAfterSeconds;
    this.causes = about.causes ?? [];
  }
}

/** A human must act: the key is not retried until its object, or one it depends on, changes. */
export class Stalled extends Error {
  override readonly name = "Stalled";
}

/** Nothing is wrong but the time has not come: the key comes back after `afterSeconds`, without backoff. */
export class Waiting extends Error {
  override readonly name = "Waiting";
  readonly afterSeconds: number;

  constructor(message: string, afterSeconds: number) {
    super(message);
    this.afterSeconds = afterSeconds;
  }
}

/** Another process leads by now: what we were about to write is its to write. */
export class NotLeading extends Error {
  override readonly name = "NotLeading";
}

/** Did the API server answer so? `isApiError(error, 404)`. */
export function isApiError(error: unknown, ...statuses: number[]): error is ApiError {
  return error instanceof ApiError && (statuses.length === 0 || statuses.includes(error.status));
}

/** Milliseconds for which the API server asked not to be asked again (Retry-After); 0 where it did not. */
export function askedMilliseconds(error: unknown): number {
  return isApiError(error) ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}

/** A sentence for a log line or a condition, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How loudly a failed try is told: of two who write the same object at once one gets a 409, which nobody must look at. */
export function failureLevel(error: unknown): "debug" | "warn" {
  return isApiError(error, 409) ? "debug" : "warn";
}
