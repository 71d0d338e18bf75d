import { ANNOTATIONS, GROUP, LABELS } from "./names.ts";
import {
  annotationOf,
  IS_PLATFORM_ADMIN,
  NOT_A_CLUSTER_CONTROLLER,
  NOT_THE_OPERATOR,
  type Policy,
  policyManifests,
} from "./policy.ts";
import { AGENT_POLICIES } from "./policy-agents.ts";
import { API_POLICIES } from "./policy-api.ts";
import { DOOR_POLICIES } from "./policy-doors.ts";
import { OPERATOR_POLICIES } from "./policy-operator.ts";
import { POD_POLICIES } from "./policy-pods.ts";

const FENCE_LABEL_PREFIXES = [`${GROUP}/`, "pod-security.kubernetes.io/"] as const;

function isFenceLabel(key: string): string {
  return `(${FENCE_LABEL_PREFIXES.map((prefix) => `${key}.startsWith('${prefix}')`).join(" || ")})`;
}

const NAMESPACE_LABELS: Policy = {
  name: "leanvibe-namespace-labels",
  selector: "objectSelector",
  resourceRules: [
    {
      apiGroups: [""],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE"],
      // A subresource writes metadata as well: without them a right on namespaces/status would lift the fence.
      resources: ["namespaces", "namespaces/status", "namespaces/finalize"],
    },
  ],
  matchConditions: [NOT_THE_OPERATOR],
  variables: [
    { name: "before", expression: "oldObject == null ? {} : oldObject.?metadata.?labels.orValue({})" },
    { name: "after", expression: "object.?metadata.?labels.orValue({})" },
    {
      name: "fencesUnchanged",
      expression: [
        `variables.after.all(key, !${isFenceLabel("key")} || (key in variables.before && variables.before[key] == variables.after[key]))`,
        `variables.before.all(key, !${isFenceLabel("key")} || key in variables.after)`,
      ].join(" && "),
    },
  ],
  validations: [
    {
      expression: `${annotationOf("object")} == (oldObject == null ? '' : ${annotationOf("oldObject")}) || ${IS_PLATFORM_ADMIN}`,
      message: `annotation ${ANNOTATIONS.registries} of a Tenant's namespace is its fence and is set by the operator; change spec.registries of the Tenant`,
      reason: "Forbidden",
    },
    {
      expression: `variables.fencesUnchanged || ${IS_PLATFORM_ADMIN}`,
      message: `labels ${FENCE_LABEL_PREFIXES.map((prefix) => `${prefix}*`).join(" and ")} of a Tenant's namespace are its fence and are set by the operator; change the Tenant, or ask someone who may update Tenants`,
      reason: "Forbidden",
    },
  ],
};

const MANAGED_OBJECTS: Policy = {
  name: "leanvibe-managed-objects",
  selector: "objectSelector",
  resourceRules: [
    {
      apiGroups: [""],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE", "DELETE"],
      resources: ["resourcequotas", "limitranges"],
    },
    {
      apiGroups: ["networking.k8s.io"],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE", "DELETE"],
      resources: ["networkpolicies"],
    },
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE", "DELETE"],
      resources: ["rolebindings"],
    },
  ],
  matchConditions: [NOT_THE_OPERATOR, NOT_A_CLUSTER_CONTROLLER],
  variables: [
    {
      // Some distributions clean up under names of their own; nothing of a namespace that goes is worth blocking it.
      name: "namespaceIsGoing",
      expression: "namespaceObject != null && has(namespaceObject.metadata.deletionTimestamp)",
    },
  ],
  validations: [
    {
      expression: `variables.namespaceIsGoing || ${IS_PLATFORM_ADMIN}`,
      message: `objects labelled ${LABELS.tenant} are a Tenant's fence and are kept by the operator; change the Tenant, or use an object of your own without that label`,
      reason: "Forbidden",
    },
  ],
};

const clingsToItsTenant = (object: string) =>
  `${object}.?metadata.?ownerReferences.orValue([]).exists(each, each.kind == 'Tenant' && each.apiVersion.startsWith('${GROUP}/') && each.?blockOwnerDeletion.orValue(false))`;

/**
 * Whoever can make any object could name its Tenant the owner and keep it from ever going: deleted in the foreground, it
 * waits for such an object, and a finalizer keeps the object. Kubernetes' own check of this is switched off by default.
 */
const OWNER_REFERENCES: Policy = {
  name: "leanvibe-owner-references",
  selector: "namespaceSelector",
  resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: ["*"] }],
  matchConditions: [
    NOT_THE_OPERATOR,
    {
      // Of every object of a Tenant; so only where the reference is new, and what has one can still be let go.
      name: "begins-to-cling",
      expression: `${clingsToItsTenant("object")} && (oldObject == null || !${clingsToItsTenant("oldObject")})`,
    },
  ],
  variables: [],
  validations: [
    {
      expression: IS_PLATFORM_ADMIN,
      message:
        "an ownerReference to a Tenant with blockOwnerDeletion would keep the Tenant from being deleted; leave blockOwnerDeletion out",
      reason: "Forbidden",
    },
  ],
};

/** The policies and their bindings, ready to be applied. */
export function admissionPolicies() {
  return [
    NAMESPACE_LABELS,
    MANAGED_OBJECTS,
    OWNER_REFERENCES,
    ...OPERATOR_POLICIES,
    ...API_POLICIES,
    ...DOOR_POLICIES,
    ...POD_POLICIES,
    ...AGENT_POLICIES,
  ].flatMap(policyManifests);
}
