import type { ErrorEntry } from "./entry.ts";

/** Who asks, for which tenant, and whether they may. */
export const ACCESS = {
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
  PAYMENT_REQUIRED: {
    status: 402,
    title: "Payment required",
    fix: "Settle the open invoice under /billing; access returns at once.",
    cause: "An invoice is overdue, so the organization may read but not write, or is suspended.",
    example: "An invoice is overdue: changes are refused until it is paid.",
  },
  PERMISSION_DENIED: {
    status: 403,
    title: "Not allowed",
    fix: "Ask an owner of your organization for a role that may do this.",
    cause: "The role of whoever asks does not include what the route needs.",
    example: "Role viewer may not create projects.",
  },
  LOGIN_FAILED: {
    status: 401,
    title: "Login failed",
    fix: "Check e-mail address, password and organization; a forgotten password can be set anew.",
    cause: "No active user of this organization has this e-mail address and password.",
    example: "E-mail address or password is wrong.",
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
} as const satisfies Record<string, ErrorEntry>;
