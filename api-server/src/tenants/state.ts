import { z } from "zod";
import type { ErrorCode } from "../errors/catalogue.ts";

/** What a tenant's row says of its state. */
export const tenantFacts = z.object({
  lifecycle: z.enum(["active", "pending_deletion", "deleted"]),
  /** By billing. */
  standing: z.enum(["active", "restricted", "suspended"]),
  /** By the platform, in a word such as Security. */
  hold: z.string().nullable(),
});

export type TenantFacts = z.output<typeof tenantFacts>;

/** What a route is, as far as states care. */
export type RouteKind = {
  /** It changes nothing. */
  reads: boolean;
  /** Signing in and out, billing, export, the tenant itself: what somebody needs to come out of a state. */
  wayOut: boolean;
  /** An owner asks. */
  byOwner: boolean;
};

type Answer = (route: RouteKind) => ErrorCode | undefined;

/** What each state answers to a route; undefined where the request goes on. */
const STATES = {
  active: () => undefined,
  restricted: ({ reads, wayOut }) => (reads || wayOut ? undefined : "PAYMENT_REQUIRED"),
  unpaid: ({ wayOut }) => (wayOut ? undefined : "PAYMENT_REQUIRED"),
  held: () => "TENANT_SUSPENDED",
  // Its owners may look, export and cancel; for everybody else it is gone.
  pending_deletion: ({ reads, wayOut, byOwner }) => (byOwner && (reads || wayOut) ? undefined : "TENANT_NOT_FOUND"),
  deleted: () => "TENANT_NOT_FOUND",
} as const satisfies Record<string, Answer>;

export type TenantState = keyof typeof STATES;

export const TENANT_STATES = [
  "active",
  "restricted",
  "unpaid",
  "held",
  "pending_deletion",
  "deleted",
] as const satisfies readonly TenantState[];

/** The strictest of the reasons: paying, for one, clears only what billing decided, and whom the platform holds gets out by no other door. */
export function stateOf({ lifecycle, standing, hold }: TenantFacts): TenantState {
  if (lifecycle === "deleted") return lifecycle;
  if (hold !== null) return "held";
  if (lifecycle !== "active") return lifecycle;
  return standing === "suspended" ? "unpaid" : standing;
}

/** The refusal with which a tenant meets who signs in or goes on: no reading, and needed to come out of any state. */
export function refusedEntry(tenant: TenantFacts, { role }: { role: string }): ErrorCode | undefined {
  return refusedBy(tenant, { reads: false, wayOut: true, byOwner: role === "owner" });
}

/** The refusal with which a tenant in this state meets that route, if any. */
export function refusedBy(tenant: TenantFacts, route: RouteKind): ErrorCode | undefined {
  return STATES[stateOf(tenant)](route);
}
