import { ANNOTATIONS, GROUP, LABELS, OPERATOR_USERNAME, REGISTRY_ACTIONS } from "./names.ts";

/**
 * ValidatingAdmissionPolicies: what RBAC cannot say. They run inside the API server, so a dead operator blocks
 * nothing; they match narrowly, by our label on the object before or after, so nobody else's request pays for them.
 */

/**
 * Whoever may update Tenants decides about fences anyway, so they may touch what a Tenant stands for. Asking the
 * authorizer holds for every way a cluster names its administrators; a list of groups would not.
 */
const IS_PLATFORM_ADMIN = `authorizer.group('${GROUP}').resource('tenants').check('update').allowed()`;

const NOT_THE_OPERATOR = {
  name: "not-the-operator",
  expression: `request.userInfo.username != '${OPERATOR_USERNAME}'`,
} as const;

/** kube-system's controllers clean up (garbage, terminating namespaces); without own credentials they are one user. */
const NOT_A_CLUSTER_CONTROLLER = {
  name: "not-a-cluster-controller",
  expression:
    "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:') && request.userInfo.username != 'system:kube-controller-manager'",
} as const;

/** Either the old or the new object carries the label: adding and removing it are both seen. */
const TENANT_LABELLED = { matchExpressions: [{ key: LABELS.tenant, operator: "Exists" }] } as const;

const FENCE_LABEL_PREFIXES = [`${GROUP}/`, "pod-security.kubernetes.io/"] as const;

function isFenceLabel(key: string): string {
  return `(${FENCE_LABEL_PREFIXES.map((prefix) => `${key}.startsWith('${prefix}')`).join(" || ")})`;
}

/** The list of registries on a namespace; none is no registry, which allows nothing. */
function annotationOf(namespace: string): string {
  return `${namespace}.?metadata.?annotations[?'${ANNOTATIONS.registries}'].orValue('')`;
}

interface Policy {
  name: string;
  /** Which objects it looks at: by their own label, or by that of their namespace. */
  selector: "objectSelector" | "namespaceSelector";
  resourceRules: readonly {
    apiGroups: readonly string[];
    apiVersions: readonly string[];
    operations: readonly string[];
    resources: readonly string[];
  }[];
  matchConditions: readonly { name: string; expression: string }[];
  variables: readonly { name: string; expression: string }[];
  validations: readonly { expression: string; message: string; messageExpression?: string; reason: "Forbidden" }[];
  /** Which namespaces each binding holds in, and what it does; one that denies everywhere where it is left out. */
  bindings?: readonly { name: string; action: string; namespaceSelector: object }[];
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

/** A way past the fence that RBAC cannot close: the right to write the object is needed, one field of it is the way. */
interface Door {
  resource: string;
  /** An update matters only where the field can be changed later. A pod's node is written by the scheduler. */
  operations: readonly ("CREATE" | "UPDATE")[];
  /** True when the object keeps the door shut. */
  shut: string;
  message: string;
}

const DOORS: readonly Door[] = [
  {
    // CVE-2020-8554: traffic of other tenants to that address goes to this Service.
    resource: "services",
    operations: ["CREATE", "UPDATE"],
    shut: "!has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0",
    message: "spec.externalIPs draws other people's traffic; use type LoadBalancer or an Ingress",
  },
  {
    // The token controller fills it in: a token for good, of any ServiceAccount of the namespace.
    resource: "secrets",
    operations: ["CREATE"],
    shut: "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
    message:
      "a Secret of type kubernetes.io/service-account-token is a token that never ends; run a pod with the ServiceAccount, which gets one that does",
  },
  {
    resource: "pods",
    operations: ["CREATE"],
    shut: "(!has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith('system-')) && (!has(object.spec.nodeName) || object.spec.nodeName == '')",
    message:
      "spec.priorityClassName system-* evicts the cluster's own pods and spec.nodeName passes the scheduler by; leave both out",
  },
];

/** Nobody is exempt but platform admins: a controller that makes the pod makes it as the owner wrote it. */
function doorPolicy({ resource, operations, shut, message }: Door): Policy {
  return {
    name: `leanvibe-tenant-${resource}`,
    selector: "namespaceSelector",
    resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations, resources: [resource] }],
    matchConditions: [],
    variables: [],
    validations: [{ expression: `(${shut}) || ${IS_PLATFORM_ADMIN}`, message, reason: "Forbidden" }],
  };
}

const containerImages = (list: string) =>
  `object.spec.?${list}.orValue([]).map(container, container.?image.orValue(''))`;

