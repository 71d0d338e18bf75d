/** An id that pgbench, which knows only numbers, can make of one. */
export const TENANT_PREFIX = "00000000-0000-7000-8000-";

/** The id of a tenant of the benchmark: its number, in twelve digits. */
export const tenantId = (number: number) => `${TENANT_PREFIX}${String(number).padStart(12, "0")}`;
