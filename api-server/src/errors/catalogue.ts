/** One kind of refusal: what a caller is told, and what its page in the docs says. */
export type ErrorEntry = {
  status: number;
  /** The same for every occurrence; a heading. */
  title: string;
  /** What the caller can do about it. */
  fix: string;
  /** For the page: how it comes about. */
  cause: string;
  /** For the page: a sentence as a caller gets it. */
  example: string;
};

/** Every refusal of the API, by its `error_code`. */
export const ERRORS = {
  TENANT_REQUIRED: {
    status: 400,
    title: "Tenant context required",
    fix: "Send X-Tenant-ID with the tenant's id or subdomain, or call the API on the tenant's subdomain.",
    cause: "Neither a header, nor the host, nor the credential says which tenant the request is about.",
    example: "Tenant context required. Include X-Tenant-ID header or use tenant subdomain.",
  },
  TENANT_AMBIGUOUS: {
    status: 400,
    title: "Two tenants named",
    fix: "Leave X-Tenant-ID out, or name the same tenant as the subdomain does.",
    cause: "X-Tenant-ID names one tenant and the host's subdomain another.",
    example: "X-Tenant-ID names 'acme', the host 'tech'.",
  },
  TENANT_NOT_FOUND: {
    status: 404,
    title: "Tenant not found",
    fix: "Check the id or the subdomain; a tenant that is being deleted answers so too.",
    cause: "No tenant has this id or subdomain, or it is being deleted or was.",
    example: "Tenant not found or inactive",
  },
  SUBDOMAIN_TAKEN: {
    status: 409,
    title: "Subdomain taken",
    fix: "Choose another subdomain.",
    cause: "Another organization has this subdomain, or had it until lately.",
    example: "The subdomain 'acme' is taken.",
  },
  MANAGED_BY_KUBECTL: {
    status: 409,
    title: "Managed by kubectl",
    fix: "Change the Tenant object in the cluster; the answer's fix is the line that does it.",
    cause: "The organization was made as a Tenant object, whose spec alone says what it is: the API would be undone.",
    example: "Tenant 'acme' is managed by kubectl: organization_name is changed in its object.",
  },
  PLAN_NEEDS_SUBSCRIPTION: {
    status: 403,
    title: "The plan needs a subscription",
    fix: "Create the organization with plan starter; its subscription changes the plan.",
    cause: "An organization that anybody may create begins with the plan starter, and only a subscription changes it.",
    example: "Plan professional needs a subscription.",
  },
  TENANT_CREATION_CLOSED: {
    status: 403,
    title: "Creation is closed",
    fix: "Ask the platform's operators for an organization.",
    cause: "This platform does not let anybody create organizations.",
    example: "Organizations are created by the platform's operators here.",
  },
  AUTHENTICATION_REQUIRED: {
    status: 401,
    title: "Authentication required",
    fix: 'Send "Authorization: Bearer TOKEN". In development: TOKEN=$(leanvibe token).',
    cause: "The request carries no credential, or one that is malformed, expired or revoked.",
    example: "This request needs a credential.",
  },
  TENANT_MISMATCH: {
    status: 403,
    title: "Credential of another tenant",
    fix: "Use a credential of the tenant that the request names, or leave X-Tenant-ID out.",
    cause: "The credential belongs to one tenant, and the header or subdomain names another.",
    example: "The credential is not one of tenant 'tech'.",
  },
  TENANT_SUSPENDED: {
    status: 403,
    title: "Tenant suspended",
    fix: "Write to the support of the platform; the reason was mailed to the owners.",
    cause: "The platform holds the tenant suspended, so that every credential of it is refused.",
    example: "This organization is suspended.",
  },
  REFRESH_RACED: {
    status: 409,
    title: "Refresh token just used",
    fix: "Use the tokens that the other request was given, or log in again.",
    cause: "Two requests brought the same refresh token within a few seconds; one of them was given the next.",
    example: "This refresh token was used a moment ago; the session goes on with its successor.",
  },
  SESSION_NOT_FOUND: {
    status: 404,
    title: "Session not found",
    fix: "List your sessions with GET /auth/sessions.",
    cause: "You have no session of this id that has not ended.",
    example: "You have no such session.",
  },
  LOGIN_FAILED: {
    status: 401,
    title: "Login failed",
    fix: "Check e-mail address, password and organization; a forgotten password can be set anew.",
    cause: "No active user of this organization has this e-mail address and password.",
    example: "E-mail address or password is wrong.",
  },
  PERMISSION_DENIED: {
    status: 403,
    title: "Not allowed",
    fix: "Ask an owner of your organization for a role that may do this.",
    cause: "The role of whoever asks does not include what the route needs.",
    example: "Role viewer may not create projects.",
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
  LOGO_NOT_FOUND: {
    status: 404,
    title: "No logo",
    fix: "Send one with PUT /api/v1/tenants/current/settings/logo.",
    cause: "Your organization has no logo.",
    example: "Your organization has no logo.",
  },
  LOGO_NOT_VALID: {
    status: 400,
    title: "Not a usable image",
    fix: "Send a PNG, JPEG or WebP image of at most 16 million pixels.",
    cause: "The bytes are no image of a kind that is taken, are damaged, or unpack to too many pixels.",
    example: "The image cannot be read.",
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
  MEMBER_NOT_FOUND: {
    status: 404,
    title: "Member not found",
    fix: "List the members with GET /api/v1/members.",
    cause: "Your organization has no member of this id.",
    example: "Member not found in your organization",
  },
  MEMBER_EXISTS: {
    status: 409,
    title: "Member exists",
    fix: "Change the member's role with PATCH /api/v1/members/{id}.",
    cause: "Somebody of your organization has this e-mail address already.",
    example: "jane@acme.example is a member of your organization already.",
  },
  LAST_OWNER: {
    status: 409,
    title: "The last owner stays",
    fix: "Make somebody else an owner first.",
    cause: "Without an active owner nobody could change or delete the organization.",
    example: "This is the one active owner of your organization.",
  },
  INVITATION_NOT_FOUND: {
    status: 404,
    title: "Invitation not found",
    fix: "List the open ones with GET /api/v1/invitations.",
    cause: "No invitation of this id waits to be accepted.",
    example: "Your organization has no such open invitation.",
  },
  INVITATION_NOT_VALID: {
    status: 400,
    title: "Invitation not valid",
    fix: "Ask who invited you for a new link.",
    cause: "The link was used, withdrawn or replaced by a newer one, or its seven days are over.",
    example: "This invitation is not valid any more.",
  },
  PROJECT_NOT_FOUND: {
    status: 404,
    title: "Project not found",
    fix: "Check the id; another organization's projects are answered so too.",
    cause: "Your organization has no project of this id, or it was deleted.",
    example: "Project not found in your organization",
  },
  PROJECT_EXISTS: {
    status: 409,
    title: "Project exists",
    fix: "Choose another name, or rename the other project.",
    cause: "Names of projects are unique in an organization; a deleted one's is free again.",
    example: "Project 'Website' already exists in your organization",
  },
  QUOTA_EXCEEDED: {
    status: 403,
    title: "Plan limit reached",
    fix: "Delete what you no longer need, or change to a larger plan.",
    cause: "The plan limits how many of these there may be at a time.",
    example: "Project limit reached (5). Upgrade to create more projects.",
  },
  PAYMENT_REQUIRED: {
    status: 402,
    title: "Payment required",
    fix: "Settle the open invoice under /billing; access returns at once.",
    cause: "An invoice is overdue, so the organization may read but not write, or is suspended.",
    example: "An invoice is overdue: changes are refused until it is paid.",
  },
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
  INTERNAL_ERROR: {
    status: 500,
    title: "Internal error",
    fix: "Tell the support the request_id.",
    cause: "A fault of ours. It is in the log under the request's id.",
    example: "Something went wrong on our side.",
  },
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
