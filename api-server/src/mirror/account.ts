import { TENANT, type TenantStatus } from "@leanvibe/schema";

/** What the accounts write into a Tenant's status. */
export type Account = NonNullable<TenantStatus["account"]>;

const FIELDS = ["tenantID", "state", "message", "auditHead", "hold"] as const satisfies readonly (keyof Account)[];

/** Whether the status says that already. */
export function saysAccount(status: TenantStatus | undefined, wanted: Account): boolean {
  return FIELDS.every((field) => status?.account?.[field] === wanted[field]);
}

/** Whether the operator has seen it. */
export function isAccountReady(status: TenantStatus | undefined): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "AccountReady" && value === "True") ?? false;
}

/** A status as it is read; what cannot be read is as if it were not there. */
export function statusIn(object: { status?: unknown }): TenantStatus | undefined {
  return TENANT.status.safeParse(object.status).data;
}
