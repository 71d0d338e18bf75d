import { isDnsLabel } from "./atoms.ts";
import { GROUP, SYSTEM_NAMESPACE, TENANT_NAME_MAX_LENGTH } from "./names.ts";
import { PLAN_NAMES, PLANS, type PlanCeilings, type PlanName } from "./plans.ts";
import { compareQuantities } from "./quantity.ts";
import type { Rule } from "./rules.ts";

/** The rules of a Tenant that look at more than one field, and those whose wording comes from a table. */

/** Amounts a person may set on both sides of a comparison. */
interface Amounts {
  cpu?: string | undefined;
  memory?: string | undefined;
}

const AMOUNTS = ["cpu", "memory"] as const;

/** A Tenant's name is its subdomain and the tail of its namespace's name. */
export const tenantNameRules: readonly Rule<string>[] = [
  {
    rule: `size(self.metadata.name) <= ${TENANT_NAME_MAX_LENGTH} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
    message: `metadata.name is the Tenant's subdomain and must be a DNS label of at most ${TENANT_NAME_MAX_LENGTH} characters that begins with a letter; choose a name such as acme`,
    test: (name) => isDnsLabel(name, TENANT_NAME_MAX_LENGTH) && /^[a-z]/.test(name),
  },
];

const RESERVED_NAMESPACES = ["default", SYSTEM_NAMESPACE] as const;

/** Namespaces that hold the cluster or the platform itself. */
export const namespaceNameRule: Rule<string> = {
  rule: `!self.startsWith('kube-') && !(self in ${celList(RESERVED_NAMESPACES)})`,
  message: `spec.namespaces[].name must not be kube-*, ${RESERVED_NAMESPACES.join(" or ")}, which belong to the cluster; choose another name`,
  test: (name) => !name.startsWith("kube-") && !RESERVED_NAMESPACES.some((reserved) => reserved === name),
};

const RESERVED_LABEL_PREFIXES = [`${GROUP}/`, "pod-security.kubernetes.io/", "kubernetes.io/", "k8s.io/"] as const;

/** Labels that open or close fences may not be set through a Tenant's own labels. */
export const namespaceLabelRule: Rule<Record<string, string>> = {
  rule: `self.all(key, ${RESERVED_LABEL_PREFIXES.map((prefix) => `!key.startsWith('${prefix}')`).join(" && ")})`,
  message: `spec.namespaces[].labels must not hold ${RESERVED_LABEL_PREFIXES.map((prefix) => `${prefix}*`).join(", ")}, which the platform sets; use spec.namespaces[].podSecurity, or a key under a domain of your own`,
  test: (labels) =>
    Object.keys(labels).every((key) => !RESERVED_LABEL_PREFIXES.some((prefix) => key.startsWith(prefix))),
};

/** `system:masters` and its like would hand a Tenant the cluster. */
export const ownerNameRule: Rule<string> = {
  rule: "!self.startsWith('system:')",
  message:
    "spec.owners[].name must not begin with system:, which names Kubernetes' own users and groups; name a person or a group of your identity provider",
  test: (name) => !name.startsWith("system:"),
};

/** A reason beside a Tenant that runs would read as if it were suspended. */
export const suspendReasonRule: Rule<{ suspend: boolean; suspendReason?: string | undefined }> = {
  rule: "self.suspend || !has(self.suspendReason)",
  message:
    "spec.suspendReason has no meaning while spec.suspend is false; set spec.suspend to true or remove the reason",
  test: ({ suspend, suspendReason }) => suspend || suspendReason === undefined,
  field: "suspendReason",
};

interface PlannedSpec {
  plan: PlanName;
  namespaces?: readonly unknown[] | undefined;
  resourceQuota?: QuotaSpec | undefined;
}

interface QuotaSpec extends Amounts {
  pods?: number | undefined;
  storage?: string | undefined;
}

/** No more namespaces than the plan allows; also refuses lowering the plan below what is listed. */
export const namespacesWithinPlan: Rule<PlannedSpec> = {
  rule: `!has(self.namespaces) || size(self.namespaces) <= ${celPlanTable("namespaces")}[self.plan]`,
  message: `spec.namespaces lists more namespaces than spec.plan allows (${planFigures("namespaces")}); take namespaces off the list or choose a larger plan`,
  test: ({ plan, namespaces }) => (namespaces?.length ?? 0) <= PLANS[plan].ceilings.namespaces,
  field: "namespaces",
};

