import { collectionPath, isApiError, KINDS, type Kind, type Manifest, objectPath } from "@leanvibe/runtime";
import { AGENT_TASKS, API_USERNAME, FIELD_MANAGERS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  clusterWithOperator,
  connectAs,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

/** The API's own account, with the rights that are shipped for it and nothing else. */
const cluster = clusterWithOperator();
const name = uniqueName("api-rights");
let api: Api;

beforeAll(async () => {
  const groups = [`system:serviceaccounts:${SYSTEM_NAMESPACE}`, "system:serviceaccounts", "system:authenticated"];
  api = apiOf(await connectAs({ user: API_USERNAME, groups }));
  await apply(tenantManifest(name, { members: [{ subject: "leanvibe:1", role: "admin" }] }));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
});
afterAll(() => api.transport.close());

/** As the mirror writes: server-side apply under the API's own field manager. */
function apply(manifest: Manifest, subresource = ""): Promise<unknown> {
  return api.transport.send({
    method: "PATCH",
    path: `${objectPath(TENANTS, manifest.metadata)}${subresource}`,
    query: { fieldManager: FIELD_MANAGERS.api, force: true },
    contentType: "application/apply-patch+yaml",
    body: manifest,
  });
}

const taskManifest = (of: string, namespace: string): Manifest => ({
  apiVersion: tenantManifest(name).apiVersion,
  kind: "AgentTask",
  metadata: { name: of, namespace },
  spec: { title: "T", description: "D" },
});

const status = (fields: object): Manifest => ({
  apiVersion: tenantManifest(name).apiVersion,
  kind: "Tenant",
  metadata: { name },
  status: fields,
});

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "let in",
    (error: unknown) => {
      if (isApiError(error, 403)) return error.message;
      throw error;
    },
  );
}

describe("the API's account", () => {
  it("makes a Tenant, changes its members and holds it, and the operator's status stays as it was", async () => {
    const before = await api.get(TENANTS, name);
    await apply(tenantManifest(name, { members: [{ subject: "leanvibe:2", role: "viewer" }] }));
    await apply(status({ account: { hold: "Security" } }), "/status");
    await untilCondition(cluster.api, name, ["Suspended", "True"]);
    // Trap: `account: {}` would leave `account: null` behind, which the API server refuses.
    await apply(status({}), "/status");
    await untilCondition(cluster.api, name, ["Suspended", "False"]);
    const after = await api.get(TENANTS, name);
    expect(after).toMatchObject({ spec: { members: [{ subject: "leanvibe:2" }] } });
    expect(after["status"]).toMatchObject({ plan: (before["status"] as { plan: string }).plan, namespaceCount: 1 });
  });

  it("takes its own Lease and judges tokens that requests bring", async () => {
    const lease = { name: "leanvibe-api", namespace: SYSTEM_NAMESPACE };
    await cluster.api.remove(KINDS.Lease, lease);
    await api.create(KINDS.Lease, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: lease,
      spec: { holderIdentity: "a" },
    });
    await api.patch(KINDS.Lease, lease, { spec: { holderIdentity: "" } });
    const review = { ...KINDS.Namespace, group: "authentication.k8s.io", kind: "TokenReview", plural: "tokenreviews" };
    const asked = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      metadata: { name: "" },
      spec: { token: "no token" },
    };
    expect((await api.create(review, asked))["status"]).toMatchObject({ error: expect.any(String) });
  });

  it("deletes a Tenant", async () => {
    const short = uniqueName("api-short");
    await apply(tenantManifest(short));
    await api.transport.send({ method: "DELETE", path: objectPath(TENANTS, { name: short }) });
  });
});

