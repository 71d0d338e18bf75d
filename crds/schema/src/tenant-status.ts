import { z } from "zod";
import { count, dnsLabel, generation, lineOfText, mapOf, pascalWord, quantityText, timestamp } from "./atoms.ts";
import { condition } from "./metadata.ts";
import { PLAN_NAMES } from "./plans.ts";

/** The conditions of a Tenant, in the order a reader should look at them, each with its meaning when True. */
export const TENANT_CONDITIONS = {
  Ready: "Everything the Tenant asks for stands.",
  NamespacesReady: "Every namespace exists, is the Tenant's own and is not terminating.",
  QuotaEnforced: "Kubernetes enforces the quota of every namespace: its status.hard bounds every resource.",
  NetworkIsolated:
    "The network policies stand and the cluster was seen to enforce them; Unknown where that was never proved.",
  RBACReady: "The owners are bound in every namespace; written only after the fences are seen in force.",
  AccountReady:
    "The platform's accounts know the Tenant: it has an id, an owner to be and a first project. Absent where no API server runs.",
  Suspended: "Everything that runs is stopped, by spec.suspend, by the platform's accounts or with the parent.",
  Contested:
    "Somebody else keeps changing what the operator keeps, or started what it had stopped; the message names it. Absent where nobody does.",
  DeletionBlocked: "The Tenant is being deleted and something stands in the way; status.deletion.blockedBy names it.",
} as const;

export type TenantConditionType = keyof typeof TENANT_CONDITIONS;

/** The most namespaces any status lists: the largest plan's, plus those kept after they left the spec. */
const STATUS_NAMESPACES_MAX = 200;

/** The most children a Tenant can have. */
export const CHILDREN_MAX = 200;

/** What the platform's accounts say of a Tenant. */
export const ACCOUNT_STATES = ["Ready", "Conflict", "PendingDeletion"] as const;

/** Amounts in force, as Kubernetes quantities. */
const hard = z.object({
  cpu: quantityText().describe("CPU for requests and limits alike."),
  memory: quantityText().describe("Memory for requests and limits alike."),
  pods: count().describe("Pods that are not finished."),
  storage: quantityText().describe("Sum of all PersistentVolumeClaims."),
});

const namespaceStatus = z.object({
  name: dnsLabel().describe("The namespace."),
  uid: z
    .string()
    .max(64)
    .optional()
    .describe("Its uid. Only a namespace recorded here, or listed in the spec, is ever deleted."),
  ready: z.boolean().describe("It exists, is this Tenant's and is not terminating."),
  quotaInForce: z.boolean().describe("Kubernetes enforces its quota; owners get their rights only then."),
  retained: z
    .boolean()
    .optional()
    .describe("It left spec.namespaces and is kept, fenced and without owners (deletionPolicy Retain)."),
});

/** A UUID as PostgreSQL writes it. */
const uuidText = () =>
  z
    .string()
    .max(36)
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be a UUID in lower case");

export const tenantStatus = z
  .object({
    observedGeneration: generation().optional().describe("metadata.generation this status was written for."),
    plan: z.enum(PLAN_NAMES).optional().describe("The plan in force."),
    namespaces: mapOf(namespaceStatus, ["name"], STATUS_NAMESPACES_MAX)
      .optional()
      .describe("Each namespace and how far it is."),
    namespaceCount: count().optional().describe("Namespaces that stand, retained ones left out."),
    quota: z
      .object({
        hard: hard.describe("The Tenant's total."),
        used: hard.optional().describe("What its namespaces use of it together."),
        cpu: z.string().max(80).optional().describe("CPU as used/total, for the column."),
        memory: z.string().max(80).optional().describe("Memory as used/total, for the column."),
        time: timestamp().optional().describe("When these figures were taken; they are renewed at most every 10 s."),
        perNamespace: mapOf(
          z.object({
            namespace: dnsLabel().describe("The namespace."),
            hard: hard.describe("What it is lent of the total: more when it needs more, less when it does not."),
            used: hard.optional().describe("What it uses."),
          }),
          ["namespace"],
          STATUS_NAMESPACES_MAX,
        ).describe("How the total is lent out."),
      })
      .optional()
      .describe("Quota in force."),
    children: mapOf(
      z.object({
        name: dnsLabel().describe("The child."),
        granted: hard.describe(
          "What it may use of this Tenant's total: more when it needs more, less when it does not.",
        ),
      }),
      ["name"],
      CHILDREN_MAX,
    )
      .optional()
      .describe("Tenants whose spec.parentRef names this one, and what each is granted of the total."),
    network: z
      .enum(["Enforced", "Unproven"])
      .optional()
      .describe("Enforced where the network policies stand and this cluster was seen to enforce such; else Unproven."),
    suspended: z
      .object({
        workloads: count().describe("Workloads at a stop, to be brought back."),
        pods: count().describe("Pods that are still ending."),
      })
      .optional()
      .describe("Present while the Tenant is suspended."),
    account: z
      .object({
        tenantID: uuidText().optional().describe("By which the API knows the Tenant."),
        state: z
          .enum(ACCOUNT_STATES)
          .optional()
          .describe(
            "Ready: it can be signed in to. Conflict: the accounts have data of an earlier Tenant of this name. PendingDeletion: the data is kept until its date.",
          ),
        message: lineOfText(512).optional().describe("What the state means here, and what to do."),
        auditHead: z
          .string()
          .regex(/^[1-9][0-9]*:[0-9a-f]{64}$/)
          .max(80)
          .optional()
          .describe(
            "Number and hash of the newest batch of the Tenant's audit trail: whoever keeps it sees when the trail is changed.",
          ),
        hold: pascalWord(64)
          .optional()
          .describe(
            "One word for why the platform holds the Tenant suspended, such as Security; omitted, it does not.",
          ),
      })
      .optional()
      .describe("What the platform's accounts say. Written by the API server."),
    deletion: z
      .object({
        blockedBy: z
          .array(lineOfText(512))
          .max(50)
          .meta({ "x-kubernetes-list-type": "atomic" })
          .describe('What stands in the way, as "Kind namespace/name: why".'),
      })
      .optional()
      .describe("Present while the Tenant is being deleted."),
    conditions: mapOf(condition, ["type"], 16)
      .optional()
      .describe(`Conditions by type: ${Object.keys(TENANT_CONDITIONS).join(", ")}.`),
  })
  .describe("What the operator saw and did. Written by the operator only.");
