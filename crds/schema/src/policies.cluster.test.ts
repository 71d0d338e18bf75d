import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { API_VERSION, LABELS, NETWORK_PROBE, OPERATOR_USERNAME } from "./names.ts";
import { admissionPolicies } from "./policies.ts";
import { type Answer, apply, type Call, call, eventually } from "./testing/api-server.ts";

/** May write everything the policies watch over, but not Tenants: what a careless ClusterRole gives away. */
const GROUP = "schema-test-editors";
const EDITOR = { user: "schema-test-editor", groups: [GROUP] };
/** The same rights, and Tenants: a platform admin however their cluster calls them. */
const ADMIN_GROUP = "schema-test-admins";
const ADMIN = { user: "schema-test-admin", groups: [GROUP, ADMIN_GROUP] };
const OPERATOR = { user: OPERATOR_USERNAME, groups: [GROUP] };
const NAMESPACE_CONTROLLER = { user: "system:serviceaccount:kube-system:namespace-controller", groups: [GROUP] };
/** A name of its own each run: a namespace that is going cannot be used again. */
const RUN = Date.now().toString(36);
const FENCED = `schema-test-fenced-${RUN}`;
const OPEN = `schema-test-open-${RUN}`;
const STOPPED = `schema-test-stopped-${RUN}`;
const SANDBOXED = `schema-test-sandboxed-${RUN}`;

const SANDBOX = "schema-test-sandbox";
const fenceLabels = { [LABELS.tenant]: "schema-test", "pod-security.kubernetes.io/enforce": "restricted" };
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const clusterRole = (name: string, rules: object[]) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules,
});
const clusterRoleBinding = (name: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name }],
});
const namespace = (name: string, labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { "kubernetes.io/metadata.name": name, ...labels } },
});
const quota = (labels: object, pods = "1") => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "fence", labels },
  spec: { hard: { pods } },
});

const quotas = `/api/v1/namespaces/${FENCED}/resourcequotas`;
const dryRun = (path: string) => `${path}?dryRun=All`;
const putNamespace = (name: string, labels: object): Call => ({
  method: "PUT",
  path: dryRun(`/api/v1/namespaces/${name}`),
  body: namespace(name, labels),
});
const createNamespace = (labels: object): Call => ({
  method: "POST",
  path: dryRun("/api/v1/namespaces"),
  body: namespace("schema-test-new", labels),
});
const putQuota = (labels: object, pods: string): Call => ({
  method: "PUT",
  path: dryRun(`${quotas}/fence`),
  body: quota(labels, pods),
});
const createQuota = (labels: object): Call => {
  const body = { ...quota(labels), metadata: { name: "another", labels } };
  return { method: "POST", path: dryRun(quotas), body };
};
const deleteQuota: Call = { method: "DELETE", path: dryRun(`${quotas}/fence`) };

const fencing = (group: string, kind: string, rest: object): Call => {
  const apiVersion = group === "" ? "v1" : `${group}/v1`;
  const root = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  const body = { apiVersion, kind, metadata: { name: "another", labels: fenceLabels }, ...rest };
  const plural = kind === "NetworkPolicy" ? "networkpolicies" : `${kind.toLowerCase()}s`;
  return { method: "POST", path: dryRun(`${root}/namespaces/${FENCED}/${plural}`), body };
};
const createLimits = fencing("", "LimitRange", { spec: { limits: [{ type: "Pod", max: { cpu: "1" } }] } });
const createPolicy = fencing("networking.k8s.io", "NetworkPolicy", { spec: { podSelector: {} } });
const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: GROUP };
const createBinding = fencing("rbac.authorization.k8s.io", "RoleBinding", { roleRef, subjects: [] });

/** A new object in a namespace of a Tenant, or in one of nobody's. */
const creating = (where: string, kind: string, rest: object): Call => {
  const body = { apiVersion: "v1", kind, metadata: { name: "another" }, ...rest };
  return { method: "POST", path: dryRun(`/api/v1/namespaces/${where}/${kind.toLowerCase()}s`), body };
};
const service = (spec: object) => ({ spec: { ports: [{ port: 80 }], ...spec } });
const secret = (type: string) => ({ type });
const tokenSecret = {
  ...secret("kubernetes.io/service-account-token"),
  metadata: { name: "another", annotations: { "kubernetes.io/service-account.name": "default" } },
};
const pod = (spec: object) => ({
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "main",
        image: "none",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        resources: { limits: { cpu: "1m", memory: "1Mi" } },
      },
    ],
    ...spec,
  },
});

const clinging = (reference: object) => ({
  metadata: {
    name: "another",
    ownerReferences: [
      { apiVersion: API_VERSION, kind: "Tenant", name: "a", uid: "b", blockOwnerDeletion: true, ...reference },
    ],
  },
});

