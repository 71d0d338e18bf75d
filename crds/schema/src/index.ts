export { email } from "./atoms.ts";
export { InvalidObjectError, type KindObject, type Parsed, type Problem } from "./kind.ts";
export type { Condition, ObjectMeta } from "./metadata.ts";
export * from "./names.ts";
export {
  type Overage,
  PLAN_NAMES,
  PLANS,
  type Plan,
  type PlanCeilings,
  type PlanName,
  type PlanPrice,
} from "./plans.ts";
export * from "./quantity.ts";
export { parseTenant, TENANT, TENANTS, type Tenant, type TenantSpec, type TenantStatus } from "./tenant.ts";
export { ACCOUNT_STATES, CHILDREN_MAX, TENANT_CONDITIONS, type TenantConditionType } from "./tenant-status.ts";
