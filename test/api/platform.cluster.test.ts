import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, KINDS, type Kind, type Manifest, objectPath } from "@leanvibe/runtime";
import { ANNOTATIONS, GROUP, parseTenant, SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, buildApp } from "../../api-server/src/app.ts";
import { deleteObject } from "../../api-server/src/mirror/erased.ts";
import { agree } from "../../api-server/src/mirror/steps.ts";
import { Authority } from "../../api-server/src/platform/authority.ts";
import { makeBootstrapToken } from "../../api-server/src/platform/sessions.ts";
import { eraseDeleted } from "../../api-server/src/tenants/erase.ts";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import {
  asking,
  signedIn,
  type TestParts,
  testParts,
  testTenant,
  testUser,
} from "../../api-server/src/testing/parts.ts";
import { type Relay, relayTo } from "../../api-server/src/testing/relay.ts";
import { readKubeconfig } from "../../cli/src/credentials.ts";
import { type Api, apiOf, connectAs, kubeconfigPath, TENANTS, tenantManifest, uniqueName } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";

const AUDIENCE = "leanvibe-api";
const ACCOUNTS: Kind = { ...KINDS.ConfigMap, kind: "ServiceAccount", plural: "serviceaccounts" };
const RBAC = "rbac.authorization.k8s.io";
const namespace = "default";

let admin: Api;
let relay: Relay;
let running: TestParts;
let app: App;

beforeAll(async () => {
  admin = apiOf(await connectAs());
  const { server = "" } = readKubeconfig(kubeconfigPath()).getCurrentCluster() ?? {};
  relay = await relayTo(server);
  const token = await tokenOf({ name: SERVICE_ACCOUNTS.api, namespace: SYSTEM_NAMESPACE });
  const kubeconfig = join(scratchFolder("platform"), "kubeconfig");
  const cluster = { server: relay.url(server).replace(/\/$/, ""), "insecure-skip-tls-verify": true };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "test", cluster }],
      users: [{ name: "api", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "api" } }],
      "current-context": "test",
    }),
  );
  running = await testParts({ KUBECONFIG: kubeconfig });
  app = await buildApp(running.parts);
});

afterAll(async () => {
  await app.close();
  await running.close();
  await relay.close();
  await admin.transport.close();
});

const ask = asking(() => app);

