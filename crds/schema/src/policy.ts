import { ANNOTATIONS, GROUP, LABELS, OPERATOR_USERNAME } from "./names.ts";

/**
 * ValidatingAdmissionPolicies: what RBAC cannot say. They run inside the API server, so a dead operator blocks
 * nothing; they match narrowly, by our label on the object before or after, so nobody else's request pays for them.
 */

/**
 * Whoever may update Tenants decides about fences anyway, so they may touch what a Tenant stands for. Asking the
 * authorizer holds for every way a cluster names its administrators; a list of groups would not.
 */
export const IS_PLATFORM_ADMIN = `authorizer.group('${GROUP}').resource('tenants').check('update').allowed()`;

export const NOT_THE_OPERATOR = {
  name: "not-the-operator",
  expression: `request.userInfo.username != '${OPERATOR_USERNAME}'`,
} as const;

/** kube-system's controllers clean up (garbage, terminating namespaces); without own credentials they are one user. */
export const NOT_A_CLUSTER_CONTROLLER = {
  name: "not-a-cluster-controller",
  expression:
    "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:') && request.userInfo.username != 'system:kube-controller-manager'",
} as const;

/** Either the old or the new object carries the label: adding and removing it are both seen. */
const TENANT_LABELLED = { matchExpressions: [{ key: LABELS.tenant, operator: "Exists" }] } as const;

/** The list of registries on a namespace; none is no registry, which allows nothing. */
export function annotationOf(namespace: string): string {
  return `${namespace}.?metadata.?annotations[?'${ANNOTATIONS.registries}'].orValue('')`;
}

export interface Policy {
  name: string;
  /** Which objects it looks at: by their own label, by that of their namespace, or all of the kinds. */
  selector: "objectSelector" | "namespaceSelector" | "everything";
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

/** The policy and its bindings, ready to be applied. */
export function policyManifests(policy: Policy) {
  return [policyObject(policy), ...bindingObjects(policy)];
}

function policyObject({ name, selector, resourceRules, bindings: _, ...rest }: Policy) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name, labels: { "app.kubernetes.io/part-of": "leanvibe" } },
    spec: {
      // A rule that cannot be judged refuses: these guard fences. It never waits for a process of ours.
      failurePolicy: "Fail",
      matchConstraints: { ...(selector === "everything" ? {} : { [selector]: TENANT_LABELLED }), resourceRules },
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