const PROBE = `${NETWORK_PROBE}-client`;
const creatingRole = (name: string): Call => ({
  method: "POST",
  path: dryRun(`${rbac}/clusterroles`),
  body: clusterRole(name, []),
});
/** A role of its own name is all that a Tenant's binding may give; this one would open every namespace. */
const bindingEverywhere: Call = {
  method: "POST",
  path: dryRun(`${rbac}/clusterrolebindings`),
  body: { ...clusterRoleBinding(GROUP), metadata: { name: "leanvibe-tenant-schema-test" } },
};
const inKubeSystem = ({ path, ...call }: Call): Call => ({ ...call, path: path.replace(FENCED, "kube-system") });

const NAMESPACE_REFUSAL = "of a Tenant's namespace are its fence";
const OBJECT_REFUSAL = "are a Tenant's fence and are kept by the operator";
const refusedBy = ({ code, message }: Answer, text: string) => code === 403 && message.includes(text);

const CASES: readonly { promise: string; refusal: string; accepted: readonly Call[]; refused: readonly Call[] }[] = [
  {
    promise: "a Tenant namespace's fence labels",
    refusal: NAMESPACE_REFUSAL,
    accepted: [
      { ...putNamespace(FENCED, { ...fenceLabels, "acme.example/team": "red" }), as: EDITOR },
      { ...putNamespace(FENCED, { ...fenceLabels, "pod-security.kubernetes.io/enforce": "baseline" }), as: ADMIN },
      { ...putNamespace(FENCED, { ...fenceLabels, [LABELS.retained]: "true" }), as: OPERATOR },
      { ...putNamespace(OPEN, { "pod-security.kubernetes.io/enforce": "privileged" }), as: EDITOR },
      { ...putNamespace(OPEN, {}), as: EDITOR },
      { ...createNamespace({ "acme.example/team": "red" }), as: EDITOR },
      { ...createNamespace(fenceLabels), as: OPERATOR },
    ],
    refused: [
      { ...putNamespace(FENCED, { ...fenceLabels, "pod-security.kubernetes.io/enforce": "privileged" }), as: EDITOR },
      {
        ...putNamespace(FENCED, { ...fenceLabels, "pod-security.kubernetes.io/enforce-version": "v1.25" }),
        as: EDITOR,
      },
      { ...putNamespace(FENCED, { [LABELS.tenant]: "schema-test" }), as: EDITOR },
      { ...putNamespace(FENCED, { ...fenceLabels, [LABELS.retained]: "true" }), as: EDITOR },
      { ...putNamespace(FENCED, {}), as: EDITOR },
      // A subresource writes labels as well.
      ...["status", "finalize"].map((subresource) => ({
        ...putNamespace(FENCED, { ...fenceLabels, "pod-security.kubernetes.io/enforce": "privileged" }),
        path: dryRun(`/api/v1/namespaces/${FENCED}/${subresource}`),
        as: EDITOR,
      })),
      { ...putNamespace(OPEN, { [LABELS.tenant]: "schema-test" }), as: EDITOR },
      { ...createNamespace(fenceLabels), as: EDITOR },
    ],
  },
  {
    promise: "the objects of a Tenant's fence",
    refusal: OBJECT_REFUSAL,
    accepted: [
      { ...putQuota(fenceLabels, "2"), as: OPERATOR },
      { ...putQuota(fenceLabels, "2"), as: ADMIN },
      { ...deleteQuota, as: NAMESPACE_CONTROLLER },
      { ...deleteQuota, as: { user: "system:kube-controller-manager", groups: [GROUP] } },
      { ...createQuota({ "acme.example/team": "red" }), as: EDITOR },
      ...[createLimits, createPolicy, createBinding].map((request) => ({ ...request, as: OPERATOR })),
    ],
    refused: [
      { ...putQuota(fenceLabels, "2"), as: EDITOR },
      { ...putQuota({}, "1"), as: EDITOR },
      { ...deleteQuota, as: EDITOR },
      { method: "DELETE", path: dryRun(quotas), as: EDITOR },
      { ...createQuota(fenceLabels), as: EDITOR },
      ...[createLimits, createPolicy, createBinding].map((request) => ({ ...request, as: EDITOR })),
    ],
  },
  {
    promise: "the addresses of others",
    refusal: "spec.externalIPs draws other people's traffic",
    accepted: [
      { ...creating(FENCED, "Service", service({})), as: EDITOR },
      { ...creating(FENCED, "Service", service({ externalIPs: ["203.0.113.7"] })), as: ADMIN },
      { ...creating(OPEN, "Service", service({ externalIPs: ["203.0.113.7"] })), as: EDITOR },
    ],
    refused: [{ ...creating(FENCED, "Service", service({ externalIPs: ["203.0.113.7"] })), as: EDITOR }],
  },
  {
    promise: "the tokens of ServiceAccounts",
    refusal: "is a token that never ends",
    accepted: [{ ...creating(FENCED, "Secret", secret("Opaque")), as: EDITOR }],
    refused: [{ ...creating(FENCED, "Secret", tokenSecret), as: EDITOR }],
  },
  {
    promise: "the cluster's own pods and its scheduler",
    refusal: "leave both out",
    accepted: [{ ...creating(FENCED, "Pod", pod({})), as: EDITOR }],
    refused: [
      { ...creating(FENCED, "Pod", pod({ priorityClassName: "system-node-critical" })), as: EDITOR },
      { ...creating(FENCED, "Pod", pod({ nodeName: "any" })), as: EDITOR },
      // A controller makes the pod as its owner wrote it.
      { ...creating(FENCED, "Pod", pod({ nodeName: "any" })), as: NAMESPACE_CONTROLLER },
    ],
  },
  {
    promise: "a suspended Tenant's stillness",
    refusal: "the Tenant of this namespace is suspended",
    accepted: [
      { ...creating(FENCED, "Pod", pod({})), as: EDITOR },
      { ...creating(STOPPED, "ConfigMap", {}), as: EDITOR },
    ],
    // The controllers run an administrator's workload like anybody's, so there is no exception.
    refused: [EDITOR, NAMESPACE_CONTROLLER, OPERATOR, ADMIN].map((as) => ({
      ...creating(STOPPED, "Pod", pod({})),
      as,
    })),
  },
  {
    promise: "the sandbox that a Tenant's pods run in",
    refusal: "spec.runtimeClassName must be schema-test-sandbox in this namespace",
    accepted: [
      { ...creating(SANDBOXED, "Pod", pod({ runtimeClassName: SANDBOX })), as: EDITOR },
      { ...creating(SANDBOXED, "Pod", pod({})), as: ADMIN },
      { ...creating(FENCED, "Pod", pod({ runtimeClassName: SANDBOX })), as: EDITOR },
    ],
    refused: [{ ...creating(SANDBOXED, "Pod", pod({})), as: EDITOR }],
  },
  {
    promise: "the deletion of a Tenant",
    refusal: "would keep the Tenant from being deleted",
    accepted: [
      { ...creating(FENCED, "ConfigMap", clinging({ blockOwnerDeletion: false })), as: EDITOR },
      { ...creating(FENCED, "ConfigMap", clinging({ kind: "Pod", apiVersion: "v1" })), as: EDITOR },
      { ...creating(FENCED, "ConfigMap", clinging({})), as: ADMIN },
      { ...creating(FENCED, "ConfigMap", clinging({})), as: OPERATOR },
      { ...creating(OPEN, "ConfigMap", clinging({})), as: EDITOR },
    ],
    refused: [
      { ...creating(FENCED, "ConfigMap", clinging({})), as: EDITOR },
      { ...creating(FENCED, "Service", { ...service({}), ...clinging({}) }), as: EDITOR },
    ],
  },
  {
    promise: "the nodes of the control plane",
    refusal: "reaches the nodes of the control plane",
    accepted: [
      { ...creating(FENCED, "Pod", pod({ tolerations: [{ key: "dedicated", operator: "Exists" }] })), as: EDITOR },
      { ...creating(FENCED, "Pod", pod({ tolerations: [{ operator: "Exists" }] })), as: ADMIN },
      { ...creating(OPEN, "Pod", pod({ tolerations: [{ operator: "Exists" }] })), as: EDITOR },
    ],
    refused: [
      { ...creating(FENCED, "Pod", pod({ tolerations: [{ operator: "Exists" }] })), as: EDITOR },
      {
        ...creating(FENCED, "Pod", pod({ tolerations: [{ key: "node-role.kubernetes.io/control-plane" }] })),
        as: EDITOR,
      },
    ],
  },
  {
    promise: "the rest of the cluster from a stolen token of the operator",
    refusal: "the operator's account",
    accepted: [
      { ...createQuota(fenceLabels), as: OPERATOR },
      { ...creatingRole("leanvibe-tenant-schema-test"), as: OPERATOR },
      { ...creatingRole("anything"), as: ADMIN },
      { ...creating("leanvibe-system", "Pod", { metadata: { name: PROBE }, ...pod({}) }), as: OPERATOR },
    ],
    refused: [
      { ...creating(OPEN, "Pod", pod({})), as: OPERATOR },
      { ...creating("leanvibe-system", "Pod", pod({})), as: OPERATOR },
      {
        ...creating("leanvibe-system", "Pod", {
          metadata: { name: PROBE },
          ...pod({ serviceAccountName: "leanvibe-operator" }),
        }),
        as: OPERATOR,
      },
      { ...inKubeSystem(createBinding), as: OPERATOR },
      { ...inKubeSystem(createPolicy), as: OPERATOR },
      { ...putNamespace("kube-system", fenceLabels), as: OPERATOR },
      { method: "DELETE", path: dryRun("/api/v1/namespaces/leanvibe-system"), as: OPERATOR },
      { ...creatingRole("anything"), as: OPERATOR },
      { ...bindingEverywhere, as: OPERATOR },
    ],
  },
];

