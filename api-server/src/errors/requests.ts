import type { ErrorEntry } from "./entry.ts";

/** The request itself, whatever it is about. */
export const REQUESTS = {
  VALIDATION_FAILED: {
    status: 400,
    title: "The request is not valid",
    fix: "Mend the fields named under errors.",
    cause: "A part of the request does not fit the route's schema; each fault is named with its place.",
    example: "body.name: must not be empty",
  },
  MALFORMED_BODY: {
    status: 400,
    title: "The body cannot be read",
    fix: "Send one JSON document in UTF-8.",
    cause: "The body is no JSON, no UTF-8, or empty where one is needed.",
    example: "The body is not valid JSON.",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: "The body is too large",
    fix: "Send less at a time.",
    cause: "The body is larger than the route takes.",
    example: "The body is larger than 1048576 bytes.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "Unsupported media type",
    fix: 'Send "Content-Type: application/json".',
    cause: "The body's media type is not one that the route takes.",
    example: "This route takes application/json.",
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: "No such route",
    fix: "Compare the method and the path with /openapi.json.",
    cause: "The API has no route of this method and path.",
    example: "There is no GET /api/v1/project.",
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    title: "If-Match is needed",
    fix: "Send If-Match with the ETag that GET answered with; * where you do not mind what stands there.",
    cause: "Without If-Match a change could undo one that somebody else made meanwhile.",
    example: "A change of the settings needs If-Match.",
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: "Changed meanwhile",
    fix: "GET it again, make your change of that, and send its ETag as If-Match.",
    cause: "What If-Match names is not what stands there now.",
    example: "Somebody else changed this since you read it.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "Idempotency-Key of another request",
    fix: "Send a new Idempotency-Key with every new request, and the old one only to repeat the same.",
    cause: "This Idempotency-Key came within the last 24 hours with another body.",
    example: "This Idempotency-Key was used for another request.",
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    title: "The same request is under way",
    fix: "Wait for the seconds that Retry-After says, and send it again to have its answer.",
    cause: "A request with this Idempotency-Key is being worked on at this moment.",
    example: "A request with this Idempotency-Key is under way.",
  },
} as const satisfies Record<string, ErrorEntry>;
