import { KINDS, type Kind } from "@leanvibe/runtime";
import { CLUSTER_ROLES } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { rbacManifests } from "../../operator/src/rbac.ts";
import { apiOf, connectAs, DEPLOYMENTS, PODS, TENANTS } from "../harness/cluster.ts";
import { type Attack, CONTAINER, isHeldBy, OWNER, object, ownedTenant, rightsIn, rightsOf } from "../harness/owner.ts";

const MEMBER = "leanvibe:01hzz1111111111111111member";
const VIEWER = "leanvibe:01hzz2222222222222222viewer";
const tenant = ownedTenant(() => ({
  members: [
    { subject: MEMBER, role: "member" },
    { subject: VIEWER, role: "viewer" },
  ],
}));
const { ask, inside, mine, theirs } = tenant;

const CLAIMS: Kind = { ...PODS, kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" };
const RBAC_API = "/apis/rbac.authorization.k8s.io/v1";
const core = `/api/v1/namespaces/${inside}`;
const other = `/api/v1/namespaces/tenant-${theirs}`;
const system = "/api/v1/namespaces/leanvibe-system";
const netpols = `/apis/networking.k8s.io/v1/namespaces/${inside}/networkpolicies`;
const bindings = `${RBAC_API}/namespaces/${inside}/rolebindings`;

/** Fences: bounds, policies, the namespace and the Tenant themselves. */
const FENCES: readonly Attack[] = [
  [
    "raises its own quota",
    "RBAC",
    () => ask("PATCH", `${core}/resourcequotas/leanvibe`, { spec: { hard: { pods: "9999" } } }),
  ],
  [
    "raises what its quota says is in force",
    "RBAC",
    () => ask("PATCH", `${core}/resourcequotas/leanvibe/status`, { status: { hard: { pods: "9999" } } }),
  ],
  ["deletes its quota", "RBAC", () => ask("DELETE", `${core}/resourcequotas/leanvibe`)],
  ["deletes all its quotas", "RBAC", () => ask("DELETE", `${core}/resourcequotas`)],
  ["deletes its limits", "RBAC", () => ask("DELETE", `${core}/limitranges/leanvibe`)],
  ["adds limits of its own", "RBAC", () => ask("POST", `${core}/limitranges`, {})],
  ["deletes its isolation", "RBAC", () => ask("DELETE", `${netpols}/leanvibe-isolation`)],
  ["opens its isolation", "RBAC", () => ask("PATCH", `${netpols}/leanvibe-isolation`, { spec: { ingress: [{}] } })],
  ["adds a policy that opens everything", "RBAC", () => ask("POST", netpols, {})],
  ["makes a policy of ours before the operator does", "RBAC", () => ask("PUT", `${netpols}/leanvibe-custom`, {})],
  [
    "relabels its namespace to the privileged level",
    "RBAC",
    () =>
      ask("PATCH", `/api/v1/namespaces/${inside}`, {
        metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
      }),
  ],
  ["relabels it by a subresource", "RBAC", () => ask("PATCH", `/api/v1/namespaces/${inside}/status`, {})],
  ["takes its namespace's finalizer away", "RBAC", () => ask("PUT", `/api/v1/namespaces/${inside}/finalize`, {})],
  ["makes a namespace outside every fence", "RBAC", () => ask("POST", "/api/v1/namespaces", {})],
  ["deletes its namespace", "RBAC", () => ask("DELETE", `/api/v1/namespaces/${inside}`)],
  ["edits its own Tenant", "RBAC", () => tenant.jane.patch(TENANTS, { name: mine }, { spec: { plan: "enterprise" } })],
  ["writes its Tenant's status", "RBAC", () => ask("PATCH", `/apis/leanvibe.io/v1alpha1/tenants/${mine}/status`, {})],
  ["makes a Tenant for itself", "RBAC", () => ask("POST", "/apis/leanvibe.io/v1alpha1/tenants", {})],
  ["deletes its Tenant", "RBAC", () => ask("DELETE", `/apis/leanvibe.io/v1alpha1/tenants/${mine}`)],
];

/** More rights, or somebody else's. */
const IDENTITIES: readonly Attack[] = [
  ["binds itself to cluster-admin in its namespace", "RBAC", () => ask("POST", bindings, {})],
  ["adds a friend to its owners", "RBAC", () => ask("PATCH", `${bindings}/leanvibe-owners`, { subjects: [] })],
  ["makes a role with more rights", "RBAC", () => ask("POST", `${RBAC_API}/namespaces/${inside}/roles`, {})],
  ["binds itself to cluster-admin everywhere", "RBAC", () => ask("POST", `${RBAC_API}/clusterrolebindings`, {})],
  ["makes a role that aggregates others", "RBAC", () => ask("POST", `${RBAC_API}/clusterroles`, {})],
  [
    "widens the owners' role",
    "RBAC",
    () => ask("PATCH", `${RBAC_API}/clusterroles/${CLUSTER_ROLES.owner}`, { rules: [] }),
  ],
  ["asks for a token of its ServiceAccount", "RBAC", () => ask("POST", `${core}/serviceaccounts/default/token`, {})],
  ["asks for the operator's token", "RBAC", () => ask("POST", `${system}/serviceaccounts/leanvibe-operator/token`, {})],
  ["makes a ServiceAccount", "RBAC", () => ask("POST", `${core}/serviceaccounts`, {})],
  [
    "gives its ServiceAccount a cloud identity by annotation",
    "RBAC",
    () => ask("PATCH", `${core}/serviceaccounts/default`, { metadata: { annotations: { "example.com/role": "x" } } }),
  ],
  [
    "makes a Secret that becomes a ServiceAccount's endless token",
    "leanvibe-tenant-secrets",
    () =>
      ask("POST", `${core}/secrets`, {
        metadata: { name: "forever", annotations: { "kubernetes.io/service-account.name": "default" } },
        type: "kubernetes.io/service-account-token",
      }),
  ],
  [
    "asks for a certificate of another user",
    "RBAC",
    () => ask("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests", {}),
  ],
  ["has a token of somebody judged", "RBAC", () => ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {})],
  [
    "asks what others may do",
    "RBAC",
    () => ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: { user: "joe@example.com" } }),
  ],
];

