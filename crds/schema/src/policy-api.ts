import { AGENT_TASKS } from "./agent-task.ts";
import { agentTaskStatus } from "./agent-task-status.ts";
import { AGENT_PREFIX, ANNOTATIONS, API_USERNAME, FINALIZERS, GROUP, LABELS, VERSION } from "./names.ts";
import { IS_PLATFORM_ADMIN, type Policy } from "./policy.ts";
import { TENANTS } from "./tenant.ts";
import { tenantStatus } from "./tenant-status.ts";

/**
 * What the HTTP API's own account may not do to Tenants. RBAC gives it whole objects; some of their fields are the
 * operator's or a person's, and whoever steals its token must not reach further by them.
 */

const IS_THE_API = {
  name: "the-api",
  expression: `request.userInfo.username == '${API_USERNAME}'`,
} as const;

const onOurs = (resource: string, ...operations: readonly string[]) => ({
  selector: "everything" as const,
  resourceRules: [{ apiGroups: [GROUP], apiVersions: [VERSION], operations, resources: [resource] }],
  matchConditions: [IS_THE_API],
});

/** The one field of a Tenant's status that the API writes. */
const ACCOUNT = "account";

const STATUS: Policy = {
  ...onOurs(`${TENANTS.plural}/status`, "UPDATE"),
  name: "leanvibe-api-status",
  variables: [],
  validations: [
    {
      // Field by field, so that the API server can check the types.
      expression: Object.keys(tenantStatus.shape)
        .filter((field) => field !== ACCOUNT)
        .map((field) => `object.?status.?${field} == oldObject.?status.?${field}`)
        .join(" && "),
      message: `the API's account writes status.${ACCOUNT} of a Tenant; the rest of its status is the operator's`,
      reason: "Forbidden",
    },
  ],
};

/** A switch of the spec as it was; of a Tenant that is new, off. */
const before = (field: string) => `(oldObject != null && oldObject.spec.?${field}.orValue(false))`;

const announced = (object: string) => `${object}.metadata.?annotations[?'${ANNOTATIONS.namespaces}'].orValue('')`;

const finalized = (object: string) => `'${FINALIZERS.tenant}' in ${object}.metadata.?finalizers.orValue([])`;

const OBJECT: Policy = {
  ...onOurs(TENANTS.plural, "CREATE", "UPDATE"),
  name: "leanvibe-api-tenants",
  variables: [],
  validations: [
    {
      expression: `object.spec.?suspend.orValue(false) == ${before("suspend")}`,
      message: `the API's account suspends by status.${ACCOUNT}.hold; spec.suspend is for people`,
      reason: "Forbidden",
    },
    {
      // With it and an owner of its choice it could open any namespace that is nobody's.
      expression: `!object.spec.?adopt.orValue(false) || ${before("adopt")}`,
      message: "the API's account may take over no namespace; who may, sets spec.adopt by kubectl",
      reason: "Forbidden",
    },
    {
      // By it the operator knows which namespaces it may have made, and so may delete.
      expression: `${announced("object")} == (oldObject == null ? '' : ${announced("oldObject")})`,
      message: `annotation ${ANNOTATIONS.namespaces} of a Tenant is the operator's`,
      reason: "Forbidden",
    },
    {
      expression: `oldObject == null || !(${finalized("oldObject")}) || ${finalized("object")}`,
      message: `finalizer ${FINALIZERS.tenant} of a Tenant is the operator's: without it rights would stay when the Tenant goes`,
      reason: "Forbidden",
    },
  ],
};

const unchanged = (path: string) => `object.?status.${path} == oldObject.?status.${path}`;

const { artifact } = agentTaskStatus.shape;

/** The one field of an AgentTask's status that the API writes. */
const COLLECTED = "collectedAt";

const TASK_STATUS: Policy = {
  ...onOurs(`${AGENT_TASKS.plural}/status`, "UPDATE"),
  name: "leanvibe-api-task-status",
  variables: [],
  validations: [
    {
      expression: [
        ...Object.keys(agentTaskStatus.shape).filter((field) => field !== "artifact"),
        ...Object.keys(artifact.unwrap().shape)
          .filter((field) => field !== COLLECTED)
          .map((field) => `artifact.?${field}`),
      ]
        .map((field) => unchanged(`?${field}`))
        .join(" && "),
      message: `the API's account writes status.artifact.${COLLECTED} of an AgentTask; the rest of its status is the operator's`,
      reason: "Forbidden",
    },
  ],
};

const IN_A_TENANTS_NAMESPACE = `namespaceObject != null && '${LABELS.tenant}' in namespaceObject.metadata.?labels.orValue({})`;

/** Both objects' values, of which neither need be there. */
const same = (path: string) => `object.${path} == oldObject.${path}`;

const TASKS: Policy = {
  ...onOurs(AGENT_TASKS.plural, "CREATE", "UPDATE"),
  name: "leanvibe-api-tasks",
  variables: [],
  validations: [
    {
      expression: `request.operation == 'UPDATE' || (${IN_A_TENANTS_NAMESPACE})`,
      message: "the API's account makes AgentTasks in Tenants' namespaces only",
      reason: "Forbidden",
    },
    {
      // All else of the spec nobody changes.
      expression: `request.operation == 'CREATE' || (${["spec.?ttlSecondsAfterFinished", "metadata.?annotations", "metadata.?labels", "metadata.?finalizers", "metadata.?ownerReferences"].map(same).join(" && ")})`,
      message: "the API's account changes spec.desiredState of an AgentTask and nothing else",
      reason: "Forbidden",
    },
  ],
};

const taskId = (object: string) => `${object}.metadata.?annotations[?'${ANNOTATIONS.taskId}'].orValue('')`;

/** By it the API knows the object of a row again. Who could write it would be worked for in another's name. */
const TASK_IDS: Policy = {
  selector: "everything",
  resourceRules: [
    {
      apiGroups: [GROUP],
      apiVersions: [VERSION],
      operations: ["CREATE", "UPDATE"],
      // A subresource writes metadata as well.
      resources: [AGENT_TASKS.plural, `${AGENT_TASKS.plural}/status`],
    },
  ],
  matchConditions: [{ name: "not-the-api", expression: `!(${IS_THE_API.expression})` }],
  name: "leanvibe-task-ids",
  variables: [],
  validations: [
    {
      expression: `${taskId("object")} == (oldObject == null ? '' : ${taskId("oldObject")}) || ${IS_PLATFORM_ADMIN}`,
      message: `annotation ${ANNOTATIONS.taskId} of an AgentTask is the API's; leave it out`,
      reason: "Forbidden",
    },
  ],
};

/** What it has collected it takes away. RBAC cannot say of which names. */
const CONFIG_MAPS: Policy = {
  selector: "everything",
  resourceRules: [
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE", "DELETE"], resources: ["configmaps"] },
  ],
  matchConditions: [IS_THE_API],
  name: "leanvibe-api-configmaps",
  variables: [],
  validations: [
    {
      expression: `request.operation == 'DELETE' && request.name.startsWith('${AGENT_PREFIX}') && ${IN_A_TENANTS_NAMESPACE}`,
      message: "the API's account deletes agents' ConfigMaps in Tenants' namespaces, and writes none",
      reason: "Forbidden",
    },
  ],
};

export const API_POLICIES: readonly Policy[] = [STATUS, OBJECT, TASKS, TASK_IDS, TASK_STATUS, CONFIG_MAPS];
