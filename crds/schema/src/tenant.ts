import { z } from "zod";
import {
  accountSubject,
  cidr,
  count,
  dnsLabel,
  email,
  labels,
  lineOfText,
  mapOf,
  quantity,
  registryPrefix,
  setOf,
  subjectName,
} from "./atoms.ts";
import { defineKind, type KindObject, parserOf } from "./kind.ts";
import { GROUP, MEMBER_ROLES, REGISTRY_ACTIONS, VERSION } from "./names.ts";
import { PLAN_NAMES, PLANS } from "./plans.ts";
import { immutable, rules } from "./rules.ts";
import {
  limitRangeRules,
  namespaceLabelRule,
  namespaceNameRule,
  namespacesWithinPlan,
  networkRules,
  ownerNameRule,
  quotaWithinPlan,
  suspendReasonRule,
  tenantNameRules,
} from "./tenant-rules.ts";
import { TENANT_CONDITIONS, tenantStatus } from "./tenant-status.ts";

const owner = z.object({
  kind: z.enum(["User", "Group"]).describe("Whether name is a person or a group."),
  name: rules(subjectName(), [ownerNameRule]).describe(
    "The user or group as your identity provider names it to Kubernetes. Nothing that begins with system:.",
  ),
});

const member = z.object({
  subject: accountSubject().describe("An account of the platform, as leanvibe:ID. Written by the API server."),
  role: z
    .enum(MEMBER_ROLES)
    .describe(
      "admin: what owners may in the namespaces. member: the same, but for changing or deleting volume claims. viewer: looking only, and at no Secret.",
    ),
});

const namespace = z.object({
  name: rules(dnsLabel(), [namespaceNameRule]).describe(
    "Name of the namespace. kube-*, default and leanvibe-system are refused.",
  ),
  labels: labels("spec.namespaces[].labels", 16, [namespaceLabelRule])
    .optional()
    .describe("Labels of your own on the namespace. Those of Kubernetes and of this platform are refused."),
  podSecurity: z
    .enum(["baseline", "restricted"])
    .default("restricted")
    .describe("Pod Security Standard enforced in the namespace. privileged cannot be had: it would leave the fence."),
});

const resourceQuota = z.object({
  cpu: quantity().optional().describe("CPU for requests and limits alike, such as 8 or 500m; not above the plan's."),
  memory: quantity().optional().describe("Memory for requests and limits alike, such as 16Gi; not above the plan's."),
  pods: count(1_000_000).optional().describe("Pods that are not finished; not above the plan's."),
  storage: quantity().optional().describe("Sum of all PersistentVolumeClaims, such as 5Gi; not above the plan's."),
});

const REQUEST_DEFAULT = { cpu: "100m", memory: "128Mi" } as const;
/** Small on purpose: at 250m and 256Mi the starter plan's 2 CPU and 4Gi still hold eight pods that set nothing. */
const LIMIT_DEFAULT = { cpu: "250m", memory: "256Mi" } as const;

const limitRange = rules(
  z.object({
    defaultRequest: z
      .object({
        cpu: quantity().default(REQUEST_DEFAULT.cpu).describe("CPU request, such as 100m."),
        memory: quantity().default(REQUEST_DEFAULT.memory).describe("Memory request, such as 128Mi."),
      })
      .default(REQUEST_DEFAULT)
      .describe("Request of a container that names none."),
    default: z
      .object({
        cpu: quantity().default(LIMIT_DEFAULT.cpu).describe("CPU limit, such as 250m."),
        memory: quantity().default(LIMIT_DEFAULT.memory).describe("Memory limit, such as 256Mi."),
      })
      .default(LIMIT_DEFAULT)
      .describe("Limit of a container that names none."),
    max: z
      .object({
        cpu: quantity().optional().describe("Largest CPU limit, such as 2."),
        memory: quantity().optional().describe("Largest memory limit, such as 4Gi."),
      })
      .optional()
      .describe("The most one container may set; omitted, only the quota bounds it."),
  }),
  limitRangeRules,
);

const networkPolicy = rules(
  z.object({
    mode: z
      .enum(["Isolated", "Custom"])
      .default("Isolated")
      .describe(
        "Isolated: traffic inside the Tenant and DNS, nothing else. Custom: that, and what the fields beside it open.",
      ),
    allowedNamespaces: setOf(dnsLabel(), 50)
      .optional()
      .describe("Namespaces outside the Tenant that may talk with its pods, both ways. Only with mode Custom."),
    egressCIDRs: setOf(cidr("spec.networkPolicy.egressCIDRs"), 50)
      .optional()
      .describe("Address ranges the Tenant's pods may reach. Only with mode Custom."),
  }),
  networkRules,
);

