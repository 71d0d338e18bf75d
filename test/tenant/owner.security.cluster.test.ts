import { isApiError, KINDS, type Kind } from "@leanvibe/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  clusterWithOperator,
  connectAs,
  DEPLOYMENTS,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const OWNER = "jane@example.com";
const mine = uniqueName("mine");
const theirs = uniqueName("theirs");
const inside = `tenant-${mine}`;

const cluster = clusterWithOperator();
let jane: Api;

beforeAll(async () => {
  const { api: admin } = cluster;
  await admin.create(TENANTS, tenantManifest(mine, { owners: [{ kind: "User", name: OWNER }] }));
  await admin.create(TENANTS, tenantManifest(theirs, { owners: [{ kind: "User", name: "joe@example.com" }] }));
  await untilCondition(admin, mine, ["Ready", "True"]);
  await untilCondition(admin, theirs, ["Ready", "True"]);
  jane = apiOf(await connectAs({ user: OWNER }));
});

const object = (kind: Kind, name: string, namespace: string | undefined, rest: Record<string, unknown> = {}) => ({
  apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
  kind: kind.kind,
  metadata: namespace === undefined ? { name } : { name, namespace },
  ...rest,
});

const fenceOf = (name: string) => ({ name, namespace: inside });
const token = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
const ownerRole = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: OWNER }];

const SERVICES: Kind = { ...PODS, kind: "Service", plural: "services" };
const SECRETS: Kind = { ...PODS, kind: "Secret", plural: "secrets" };
const pod = (spec: Record<string, unknown>) => {
  const container = {
    name: "main",
    image: "leanvibe.io/hello:1",
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  return object(PODS, "attack", inside, { spec: { securityContext, containers: [container], ...spec } });
};

const ATTACKS: readonly [string, () => Promise<unknown>][] = [
  [
    "raises its own quota",
    () => jane.patch(KINDS.ResourceQuota, fenceOf("leanvibe"), { spec: { hard: { pods: "9999" } } }),
  ],
  ["deletes its quota", () => remove(KINDS.ResourceQuota, "leanvibe", inside)],
  ["deletes its limits", () => remove(KINDS.LimitRange, "leanvibe", inside)],
  ["deletes its isolation", () => remove(KINDS.NetworkPolicy, "leanvibe-isolation", inside)],
  [
    "adds a policy that opens everything",
    () =>
      jane.create(
        KINDS.NetworkPolicy,
        object(KINDS.NetworkPolicy, "open", inside, { spec: { podSelector: {}, ingress: [{}], egress: [{}] } }),
      ),
  ],
  [
    "binds itself to cluster-admin in its namespace",
    () => jane.create(KINDS.RoleBinding, object(KINDS.RoleBinding, "root", inside, { roleRef: ownerRole, subjects })),
  ],
  [
    "binds itself to cluster-admin everywhere",
    () =>
      jane.create(
        KINDS.ClusterRoleBinding,
        object(KINDS.ClusterRoleBinding, "root", undefined, { roleRef: ownerRole, subjects }),
      ),
  ],
  [
    "relabels its namespace to the privileged level",
    () =>
      jane.patch(
        KINDS.Namespace,
        { name: inside },
        { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      ),
  ],
  [
    "makes a namespace outside every fence",
    () => jane.create(KINDS.Namespace, object(KINDS.Namespace, `${mine}-own`, undefined)),
  ],
  ["deletes its namespace", () => remove(KINDS.Namespace, inside)],
  ["edits its own Tenant", () => jane.patch(TENANTS, { name: mine }, { spec: { plan: "enterprise" } })],
  ["lists all Tenants", () => jane.list(TENANTS, "")],
  ["reads another Tenant", () => jane.get(TENANTS, theirs)],
  [
    "works in another Tenant's namespace",
    () => jane.create(KINDS.ConfigMap, object(KINDS.ConfigMap, "hello", `tenant-${theirs}`)),
  ],
  [
    "reads another Tenant's secrets",
    () => jane.transport.send({ method: "GET", path: `/api/v1/namespaces/tenant-${theirs}/secrets` }),
  ],
  [
    "asks for a token of its ServiceAccount",
    () =>
      jane.transport.send({
        method: "POST",
        path: `/api/v1/namespaces/${inside}/serviceaccounts/default/token`,
        body: token,
      }),
  ],
  [
    "draws others' traffic with externalIPs",
    () =>
      jane.create(
        SERVICES,
        object(SERVICES, "mitm", inside, { spec: { ports: [{ port: 443 }], externalIPs: ["203.0.113.7"] } }),
      ),
  ],
  [
    "makes a Secret that becomes a ServiceAccount's endless token",
    () =>
      jane.create(SECRETS, {
        ...object(SECRETS, "forever", inside, { type: "kubernetes.io/service-account-token" }),
        metadata: {
          name: "forever",
          namespace: inside,
          annotations: { "kubernetes.io/service-account.name": "default" },
        },
      }),
  ],
  [
    "evicts the cluster's pods with a system priority",
    () => jane.create(PODS, pod({ priorityClassName: "system-node-critical" })),
  ],
  ["puts a pod on a node past the scheduler", () => jane.create(PODS, pod({ nodeName: "any" }))],
  [
    "asks for the operator's token",
    () =>
      jane.transport.send({
        method: "POST",
        path: "/api/v1/namespaces/leanvibe-system/serviceaccounts/leanvibe-operator/token",
        body: token,
      }),
  ],
  [
    "reads the platform's secrets",
    () => jane.transport.send({ method: "GET", path: "/api/v1/namespaces/kube-system/secrets" }),
  ],
];

function remove(kind: Kind, name: string, namespace?: string): Promise<unknown> {
  const path = namespace === undefined ? `/api/v1/${kind.plural}/${name}` : undefined;
  const group = kind.group === "" ? "/api/v1" : `/apis/${kind.group}/${kind.version}`;
  return jane.transport.send({
    method: "DELETE",
    path: path ?? `${group}/namespaces/${namespace}/${kind.plural}/${name}`,
  });
}

describe("a Tenant's owner", () => {
  it.each(ATTACKS)("is refused when it %s", async (_what, attack) => {
    await expect(attack()).rejects.toSatisfy((error) => isApiError(error, 403));
  });

  it("is refused a pod that would see the node by the namespace's Pod Security level", async () => {
    const seesTheNode = { spec: { hostPID: true, containers: [{ name: "root", image: "leanvibe.io/hello:1" }] } };
    await expect(jane.create(PODS, object(PODS, "root", inside, seesTheNode))).rejects.toThrow(
      /violates PodSecurity "restricted/,
    );
  });

  it("can do its work: deploy, configure, read its fences and its own Tenant", async () => {
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "leanvibe.io/hello:1" }] },
    };
    await jane.create(
      DEPLOYMENTS,
      object(DEPLOYMENTS, "web", inside, { spec: { selector: { matchLabels: { app: "web" } }, template } }),
    );
    await jane.create(KINDS.ConfigMap, object(KINDS.ConfigMap, "settings", inside, { data: { a: "b" } }));
    await jane.get(KINDS.ResourceQuota, "leanvibe", inside);
    await jane.get(KINDS.NetworkPolicy, "leanvibe-isolation", inside);
    await jane.get(TENANTS, mine);
  });
});
