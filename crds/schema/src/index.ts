export * from "./agent-report.ts";
export * from "./agent-stages.ts";
export {
  AGENT_TASK,
  AGENT_TASKS,
  type AgentTask,
  type AgentTaskSpec,
  type AgentTaskStatus,
  parseAgentTask,
} from "./agent-task.ts";
export { type AcceptanceCase, acceptanceCase, type SourceFile, sourceFile, workspacePath } from "./agent-task-parts.ts";
export { AGENT_TASK_CONDITIONS, type AgentTaskConditionType } from "./agent-task-status.ts";
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
export { isSimple } from "./simple.ts";
export { parseTenant, TENANT, TENANTS, type Tenant, type TenantSpec, type TenantStatus } from "./tenant.ts";
export { ACCOUNT_STATES, CHILDREN_MAX, TENANT_CONDITIONS, type TenantConditionType } from "./tenant-status.ts";
