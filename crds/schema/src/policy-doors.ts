import { IS_PLATFORM_ADMIN, type Policy } from "./policy.ts";

/** A way past the fence that RBAC cannot close: the right to write the object is needed, one field of it is the way. */
interface Door {
  resource: string;
  /** What the policy is called by, where the resource has another door already. */
  name?: string;
  /** An update matters only where the field can be changed later. A pod's node is written by the scheduler. */
  operations: readonly ("CREATE" | "UPDATE")[];
  /** True when the object keeps the door shut. */
  shut: string;
  message: string;
}

/** Whoever takes a finalizer off an old pod changes no toleration, and must be let. */
const TOLERATIONS_UNCHANGED =
  "request.operation == 'UPDATE' && object.spec.?tolerations.orValue([]) == oldObject.spec.?tolerations.orValue([])";
const IS_NAMED_TAINT = "each.?key.orValue('') != '' && !each.key.startsWith('node-role.kubernetes.io/')";

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
  {
    // A node of the control plane has etcd and every Secret beside the pod. A toleration can be added to a living pod.
    resource: "pods",
    name: "tolerations",
    operations: ["CREATE", "UPDATE"],
    shut: `(${TOLERATIONS_UNCHANGED}) || object.spec.?tolerations.orValue([]).all(each, ${IS_NAMED_TAINT})`,
    message:
      "a toleration of every taint or of node-role.kubernetes.io/* reaches the nodes of the control plane; name the taint of the nodes that are meant for you",
  },
];

/** Nobody is exempt but platform admins: a controller that makes the pod makes it as the owner wrote it. */
function doorPolicy({ resource, name = resource, operations, shut, message }: Door): Policy {
  return {
    name: `leanvibe-tenant-${name}`,
    selector: "namespaceSelector",
    resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations, resources: [resource] }],
    matchConditions: [],
    variables: [],
    validations: [{ expression: `(${shut}) || ${IS_PLATFORM_ADMIN}`, message, reason: "Forbidden" }],
  };
}

export const DOOR_POLICIES: readonly Policy[] = DOORS.map(doorPolicy);
