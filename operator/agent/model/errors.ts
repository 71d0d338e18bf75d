/**
 * How a call of the model can end for good. What is only temporary is tried again in client.ts and never leaves it.
 */

/** Nothing answered for as long as an agent waits; the Job may try again later. */
export class ModelUnavailable extends Error {
  override readonly name = "ModelUnavailable";
  /** The last refusal was 429: the model is there and has no room. */
  readonly rateLimited: boolean;

  constructor(message: string, rateLimited: boolean) {
    super(message);
    this.rateLimited = rateLimited;
  }
}

/** The endpoint has no room, and says that it will have none while the task may still work. */
export class RateLimited extends Error {
  override readonly name = "RateLimited";
}

/** The task's tokens are spent, by the gateway's word or by its own limit. */
export class BudgetExceeded extends Error {
  override readonly name = "BudgetExceeded";
}

/** What must be said does not fit into the model's context, whatever is left out. */
export class ContextLengthExceeded extends Error {
  override readonly name = "ContextLengthExceeded";
}

/** The endpoint understood, and will say the same to the same request. */
export class ModelRefused extends Error {
  override readonly name = "ModelRefused";
}

/** This try failed and another may not. */
export class Temporary extends Error {
  override readonly name = "Temporary";
  readonly retryAfterMilliseconds: number;
  readonly rateLimited: boolean;

  constructor(message: string, about: { retryAfterMilliseconds?: number; rateLimited?: boolean } = {}) {
    super(message);
    this.retryAfterMilliseconds = about.retryAfterMilliseconds ?? 0;
    this.rateLimited = about.rateLimited ?? false;
  }
}