describe("[a stolen token of the API]", () => {
  it.each<[string, object]>([
    [
      "conditions",
      {
        conditions: [
          { type: "Ready", status: "False", reason: "Attack", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
        ],
      },
    ],
    ["plan", { plan: "enterprise" }],
    ["namespaces", { namespaces: [{ name: "kube-system", ready: true, quotaInForce: true }] }],
    ["children", { children: [{ name: "other", granted: { cpu: "99", memory: "99Gi", pods: 99, storage: "99Gi" } }] }],
  ])("cannot write status.%s, by which the operator decides", async (_field, fields) => {
    expect(await refusal(apply(status(fields), "/status"))).toContain("the rest of its status is the operator's");
  });

  it("cannot take status.conditions away", async () => {
    const path = `${objectPath(TENANTS, { name })}/status`;
    const body = { status: { conditions: null } };
    const sent = api.transport.send({ method: "PATCH", path, body, contentType: "application/merge-patch+json" });
    expect(await refusal(sent)).toContain("the rest of its status is the operator's");
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["suspend, which is for people", "spec.suspend is for people", { suspend: true }],
    [
      "take over a namespace that is nobody's",
      "may take over no namespace",
      { adopt: true, namespaces: [{ name: "monitoring" }] },
    ],
  ])("cannot %s", async (_what, sentence, spec) => {
    expect(await refusal(apply(tenantManifest(name, spec)))).toContain(sentence);
    expect(await refusal(apply(tenantManifest(uniqueName("api-attack"), spec)))).toContain(sentence);
  });

  it("cannot write what the operator notes on a Tenant, nor take its finalizer", async () => {
    const annotate = api.patch(
      TENANTS,
      { name },
      { metadata: { annotations: { "leanvibe.io/namespaces": "kube-system" } } },
    );
    expect(await refusal(annotate)).toContain("is the operator's");
    const unfinish = api.patch(TENANTS, { name }, { metadata: { finalizers: null } });
    expect(await refusal(unfinish)).toContain("is the operator's");
  });

  it.each<[string, Kind]>([
    ["Secrets", { ...KINDS.ConfigMap, kind: "Secret", plural: "secrets" }],
    ["pods", PODS],
    ["namespaces", KINDS.Namespace],
    ["RoleBindings", KINDS.RoleBinding],
  ])("reads no %s", async (_what, kind) => {
    expect(await refusal(api.list(kind, ""))).toContain("cannot list resource");
  });

  it.each([
    ["a namespace that is no Tenant's", "default", "in Tenants' namespaces only"],
    ["its Tenant's namespace", `tenant-${name}`, "let in"],
  ])("makes an AgentTask in %s: %s %s", async (_what, namespace, said) => {
    const path = collectionPath(AGENT_TASKS, namespace);
    const body = taskManifest("made", namespace);
    expect(await refusal(api.transport.send({ method: "POST", path, query: { dryRun: "All" }, body }))).toContain(said);
  });

  it("asks for the end of an AgentTask, and changes nothing else about it", async () => {
    const namespace = `tenant-${name}`;
    const at = { name: "changed", namespace };
    const there = { ...taskManifest(at.name, namespace), metadata: { ...at, finalizers: ["test.leanvibe.io/keeps"] } };
    await cluster.api.create(AGENT_TASKS, there);
    for (const metadata of [{ finalizers: null }, { labels: { a: "b" } }, { annotations: { a: "b" } }]) {
      expect(await refusal(api.patch(AGENT_TASKS, at, { metadata }))).toContain("and nothing else");
    }
    const forgotten = { spec: { ttlSecondsAfterFinished: 0 } };
    expect(await refusal(api.patch(AGENT_TASKS, at, forgotten))).toContain("and nothing else");
    expect(await refusal(api.patch(AGENT_TASKS, at, { spec: { desiredState: "Cancel" } }))).toBe("let in");
    await cluster.api.patch(AGENT_TASKS, at, { metadata: { finalizers: null } });
  });

  it("reads ConfigMaps in Tenants' namespaces, where agents' are, and no others", async () => {
    const read = (namespace: string) => refusal(api.get(KINDS.ConfigMap, "kube-root-ca.crt", namespace));
    expect(await read(`tenant-${name}`)).toBe("let in");
    for (const namespace of ["default", "kube-system", SYSTEM_NAMESPACE]) {
      expect(await read(namespace)).toContain("cannot get resource");
    }
  });

  it("takes no other's Lease", async () => {
    const lease = { name: "leanvibe-operator", namespace: SYSTEM_NAMESPACE };
    expect(await refusal(api.patch(KINDS.Lease, lease, { spec: { holderIdentity: "attack" } }))).toContain(
      "cannot patch resource",
    );
  });
});