const stops = { ...fenceLabels, [LABELS.suspended]: "true" };
const sandboxes = { ...fenceLabels, [LABELS.runtimeClass]: SANDBOX };
const runtimeClass = {
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name: SANDBOX },
  handler: "none",
};

describe("admission policies on a real API server", () => {
  beforeAll(async () => {
    for (const object of admissionPolicies()) {
      const plural = object.kind === "ValidatingAdmissionPolicy" ? "policies" : "policybindings";
      await apply(`/apis/admissionregistration.k8s.io/v1/validatingadmission${plural}`, object);
    }
    const watched = {
      apiGroups: ["", "networking.k8s.io", "rbac.authorization.k8s.io"],
      resources: ["*"],
      verbs: ["*"],
    };
    await apply(`${rbac}/clusterroles`, clusterRole(GROUP, [watched]));
    const tenants = { apiGroups: ["leanvibe.io"], resources: ["tenants"], verbs: ["update"] };
    await apply(`${rbac}/clusterroles`, clusterRole(ADMIN_GROUP, [tenants]));
    for (const name of [GROUP, ADMIN_GROUP]) await apply(`${rbac}/clusterrolebindings`, clusterRoleBinding(name));
    await apply("/api/v1/namespaces", namespace(FENCED, fenceLabels));
    await apply("/api/v1/namespaces", namespace(OPEN, { "pod-security.kubernetes.io/enforce": "baseline" }));
    await apply("/api/v1/namespaces", namespace(STOPPED, stops));
    await apply("/api/v1/namespaces", namespace(SANDBOXED, sandboxes));
    await apply("/apis/node.k8s.io/v1/runtimeclasses", runtimeClass);
    await apply(quotas, quota(fenceLabels));
    for (const where of [FENCED, STOPPED, SANDBOXED]) {
      const account = `/api/v1/namespaces/${where}/serviceaccounts/default`;
      await eventually(
        async () => (await call({ method: "GET", path: account })).code === 200,
        "the default ServiceAccount",
      );
    }
    for (const { refused, refusal } of CASES) {
      const [first] = refused;
      if (first !== undefined) await eventually(async () => refusedBy(await call(first), refusal), refusal);
    }
  }, 60_000);

  afterAll(async () => {
    for (const name of [GROUP, ADMIN_GROUP]) {
      await call({ method: "DELETE", path: `${rbac}/clusterrolebindings/${name}` });
      await call({ method: "DELETE", path: `${rbac}/clusterroles/${name}` });
    }
    await call({ method: "DELETE", path: `/apis/node.k8s.io/v1/runtimeclasses/${SANDBOX}` });
    for (const name of [FENCED, OPEN, STOPPED, SANDBOXED])
      await call({ method: "DELETE", path: `/api/v1/namespaces/${name}` });
  });

  const label = ({ as, method, path, body }: Call) => `${as?.user} ${method} ${path} ${JSON.stringify(body ?? {})}`;

  test.each(CASES)("guard $promise from those who may not update Tenants", async ({ refusal, refused }) => {
    const passed: string[] = [];
    for (const request of refused) if (!refusedBy(await call(request), refusal)) passed.push(label(request));
    expect(passed).toEqual([]);
  });

  test.each(CASES)("leave everyone else's work on $promise alone", async ({ accepted }) => {
    const stopped: string[] = [];
    for (const request of accepted) {
      const { code, message } = await call(request);
      if (code >= 300) stopped.push(`${label(request)}: ${code} ${message}`);
    }
    expect(stopped).toEqual([]);
  });

  test("never keep a namespace from going: its objects may be removed by anyone entitled to", async () => {
    await call({ method: "DELETE", path: `/api/v1/namespaces/${FENCED}` });
    await eventually(async () => (await call({ ...deleteQuota, as: EDITOR })).code < 300, "a going namespace is open");
    const finalize = { ...namespace(FENCED, fenceLabels), spec: { finalizers: [] } };
    const path = dryRun(`/api/v1/namespaces/${FENCED}/finalize`);
    expect(await call({ method: "PUT", path, body: finalize, as: EDITOR })).toMatchObject({ code: 200 });
  });
});
