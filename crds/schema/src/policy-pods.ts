import { LABELS, REGISTRY_ACTIONS } from "./names.ts";
import { annotationOf, IS_PLATFORM_ADMIN, type Policy } from "./policy.ts";

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
      // An agent's image is the platform's; who may carry its label, another policy says.
      expression: `variables.outside.size() == 0 || '${LABELS.agent}' in object.metadata.?labels.orValue({}) || ${IS_PLATFORM_ADMIN}`,
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
        "the Tenant of this namespace is suspended: nothing new starts until it is resumed; the condition Suspended of the Tenant says why",
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

/** What the Tenant says about every pod of its namespaces. */
export const POD_POLICIES: readonly Policy[] = [REGISTRIES, RUNTIME_CLASS, SUSPENDED];
