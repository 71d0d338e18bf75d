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
};

type Answer = (route: RouteKind) => ErrorCode | undefined;

/** What each state answers to a route; undefined where the request goes on. */
const STATES = {
  active: () => undefined,
  restricted: ({ reads, wayOut }) => (reads || wayOut ? undefined : "PAYMENT_REQUIRED"),
  unpaid: ({ wayOut }) => (wayOut ? undefined : "PAYMENT_REQUIRED"),
  held: () => "TENANT_SUSPENDED",
  // Its owner may look, export and cancel.
  pending_deletion: ({ wayOut }) => (wayOut ? undefined : "TENANT_NOT_FOUND"),
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

/** The strictest of the reasons: paying, for one, clears only what billing decided. */
export function stateOf({ lifecycle, standing, hold }: TenantFacts): TenantState {
  if (lifecycle !== "active") return lifecycle;
  if (hold !== null) return "held";
  return standing === "suspended" ? "unpaid" : standing;
}

/** The refusal with which a tenant in this state meets that route, if any. */
export function refusedBy(tenant: TenantFacts, route: RouteKind): ErrorCode | undefined {
  return STATES[stateOf(tenant)](route);
}