/** As `kubectl create token` does; for the API server itself where no audience is said. */
async function tokenOf(at: { name: string; namespace: string }, audiences?: string[]): Promise<string> {
  const spec = { expirationSeconds: 600, ...(audiences === undefined ? {} : { audiences }) };
  const answer = await admin.transport.send({
    method: "POST",
    path: `${objectPath(ACCOUNTS, at)}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec },
  });
  return (answer as { status: { token: string } }).status.token;
}

type Account = { name: string; headers: { authorization: string }; binding: string };

/** A ServiceAccount that may do this to Tenants, to those of that name alone where names are said. */
async function account(verbs: string[], resourceNames?: string[]): Promise<Account> {
  const name = uniqueName("platform");
  await admin.create(ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  if (verbs.length > 0) {
    const rule = { apiGroups: [GROUP], resources: ["tenants"], verbs, ...(resourceNames && { resourceNames }) };
    const apiVersion = `${RBAC}/v1`;
    await admin.create(KINDS.ClusterRole, { apiVersion, kind: "ClusterRole", metadata: { name }, rules: [rule] });
    await admin.create(KINDS.ClusterRoleBinding, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
  }
  const token = await tokenOf({ name, namespace }, [AUDIENCE]);
  return { name, headers: { authorization: `Bearer ${token}` }, binding: name };
}

const LIST = "/api/v1/platform/tenants";
const list = async (headers: Record<string, string>) => (await ask("GET", LIST, headers)).status;

/** What the routes answer to somebody, by what they do. */
async function answers({ headers }: Account, id: string): Promise<Record<string, number>> {
  const asked = {
    list: await ask("GET", LIST, headers),
    get: await ask("GET", `${LIST}/${id}`, headers),
    suspend: await ask("POST", `${LIST}/${id}/suspend`, headers, { reason: "Security" }),
    reactivate: await ask("POST", `${LIST}/${id}/reactivate`, headers),
    invite: await ask("POST", "/api/v1/platform/invitations", headers, { email: "jane@acme.example" }),
  };
  return Object.fromEntries(Object.entries(asked).map(([name, { status }]) => [name, status]));
}

describe("a tenant that was deleted", () => {
  const objectOf = (name: string, tenantId: string, managedBy = "api"): Manifest => {
    const manifest = tenantManifest(name);
    const annotations = { [ANNOTATIONS.managedBy]: managedBy, [ANNOTATIONS.tenantId]: tenantId };
    return { ...manifest, metadata: { ...manifest.metadata, annotations } };
  };

  it("takes along the object that the API made for it, and nobody else's of that name", async () => {
    const { transport } = admin;
    const [own, others, kubectls] = [uniqueName("own"), uniqueName("others"), uniqueName("kubectl")];
    const id = randomUUID();
    await admin.create(TENANTS, objectOf(own, id));
    await admin.create(TENANTS, objectOf(others, randomUUID()));
    await admin.create(TENANTS, objectOf(kubectls, id, "kubectl"));
    const api = running.parts.cluster?.transport ?? transport;
    for (const name of [own, others, kubectls, own, "never-there"]) await deleteObject(api, name, id);
    const left = (await admin.list(TENANTS, "")).map(({ metadata }) => metadata.name);
    expect(left).toEqual(expect.arrayContaining([others, kubectls]));
    expect(left).not.toContain(own);
    for (const name of [others, kubectls]) await admin.remove(TENANTS, { name });
  });

  it("is not brought back by its object before that has gone", async () => {
    const tenant = await testTenant(running.parts);
    const { transport } = admin;
    const object = parseTenant(await admin.create(TENANTS, objectOf(tenant.subdomain, tenant.id)));
    if (!object.ok) throw new Error("the object cannot be read");
    const change = (text: string) => inDatabase(running.admin, (client) => client.query(text, [tenant.id]));
    const rows = async () => (await change("SELECT lifecycle FROM tenants WHERE id = $1")).rows;
    const world = { parts: running.parts, transport, wasDeleted: async () => false };
    const meet = () => agree(world, tenant.subdomain, object.value);
    await change("UPDATE tenants SET lifecycle = 'deleted', updated_at = now() - interval '1 minute' WHERE id = $1");
    await meet();
    expect(await rows()).toEqual([{ lifecycle: "deleted" }]);
    await eraseDeleted(running.parts);
    await meet();
    expect(await rows()).toEqual([]);
    await admin.remove(TENANTS, { name: tenant.subdomain });
  });
});

describe("the platform's routes", () => {
  it("let somebody do what the cluster lets them do to Tenants, and nothing else", async () => {
    const [acme, tech] = [await testTenant(running.parts), await testTenant(running.parts)];
    const all = await account(["get", "list", "create", "update", "delete"]);
    const yes = { list: 200, get: 200, suspend: 200, reactivate: 200, invite: 201 };
    expect(await answers(all, acme.id)).toEqual(yes);
    const no = { list: 403, get: 403, suspend: 403, reactivate: 403, invite: 403 };
    expect(await answers(await account([]), acme.id)).toEqual(no);
    expect(await answers(await account(["get", "list"]), acme.id)).toEqual({ ...no, list: 200, get: 200 });

    const ofOne = await account(["get", "update"], [acme.subdomain]);
    expect(await answers(ofOne, acme.id)).toEqual({ ...no, get: 200, suspend: 200, reactivate: 200 });
    expect(await answers(ofOne, tech.id)).toEqual(no);
    // Whether there is one of that id is told to who may see them all.
    const nobody = "0190c7a1-7c3e-7000-8000-000000000000";
    expect((await ask("GET", `${LIST}/${nobody}`, ofOne.headers)).status).toBe(403);
    expect((await ask("GET", `${LIST}/${nobody}`, all.headers)).status).toBe(404);

    const { body } = await ask("POST", `${LIST}/${tech.id}/suspend`, all.headers, { reason: "Security" });
    expect(body.hold.by).toBe(`system:serviceaccount:${namespace}:${all.name}`);
  });

  it("take no token that was made for something else, is nobody's any more, or never was [stolen token]", async () => {
    const { name, headers } = await account(["get", "list"]);
    const [head = "", payload = "", signature = ""] = headers.authorization.slice("Bearer ".length).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 86_400 })).toString("base64url");
    const tenant = await testTenant(running.parts);
    const owner = await signedIn(app, tenant, await testUser(running.parts, tenant, "owner"));
    const tokens = [
      // For the API server itself, as a pod has it.
      await tokenOf({ name, namespace }),
      await tokenOf({ name, namespace }, ["vault"]),
      await tokenOf({ name: SERVICE_ACCOUNTS.api, namespace: SYSTEM_NAMESPACE }),
      `${head}.${forged}.${signature}`,
      "garbage",
      owner.headers.authorization.slice("Bearer ".length),
    ];
    for (const token of tokens) expect([token, await list({ authorization: `Bearer ${token}` })]).toEqual([token, 401]);
    // Nor does it open what is a tenant's.
    expect((await ask("GET", "/api/v1/projects", { ...headers, "x-tenant-id": tenant.id })).status).toBe(401);

    const gone = await account(["list"]);
    await admin.remove(ACCOUNTS, { name: gone.name, namespace });
    expect(await list(gone.headers)).toBe(401);
  });

  it("feel within ten seconds that a right was taken away", async () => {
    const { headers, binding } = await account(["list"]);
    expect(await list(headers)).toBe(200);
    await admin.remove(KINDS.ClusterRoleBinding, { name: binding });
    const begun = performance.now();
    while ((await list(headers)) === 200) await sleep(100);
    expect(await list(headers)).toBe(403);
    expect(performance.now() - begun).toBeLessThan(11_000);
  });

  it("say 503 and when to come again while the cluster does not answer, and let nobody in", async () => {
    const [known, unknown] = [await account(["list"]), await account(["list"])];
    expect(await list(known.headers)).toBe(200);
    relay.cut();
    const refused = await ask("GET", LIST, unknown.headers);
    expect(refused).toMatchObject({ status: 503, body: { error_code: "CLUSTER_UNAVAILABLE" } });
    expect(refused.headers["retry-after"]).toBe("5");
    // Who was known is believed for ten seconds, and not because nobody answers.
    await sleep(10_100);
    expect(await list(known.headers)).toBe(503);
    relay.mend();
    expect(await list(unknown.headers)).toBe(200);

    relay.freeze();
    const third = await account(["list"]);
    const begun = performance.now();
    expect(await list(third.headers)).toBe(503);
    expect(performance.now() - begun).toBeLessThan(7_000);
    relay.mend();
    expect(await list(third.headers)).toBe(200);
  });

  it("know no bootstrap token beside a cluster, not even a session that was begun without one", async () => {
    const { parts } = running;
    const body = { bootstrap_token: await makeBootstrapToken(parts.database.worker) };
    expect(await ask("POST", "/api/v1/platform/session", {}, body)).toMatchObject({
      status: 403,
      body: { error_code: "BOOTSTRAP_CLOSED" },
    });
    const alone = await buildApp({ ...parts, authority: new Authority(parts.database, undefined) });
    const opened = await alone.inject({ method: "POST", url: "/api/v1/platform/session", body });
    const headers = { authorization: `Bearer ${opened.json().access_token}` };
    expect((await alone.inject({ url: LIST, headers })).statusCode).toBe(200);
    expect(await list(headers)).toBe(401);
    await alone.close();
  });

  it("ask as the API's own account, which may ask and nothing more of it", async () => {
    const path = collectionPath(KINDS.ClusterRoleBinding);
    await expect(running.parts.cluster?.transport.send({ method: "GET", path })).rejects.toThrow(/forbidden/);
  });
});