/** Beyond the namespace. */
const REACH: readonly Attack[] = [
  ["lists all Tenants", "RBAC", () => tenant.jane.list(TENANTS, "")],
  ["reads another Tenant", "RBAC", () => tenant.jane.get(TENANTS, theirs)],
  ["works in another Tenant's namespace", "RBAC", () => ask("POST", `${other}/configmaps`, {})],
  ["reads another Tenant's secrets", "RBAC", () => ask("GET", `${other}/secrets`)],
  ["lists the secrets of all", "RBAC", () => ask("GET", "/api/v1/secrets")],
  ["watches the pods of all", "RBAC", () => ask("GET", "/api/v1/pods?watch=true&timeoutSeconds=1")],
  ["watches the namespaces of all", "RBAC", () => ask("GET", "/api/v1/namespaces?watch=true&timeoutSeconds=1")],
  ...["exec?command=sh", "attach", "portforward?ports=80"].map(
    (way): Attack => [
      `goes into another Tenant's pod by ${way.split("?")[0]}`,
      "RBAC",
      () => ask("POST", `${other}/pods/web/${way}`),
    ],
  ),
  ["reads another Tenant's logs", "RBAC", () => ask("GET", `${other}/pods/web/log`)],
  ["evicts another Tenant's pod", "RBAC", () => ask("POST", `${other}/pods/web/eviction`, {})],
  ["evicts the cluster's DNS", "RBAC", () => ask("POST", "/api/v1/namespaces/kube-system/pods/dns/eviction", {})],
  ["reads the platform's secrets", "RBAC", () => ask("GET", "/api/v1/namespaces/kube-system/secrets")],
  ["reads the operator's namespace", "RBAC", () => ask("GET", `${system}/configmaps`)],
  [
    "takes the operator's lead",
    "RBAC",
    () => ask("PUT", "/apis/coordination.k8s.io/v1/namespaces/leanvibe-system/leases/leanvibe-operator", {}),
  ],
  ["labels a node", "RBAC", () => ask("PATCH", "/api/v1/nodes/any", { metadata: { labels: { a: "b" } } })],
  ["talks to a node's kubelet", "RBAC", () => ask("GET", "/api/v1/nodes/any/proxy/pods")],
  ["reads the API server's metrics", "RBAC", () => ask("GET", "/metrics")],
  ...[
    "/api/v1/persistentvolumes",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/node.k8s.io/v1/runtimeclasses",
    "/apis/networking.k8s.io/v1/ingressclasses",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  ].map((path): Attack => [`makes one of ${path.split("/").at(-1)}`, "RBAC", () => ask("POST", path, {})]),
  [
    "lifts an admission policy",
    "RBAC",
    () => ask("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/leanvibe-tenant-pods"),
  ],
];