/** spec.resourceQuota lowers the plan's ceilings and never raises them. */
export const quotaWithinPlan: readonly Rule<PlannedSpec>[] = [
  quantityWithinPlan("cpu"),
  quantityWithinPlan("memory"),
  quantityWithinPlan("storage"),
  {
    ...quotaRule("pods", `self.resourceQuota.pods <= ${celPlanTable("pods")}[self.plan]`),
    test: ({ plan, resourceQuota }) => (resourceQuota?.pods ?? 0) <= PLANS[plan].ceilings.pods,
  },
];

function quantityWithinPlan(resource: "cpu" | "memory" | "storage"): Rule<PlannedSpec> {
  const ceiling = `quantity(${celPlanTable(resource)}[self.plan])`;
  return {
    ...quotaRule(resource, `quantity(string(self.resourceQuota.${resource})).compareTo(${ceiling}) <= 0`),
    test: ({ plan, resourceQuota }) =>
      compareQuantities(resourceQuota?.[resource] ?? "0", PLANS[plan].ceilings[resource]) <= 0,
  };
}

function quotaRule(resource: keyof QuotaSpec, within: string): Omit<Rule<PlannedSpec>, "test"> {
  return {
    rule: `!has(self.resourceQuota) || !has(self.resourceQuota.${resource}) || ${within}`,
    message: `spec.resourceQuota.${resource} exceeds what spec.plan allows (${planFigures(resource)}); lower it or choose a larger plan`,
    field: `resourceQuota.${resource}`,
  };
}

interface LimitRangeSpec {
  defaultRequest: Amounts;
  default: Amounts;
  max?: Amounts | undefined;
}

/** A LimitRange whose defaults contradict each other is refused by Kubernetes, or lets no pod start. */
export const limitRangeRules: readonly Rule<LimitRangeSpec>[] = AMOUNTS.flatMap((resource) => [
  {
    rule: `quantity(string(self.defaultRequest.${resource})).compareTo(quantity(string(self.default.${resource}))) <= 0`,
    message: `spec.limitRange.defaultRequest.${resource} exceeds spec.limitRange.default.${resource}; a container may not request more than its limit, so lower the request or raise the limit`,
    test: (limits) => notAbove(limits.defaultRequest[resource], limits.default[resource]),
    field: `defaultRequest.${resource}`,
  },
  {
    rule: `!has(self.max) || !has(self.max.${resource}) || quantity(string(self.default.${resource})).compareTo(quantity(string(self.max.${resource}))) <= 0`,
    message: `spec.limitRange.default.${resource} exceeds spec.limitRange.max.${resource}, so a container without limits could not start; lower the default or raise the maximum`,
    test: (limits) => notAbove(limits.default[resource], limits.max?.[resource]),
    field: `default.${resource}`,
  },
]);

/** An absent side bounds nothing. */
function notAbove(lower: string | undefined, upper: string | undefined): boolean {
  return lower === undefined || upper === undefined || compareQuantities(lower, upper) <= 0;
}

interface NetworkSpec {
  mode: "Isolated" | "Custom";
  allowedNamespaces?: readonly string[] | undefined;
  egressCIDRs?: readonly string[] | undefined;
}

/** Openings beside mode Isolated would read as if they were in force. */
export const networkRules: readonly Rule<NetworkSpec>[] = (["allowedNamespaces", "egressCIDRs"] as const).map(
  (field) => ({
    rule: `self.mode == 'Custom' || !has(self.${field})`,
    message: `spec.networkPolicy.${field} has no effect with mode Isolated; set spec.networkPolicy.mode to Custom or remove it`,
    test: (network) => network.mode === "Custom" || network[field] === undefined,
    field,
  }),
);

/** The plan table's column as a CEL map: `{'starter': 1, ...}`. */
function celPlanTable(ceiling: keyof PlanCeilings): string {
  const figures = PLAN_NAMES.map((plan) => {
    const figure = PLANS[plan].ceilings[ceiling];
    return `'${plan}': ${typeof figure === "number" ? figure : `'${figure}'`}`;
  });
  return `{${figures.join(", ")}}`;
}

/** The plan table's column for people: `starter 1, professional 5, enterprise 50`. */
function planFigures(ceiling: keyof PlanCeilings): string {
  return PLAN_NAMES.map((plan) => `${plan} ${PLANS[plan].ceilings[ceiling]}`).join(", ");
}

function celList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(", ")}]`;
}