/** One policy for all Tenants: the list is read from the pod's namespace, which its owners cannot write. */
const REGISTRIES: Policy = {
  name: "leanvibe-tenant-registries",
  selector: "namespaceSelector",
  resourceRules: [
    {
      apiGroups: [""],
      apiVersions: ["v1"],
      // An image can be changed while the pod lives, and a debug container joins by a subresource.
      operations: ["CREATE", "UPDATE"],
      resources: ["pods", "pods/ephemeralcontainers"],
    },
  ],
  matchConditions: [],
  variables: [
    { name: "allowed", expression: `${annotationOf("namespaceObject")}.split(',')` },
    {
      name: "images",
      expression: [
        containerImages("containers"),
        containerImages("initContainers"),
        containerImages("ephemeralContainers"),
        "object.spec.?volumes.orValue([]).filter(volume, has(volume.image)).map(volume, volume.image.?reference.orValue(''))",
      ].join(" + "),
    },
    {
      // As a node reads them: `nginx` is docker.io/library/nginx, `acme/web` is docker.io/acme/web.
      name: "outside",
      expression:
        "variables.images.map(image, !image.contains('/') ? 'docker.io/library/' + image : image.split('/')[0].matches('[.:]|^localhost$') ? image : 'docker.io/' + image)" +
        ".filter(image, !variables.allowed.exists(prefix, image.startsWith(prefix + '/')))",
    },
  ],
  validations: [
    {
      expression: `variables.outside.size() == 0 || ${IS_PLATFORM_ADMIN}`,
      message: "an image comes from a registry that spec.registries of the Tenant does not allow",
      messageExpression: `variables.outside.join(', ') + ': images in this namespace must come from ' + variables.allowed.join(', ') + '; use such an image, or ask for spec.registries of the Tenant to allow this one'`,
      reason: "Forbidden",
    },
  ],
  bindings: REGISTRY_ACTIONS.map((action) => ({
    name: `leanvibe-tenant-registries-${action.toLowerCase()}`,
    action,
    namespaceSelector: { matchLabels: { [LABELS.registries]: action } },
  })),
};

/** Every pod names the Tenant's RuntimeClass; the API server itself refuses a class that does not exist. */
const RUNTIME_CLASS: Policy = {
  name: "leanvibe-tenant-runtime-class",
  selector: "namespaceSelector",
  resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
  matchConditions: [],
  variables: [
    { name: "wanted", expression: `namespaceObject.?metadata.?labels[?'${LABELS.runtimeClass}'].orValue('')` },
  ],
  validations: [
    {
      expression: `object.spec.?runtimeClassName.orValue('') == variables.wanted || ${IS_PLATFORM_ADMIN}`,
      message: "spec.runtimeClassName is not the Tenant's",
      messageExpression: `'spec.runtimeClassName must be ' + variables.wanted + ' in this namespace; write it into the pod, or into the template of the workload that makes it'`,
      reason: "Forbidden",
    },
  ],
  bindings: [
    {
      name: "leanvibe-tenant-runtime-class",
      action: "Deny",
      namespaceSelector: { matchExpressions: [{ key: LABELS.runtimeClass, operator: "Exists" }] },
    },
  ],
};

/**
 * No pod starts in a suspended Tenant, whoever makes it: an administrator's Deployment is run by the same controllers as
 * an owner's, so an exception for the one would let in the other.
 */
const SUSPENDED: Policy = {
  name: "leanvibe-tenant-suspended",
  selector: "namespaceSelector",
  resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
  matchConditions: [],
  variables: [],
  validations: [
    {
      expression: "false",
      message:
        "the Tenant of this namespace is suspended: nothing new starts until it is resumed; kubectl get tenants says why in condition Suspended",
      reason: "Forbidden",
    },
  ],
  bindings: [
    {
      name: "leanvibe-tenant-suspended",
      action: "Deny",
      namespaceSelector: { matchLabels: { [LABELS.suspended]: "true" } },
    },
  ],
};

/** The policies and their bindings, ready to be applied. */
export function admissionPolicies() {
  return [NAMESPACE_LABELS, MANAGED_OBJECTS, ...DOORS.map(doorPolicy), REGISTRIES, RUNTIME_CLASS, SUSPENDED].flatMap(
    (policy) => [policyObject(policy), ...bindingObjects(policy)],
  );
}

function policyObject({ name, selector, resourceRules, bindings: _, ...rest }: Policy) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name, labels: { "app.kubernetes.io/part-of": "leanvibe" } },
    spec: {
      // A rule that cannot be judged refuses: these guard fences. It never waits for a process of ours.
      failurePolicy: "Fail",
      matchConstraints: { [selector]: TENANT_LABELLED, resourceRules },
      ...rest,
    },
  };
}

function bindingObjects({ name, bindings = [{ name, action: "Deny", namespaceSelector: {} }] }: Policy) {
  return bindings.map(({ name: bindingName, action, namespaceSelector }) => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: bindingName, labels: { "app.kubernetes.io/part-of": "leanvibe" } },
    spec: {
      policyName: name,
      validationActions: [action],
      ...(Object.keys(namespaceSelector).length === 0 ? {} : { matchResources: { namespaceSelector } }),
    },
  }));
}
