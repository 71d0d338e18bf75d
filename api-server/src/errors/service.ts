import type { ErrorEntry } from "./entry.ts";

/** The service, whoever asks. */
export const SERVICE = {
  RATE_LIMITED: {
    status: 429,
    title: "Too many requests",
    fix: "Wait for the seconds that Retry-After says.",
    cause: "More requests came in a short time than the route allows.",
    example: "Too many requests: try again in 12 s.",
  },
  OVERLOADED: {
    status: 503,
    title: "Overloaded",
    fix: "Wait for the seconds that Retry-After says.",
    cause: "The server has more work than it can do in time, and refuses some rather than delay all.",
    example: "The server is busy: try again in 5 s.",
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: "The database does not answer",
    fix: "Wait for the seconds that Retry-After says; nothing was changed.",
    cause: "The database cannot be reached or gave no connection in time.",
    example: "The database does not answer: try again in 5 s.",
  },
  CLUSTER_UNAVAILABLE: {
    status: 503,
    title: "The cluster does not answer",
    fix: "Wait for the seconds that Retry-After says; nothing was changed.",
    cause: "The cluster, which must say who asks and what they may do, cannot be reached or does not let the API ask.",
    example: "The cluster does not answer: try again in 5 s.",
  },
  INTERNAL_ERROR: {
    status: 500,
    title: "Internal error",
    fix: "Tell the support the request_id.",
    cause: "A fault of ours. It is in the log under the request's id.",
    example: "Something went wrong on our side.",
  },
} as const satisfies Record<string, ErrorEntry>;