describe("a Tenant's owner", () => {
  it.each([...FENCES, ...IDENTITIES, ...REACH])("is refused when it %s", async (_what, heldBy, attempt) => {
    await expect(attempt()).rejects.toSatisfy(isHeldBy(heldBy));
  });

  it("may be nobody else: the API server's own judge refuses every way of impersonation", async () => {
    for (const [group, resource] of [
      ["", "users"],
      ["", "groups"],
      ["", "serviceaccounts"],
      ["authentication.k8s.io", "uids"],
      ["authentication.k8s.io", "userextras"],
    ]) {
      const resourceAttributes = { verb: "impersonate", group, resource, namespace: inside, name: "system:masters" };
      const answer = await tenant.admin.transport.send({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: { spec: { user: OWNER, groups: ["system:authenticated"], resourceAttributes } },
      });
      expect(answer).toMatchObject({ status: { allowed: false } });
    }
  });

  it("gets no right that somebody aggregates to the built-in roles", async () => {
    const metadata = { name: `${mine}-aggregated`, labels: {} };
    const toAll = ["view", "edit", "admin"].map((name) => [`rbac.authorization.k8s.io/aggregate-to-${name}`, "true"]);
    const rules = [{ apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] }];
    await tenant.admin.create(
      KINDS.ClusterRole,
      object(KINDS.ClusterRole, { ...metadata, labels: Object.fromEntries(toAll) }, { rules }),
    );
    try {
      const role = await tenant.admin.get(KINDS.ClusterRole, CLUSTER_ROLES.owner);
      expect(role["aggregationRule"]).toBeUndefined();
      expect(JSON.stringify(role["rules"])).not.toContain("serviceaccounts/token");
    } finally {
      await tenant.admin.remove(KINDS.ClusterRole, metadata);
    }
  });

  it("can do its work: deploy, configure, read its fences and its own Tenant", async () => {
    const { jane } = tenant;
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [CONTAINER] } };
    const spec = { selector: { matchLabels: { app: "web" } }, template };
    await jane.create(DEPLOYMENTS, object(DEPLOYMENTS, { name: "web", namespace: inside }, { spec }));
    await jane.create(
      KINDS.ConfigMap,
      object(KINDS.ConfigMap, { name: "settings", namespace: inside }, { data: { a: "b" } }),
    );
    await jane.get(KINDS.ResourceQuota, "leanvibe", inside);
    await jane.get(KINDS.NetworkPolicy, "leanvibe-isolation", inside);
    await jane.get(TENANTS, mine);
  });
});

describe("whoever works in a Tenant", () => {
  it.each([
    [OWNER, CLUSTER_ROLES.owner, ["get leanvibe.io/tenants"]],
    [MEMBER, CLUSTER_ROLES.member, []],
    [VIEWER, CLUSTER_ROLES.viewer, []],
  ])(
    "%s has in its namespace the rights of %s and elsewhere nothing that others do not have",
    async (who, name, view) => {
      const role = rbacManifests().find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === name);
      const extra = async (namespace: string) => {
        const others = new Set(await rightsIn("nobody@example.com", namespace));
        return (await rightsIn(who, namespace)).filter((line) => !others.has(line));
      };
      expect(await extra(inside)).toEqual([...rightsOf(role?.["rules"]), ...view].toSorted());
      for (const namespace of [`tenant-${theirs}`, "default", "kube-system", "leanvibe-system"]) {
        expect(await extra(namespace)).toEqual(view);
      }
    },
  );

  it("deletes no volume as a member, nor hands it to an object that it may delete", async () => {
    const member = apiOf(await connectAs({ user: MEMBER }));
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
    const at = { name: "data", namespace: inside };
    await tenant.jane.create(CLAIMS, object(CLAIMS, at, { spec }));
    await expect(member.remove(CLAIMS, at)).rejects.toSatisfy(isHeldBy("RBAC"));

    const owner = await member.create(KINDS.ConfigMap, object(KINDS.ConfigMap, { name: "owner", namespace: inside }));
    const { name, uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name, uid }];
    await expect(member.patch(CLAIMS, at, { metadata: { ownerReferences } })).rejects.toSatisfy(isHeldBy("RBAC"));
    await member.transport.close();
  });
});