const registries = z.object({
  allowed: setOf(registryPrefix(), 50).describe(
    "Registries, or folders in one, that images may come from, such as registry.example.com/acme. Images without a registry come from docker.io.",
  ),
  action: z
    .enum(REGISTRY_ACTIONS)
    .default("Deny")
    .describe(
      "Of a pod with another image. Deny: it is refused. Warn: its maker is warned. Audit: the audit log says so.",
    ),
});

const tenantSpec = rules(
  immutable(
    z.object({
      organizationName: lineOfText(200).describe("The organization's name, for people."),
      plan: z
        .enum(PLAN_NAMES)
        .default("starter")
        .describe("Plan whose ceilings hold. It may be changed at any time, while what is listed fits."),
      adminEmail: email().describe("Address of the person who answers for the Tenant."),
      parentRef: z
        .object({
          name: dnsLabel().describe("The parent's name. It must not be a child itself: there are two levels."),
        })
        .optional()
        .describe(
          "The Tenant whose quota this one lives on: it is bounded by what its parent grants, and suspended with it. Fixed at creation.",
        ),
      owners: mapOf(owner, ["kind", "name"], 50)
        .optional()
        .describe("Who works in the Tenant's namespaces: workloads and configuration, never the fences around them."),
      members: mapOf(member, ["subject"], 1_000)
        .optional()
        .describe("The platform's accounts that work here, each with a role. Written by the API server."),
      namespaces: mapOf(namespace, ["name"], PLANS.enterprise.ceilings.namespaces)
        .min(1)
        .optional()
        .describe("The Tenant's namespaces. Omitted, there is one, named tenant-NAME."),
      resourceQuota: resourceQuota.optional().describe("Lowers the plan's ceilings; it cannot raise them."),
      limitRange: limitRange
        .default({ defaultRequest: REQUEST_DEFAULT, default: LIMIT_DEFAULT })
        .describe("What containers get that name no requests or limits."),
      networkPolicy: networkPolicy
        .default({ mode: "Isolated" })
        .describe("Traffic in and out of the Tenant's namespaces."),
      registries: registries
        .optional()
        .describe("Where the images of the Tenant's pods may come from. Omitted, anywhere."),
      runtimeClassName: dnsLabel()
        .optional()
        .describe("RuntimeClass that every pod must name, such as gvisor or kata. Omitted, pods may name any or none."),
      suspend: z
        .boolean()
        .default(false)
        .describe(
          "Stops everything that runs: workloads go to zero and no new pod starts. False again brings them back as they were, except bare pods.",
        ),
      suspendReason: lineOfText(200).optional().describe("Why it is suspended, for people."),
      deletionPolicy: z
        .enum(["Retain", "Delete"])
        .default("Retain")
        .describe(
          "What happens to namespaces when the Tenant goes, or when they leave the list. Retain: rights go, namespaces and fences stay. Delete: they are deleted with everything in them.",
        ),
      adopt: z
        .boolean()
        .default(false)
        .describe(
          "Take over namespaces that exist already: those kept when an earlier Tenant of this name was deleted, and those listed in spec.namespaces that are nobody's. Without it they are reported, not touched.",
        ),
    }),
    ["parentRef"],
  ),
  [namespacesWithinPlan, ...quotaWithinPlan, suspendReasonRule],
).describe("What you want.");

export const TENANT = defineKind({
  kind: "Tenant",
  plural: "tenants",
  scope: "Cluster",
  shortNames: ["lvt"],
  description:
    "A Tenant is an organization's fenced part of the cluster: namespaces with quota, limits, network policies and rights. Its name is its subdomain.",
  columns: [
    { name: "Plan", type: "string", jsonPath: ".status.plan", description: "The plan in force." },
    {
      name: "Ready",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: "Whether everything stands.",
    },
    { name: "Namespaces", type: "integer", jsonPath: ".status.namespaceCount", description: "Namespaces that stand." },
    { name: "CPU", type: "string", jsonPath: ".status.quota.cpu", description: "CPU in use, of the total." },
    { name: "Mem", type: "string", jsonPath: ".status.quota.memory", description: "Memory in use, of the total." },
    {
      name: "Network",
      type: "string",
      jsonPath: ".status.network",
      description: "Whether the cluster was seen to enforce the network policies.",
    },
    {
      name: "Suspended",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Suspended")].status',
      description: "Whether everything is at a stop.",
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since creation." },
  ],
  spec: tenantSpec,
  status: tenantStatus,
  conditions: TENANT_CONDITIONS,
  nameRules: tenantNameRules,
});

/** Where Tenants live in the API. */
export const TENANTS = {
  group: GROUP,
  version: VERSION,
  kind: TENANT.kind,
  plural: TENANT.plural,
  namespaced: false,
} as const;

export type TenantSpec = z.output<typeof tenantSpec>;
export type TenantStatus = z.output<typeof tenantStatus>;
export type Tenant = KindObject<"Tenant", TenantSpec, TenantStatus>;

/** Parses a Tenant from outside: defaults applied; otherwise an error whose problems name path, fault and fix. */
export const parseTenant = parserOf(TENANT);
