import { ANNOTATIONS } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { type Mailbox, openMailbox } from "../../api-server/src/testing/mailbox.ts";
import { type ApiServer, type ApiWorld, apiWorld } from "../harness/api-server.ts";
import {
  clusterWithOperator,
  conditionOf,
  eventually,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { claim, createByApi, masked, rowsOf, signIn } from "./tenants.ts";

const cluster = clusterWithOperator();
let mailbox: Mailbox;
let world: ApiWorld;
let server: ApiServer;

beforeAll(async () => {
  mailbox = await openMailbox();
  world = await apiWorld(cluster.api, { SMTP_URL: mailbox.url });
  server = world.server;
  await server.start();
});

afterAll(async () => {
  await world?.close();
  await mailbox?.close();
});

/** The link in the newest mail to that address. */
async function mailedLink(to: string): Promise<string> {
  return await eventually(`a mail to ${to}`, async () => {
    const found = mailbox.received.findLast((each) => each.to.includes(to));
    return /http:\S+/.exec(found?.mail.text ?? "")?.[0];
  });
}

const accountOf = async (name: string) => {
  const { status } = (await cluster.api.get(TENANTS, name)) as { status?: { account?: Record<string, string> } };
  return status?.account ?? {};
};

async function complete(admin: string, name: string) {
  return await eventually(`${name} is complete`, async () => {
    const rows = await rowsOf(admin, name);
    return rows.tenant?.["onboarding"] === "complete" ? rows : undefined;
  });
}

describe("a Tenant that kubectl applies", () => {
  test("has an account, an owner by mail and a first project, and says so in its status", async () => {
    const name = uniqueName("kub");
    const adminEmail = `owner@${name}.example`;
    await cluster.api.create(TENANTS, tenantManifest(name, { organizationName: "Kub Corp", adminEmail }));
    const tenant = await untilCondition(cluster.api, name, ["AccountReady", "True"]);
    expect(tenant.metadata.annotations?.[ANNOTATIONS.managedBy]).toBe("kubectl");
    expect(conditionOf(tenant, "Ready")).toBeDefined();
    const owner = await claim(server, await mailedLink(adminEmail));
    expect(owner).toMatchObject({ status: 201, body: { user: { email: adminEmail, role: "owner" } } });
    const headers = { authorization: `Bearer ${String(owner.body["access_token"])}` };
    expect((await server.ask("GET", "/api/v1/projects", undefined, headers)).body).toMatchObject([{ name: "Welcome" }]);
    await complete(world.admin, name);
    const current = await server.ask("GET", "/api/v1/tenants/current", undefined, headers);
    expect(current.body).toMatchObject({
      id: (await accountOf(name))["tenantID"],
      status: "onboarding_complete",
      managed_by: "kubectl",
    });
  });

  test("is followed by its rows, and the API leaves its fields to kubectl", async () => {
    const name = uniqueName("kub");
    const adminEmail = `owner@${name}.example`;
    await cluster.api.create(TENANTS, tenantManifest(name, { adminEmail }));
    const headers = await signIn(server, await mailedLink(adminEmail));
    await cluster.api.patch(TENANTS, { name }, { spec: { organizationName: "Renamed", plan: "professional" } });
    await eventually("the new plan holds", async () => {
      const { body } = await server.ask("GET", "/api/v1/tenants/current", undefined, headers);
      return body["plan"] === "professional" && body["organization_name"] === "Renamed";
    });
    const refused = await server.ask("PATCH", "/api/v1/tenants/current", { organization_name: "Other" }, headers);
    expect(refused).toMatchObject({ status: 409, body: { error_code: "MANAGED_BY_KUBECTL" } });
  });

  test("keeps its data when it is deleted; made anew it gets them only where it asks [name re-use]", async () => {
    const name = uniqueName("kub");
    const adminEmail = `owner@${name}.example`;
    const manifest = tenantManifest(name, { adminEmail, deletionPolicy: "Delete" });
    await cluster.api.create(TENANTS, manifest);
    const headers = await signIn(server, await mailedLink(adminEmail));
    const before = await complete(world.admin, name);
    await cluster.api.remove(TENANTS, { name });
    await eventually("its row waits to be deleted", async () => {
      return (await rowsOf(world.admin, name)).tenant?.["lifecycle"] === "pending_deletion";
    });
    await eventually("nobody works there any more", async () => {
      return (await server.ask("POST", "/api/v1/projects", { name: "Late" }, headers)).status !== 201;
    });
    await eventually("the object is gone", async () => (await cluster.api.find(TENANTS, name)) === undefined);
    await cluster.api.create(TENANTS, tenantManifest(name, { adminEmail: "eve@evil.example" }));
    const other = await untilCondition(cluster.api, name, ["AccountReady", "False"]);
    expect(conditionOf(other, "AccountReady")).toMatchObject({
      reason: "Conflict",
      message: expect.stringContaining("spec.adopt"),
    });
    expect((await server.ask("POST", "/api/v1/projects", { name: "Later" }, headers)).status).not.toBe(201);
    await cluster.api.patch(TENANTS, { name }, { spec: { adopt: true, adminEmail } });
    await untilCondition(cluster.api, name, ["AccountReady", "True"]);
    await eventually("its people are back", async () => {
      return (await server.ask("POST", "/api/v1/projects", { name: "Back" }, headers)).status === 201;
    });
    expect((await rowsOf(world.admin, name)).tenant?.["id"]).toBe(before.tenant?.["id"]);
  });
});

test("an owner's link goes to whom the address says now, and no longer to whom it said [typo]", async () => {
  const name = uniqueName("kub");
  const [wrong, right] = [`typo@${name}.example`, `owner@${name}.example`];
  await cluster.api.create(TENANTS, tenantManifest(name, { adminEmail: wrong }));
  const first = await mailedLink(wrong);
  await cluster.api.patch(TENANTS, { name }, { spec: { adminEmail: right } });
  const second = await mailedLink(right);
  expect((await claim(server, first)).status).toBe(400);
  expect(await claim(server, second)).toMatchObject({ status: 201, body: { user: { email: right } } });
});

test("whoever is deleted by kubectl is told by mail", async () => {
  const name = uniqueName("kub");
  const adminEmail = `owner@${name}.example`;
  await cluster.api.create(TENANTS, tenantManifest(name, { adminEmail, deletionPolicy: "Delete" }));
  await signIn(server, await mailedLink(adminEmail));
  await cluster.api.remove(TENANTS, { name });
  const told = await eventually("a mail about the deletion", async () =>
    mailbox.received.find(({ to, mail }) => to.includes(adminEmail) && mail.subject?.includes("going to be deleted")),
  );
  expect(told.mail.text).toContain("The platform deleted");
  expect(told.mail.text).not.toContain("cancel");
});

test("a cluster that knows none of the tenants deletes none [wrong kubeconfig]", async () => {
  const other = await apiWorld(cluster.api);
  try {
    await inDatabase(other.admin, (client) =>
      client.query(
        `INSERT INTO tenants (id, subdomain, organization_name, managed_by, onboarding, object_uid)
         VALUES (gen_random_uuid(), 'elsewhere', 'Elsewhere', 'kubectl', 'complete', 'uid-of-another-cluster')`,
      ),
    );
    await server.stop();
    await other.server.start();
    await eventually("it mirrors", async () => {
      const { body } = await other.server.ask("GET", "/health/ready");
      return JSON.stringify(body).includes("this server mirrors");
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { tenant } = await rowsOf(other.admin, "elsewhere");
    expect(tenant?.["lifecycle"]).toBe("active");
  } finally {
    await other.close();
    await server.start();
  }
});

describe("a tenant that the API makes", () => {
  test("is in the cluster when its owner has come, and not before", async () => {
    const name = uniqueName("api");
    const link = await createByApi(server, name);
    expect(await cluster.api.find(TENANTS, name)).toBeUndefined();
    const headers = await signIn(server, link, `owner@${name}.example`);
    const tenant = await untilCondition(cluster.api, name, ["AccountReady", "True"]);
    expect(tenant).toMatchObject({
      metadata: { annotations: { [ANNOTATIONS.managedBy]: "api" } },
      spec: { organizationName: "Api Corp", plan: "starter", adminEmail: `owner@${name}.example` },
    });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await complete(world.admin, name);
    const { body } = await server.ask("GET", "/api/v1/tenants/current", undefined, headers);
    expect(body).toMatchObject({ status: "onboarding_complete", managed_by: "api" });
  });

  test("ends as one of kubectl does: the same rows, the same object", async () => {
    const [kub, api] = [uniqueName("kub"), uniqueName("api")];
    const spec = { organizationName: "Api Corp", adminEmail: `owner@${kub}.example`, plan: "starter" };
    await cluster.api.create(TENANTS, tenantManifest(kub, spec));
    await signIn(server, await mailedLink(spec.adminEmail));
    await createByApi(server, api, { admin_email: `owner@${api}.example` });
    await signIn(server, await mailedLink(`owner@${api}.example`));
    const [kubRows, apiRows] = [await complete(world.admin, kub), await complete(world.admin, api)];
    expect(masked(apiRows, api)).toEqual(masked(kubRows, kub));
    const objects = await Promise.all([kub, api].map((name) => untilCondition(cluster.api, name, ["Ready", "True"])));
    const [one, other] = objects.map((object, at) =>
      masked({ spec: object["spec"], conditions: conditionsOf(object) }, [kub, api][at] ?? ""),
    );
    expect(other).toEqual(one);
  });

  test("has its own fields put back in the cluster, follows the API, and what else is set there stays", async () => {
    const name = uniqueName("api");
    const headers = await signIn(server, await createByApi(server, name), `owner@${name}.example`);
    await untilCondition(cluster.api, name, ["AccountReady", "True"]);
    await cluster.api.patch(TENANTS, { name }, { spec: { organizationName: "Evil", runtimeClassName: "gvisor" } });
    const specIs = async (wanted: Record<string, unknown>) =>
      await eventually(`the spec says ${JSON.stringify(wanted)}`, async () => {
        const { spec } = (await cluster.api.get(TENANTS, name)) as unknown as { spec: Record<string, unknown> };
        return Object.entries(wanted).every(([field, value]) => spec[field] === value);
      });
    await specIs({ organizationName: "Api Corp", runtimeClassName: "gvisor" });
    const changed = await server.ask("PATCH", "/api/v1/tenants/current", { organization_name: "New Name" }, headers);
    expect(changed.status).toBe(200);
    await specIs({ organizationName: "New Name", runtimeClassName: "gvisor" });
  });

  test("that the platform holds is at a stop in the cluster too, and runs again when it lets go", async () => {
    const name = uniqueName("api");
    const headers = await signIn(server, await createByApi(server, name), `owner@${name}.example`);
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    const hold = async (reason: string | null) =>
      await inDatabase(world.admin, async (client) => {
        await client.query("UPDATE tenants SET hold = $2 WHERE subdomain = $1", [name, reason]);
        await client.query(
          "INSERT INTO outbox (tenant_id, id, topic, payload) SELECT id, gen_random_uuid(), 'tenant.apply', '{}' FROM tenants WHERE subdomain = $1",
          [name],
        );
      });
    await hold("Security");
    await untilCondition(cluster.api, name, ["Suspended", "True"]);
    expect((await server.ask("GET", "/api/v1/projects", undefined, headers)).status).toBe(403);
    await hold(null);
    await untilCondition(cluster.api, name, ["Suspended", "False"]);
    expect((await accountOf(name))["hold"]).toBeUndefined();
  });

  test("comes back when its object is deleted; its namespaces wait for somebody who says that they are the same", async () => {
    const name = uniqueName("api");
    await signIn(server, await createByApi(server, name), `owner@${name}.example`);
    const before = await untilCondition(cluster.api, name, ["Ready", "True"]);
    await cluster.api.remove(TENANTS, { name });
    await eventually("another object is there", async () => {
      const uid = (await cluster.api.find(TENANTS, name))?.metadata.uid;
      return uid !== undefined && uid !== before.metadata.uid;
    });
    const retained = await untilCondition(cluster.api, name, ["NamespacesReady", "False"]);
    expect(conditionOf(retained, "NamespacesReady")?.reason).toBe("NamespaceRetained");
    await cluster.api.patch(TENANTS, { name }, { spec: { adopt: true } });
    await untilCondition(cluster.api, name, ["Ready", "True"]);
    await untilCondition(cluster.api, name, ["AccountReady", "True"]);
  });
});

test("with nothing to do nothing is written", async () => {
  // Where the trail stands is told once a minute, where there was something to tell: it may fall into any moment.
  const settled = async () =>
    (await cluster.api.list(TENANTS, "")).map(({ metadata, spec, status }) => {
      const { account: { auditHead: _, ...account } = {}, ...rest } = (status ?? {}) as Status;
      return { name: metadata.name, generation: metadata.generation, spec, status: { ...rest, account } };
    });
  // Whatever else is still on its way; then two looks are alike.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const first = await settled();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await settled()).toEqual(first);
});

test("a second server takes over when the first is killed", async () => {
  const second = await world.another();
  await second.start();
  server.kill();
  const name = uniqueName("api");
  await signIn(second, await createByApi(second, name), `owner@${name}.example`);
  await untilCondition(cluster.api, name, ["AccountReady", "True"]);
  await server.start();
});

type Status = { account?: { auditHead?: string }; quota?: unknown };

type Conditions = { status?: { conditions?: { type: string; status: string; reason: string }[] } };

function conditionsOf(object: unknown): string[] {
  return ((object as Conditions).status?.conditions ?? []).map(
    ({ type, status, reason }) => `${type} ${status} ${reason}`,
  );
}
