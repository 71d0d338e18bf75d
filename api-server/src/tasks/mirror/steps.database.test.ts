import { ApiError, type ApiRequest, type Transport, Waiting } from "@leanvibe/runtime";
import { type AgentTask, ANNOTATIONS, parseAgentTask } from "@leanvibe/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Overtaken } from "../../mirror/rows.ts";
import { type TestParts, type TestTenant, testParts, testTenant } from "../../testing/parts.ts";
import { nameOf } from "../spec.ts";
import { TaskHints } from "./hints.ts";
import { agree, type World } from "./steps.ts";

let running: TestParts;
let tenant: TestTenant;
let cluster: OneObject;

beforeAll(async () => {
  running = await testParts();
});
afterAll(() => running.close());
beforeEach(async () => {
  tenant = await testTenant(running.parts);
  cluster = new OneObject();
});

/** As much of a cluster as holds one AgentTask. */
class OneObject implements Transport {
  object: AgentTask | undefined;
  /** What it answers to who makes one. */
  refusal: ApiError | undefined;
  /** What it answers to who makes one; else what was sent. */
  answer: AgentTask | undefined;
  readonly made: unknown[] = [];
  /** What comes before it answers to who reads a ConfigMap. */
  reading: Promise<void> | undefined;

  async send({ method, path, body }: ApiRequest): Promise<unknown> {
    if (path.includes("/configmaps/")) await this.reading;
    if (path.includes("/configmaps/")) throw new ApiError("cannot get resource", { status: 403, reason: "Forbidden" });
    if (method !== "POST" && this.object !== undefined) return this.object;
    if (method === "POST" && this.refusal === undefined) {
      this.made.push(body);
      return this.answer ?? body;
    }
    throw this.refusal ?? new ApiError(`${path} not found`, { status: 404, reason: "NotFound" });
  }
  async *lines(): AsyncIterable<string> {}
  async close(): Promise<void> {}
}

const NAMESPACE = "tenant-acme";
const ID = "0198a2c0-0000-7000-8000-000000000001";
const worldOf = (more: Partial<World> = {}): World => ({
  parts: running.parts,
  transport: cluster,
  tenantIn: async () => tenant.id,
  placeOf: async () => NAMESPACE,
  wasDeleted: async () => true,
  ...more,
});

function objectOf(name: string, { uid = "uid", description = "Make it.", taskId = "" } = {}): AgentTask {
  const annotations = taskId === "" ? {} : { [ANNOTATIONS.taskId]: taskId };
  const parsed = parseAgentTask({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { name, namespace: NAMESPACE, uid: `${tenant.subdomain}-${uid}`, annotations },
    spec: { title: "Report", description },
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

/** One of the API's, which has its place and no object yet. */
async function placedRow(id = ID): Promise<string> {
  const name = nameOf("Report", id);
  const data = { tenantId: tenant.id, id, name, namespace: NAMESPACE, title: "Report", description: "Make it." };
  await running.parts.database.write(tenant.id, (tx) => tx.task.create({ data }));
  return name;
}

const rows = () =>
  running.parts.database.read(tenant.id, (db) =>
    db.task.findMany({ where: { tenantId: tenant.id }, orderBy: { createdAt: "asc" } }),
  );

/** As often as it asks for it. */
async function settle(name: string, more: Partial<World> = {}): Promise<void> {
  for (let left = 5; left > 0; left -= 1) {
    try {
      return await agree(worldOf(more), { namespace: NAMESPACE, name }, cluster.object);
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
}

describe("an AgentTask under the name and with the id of a row that has none yet", () => {
  test("is the row's where it asks for the same: its answer was not heard", async () => {
    const name = await placedRow();
    cluster.object = objectOf(name, { taskId: ID });
    await settle(name);
    expect(await rows()).toMatchObject([{ id: ID, objectUid: cluster.object.metadata.uid, phase: "Pending" }]);
  });

  test("is somebody else's where it asks for something else: the row ends, and says why [planted]", async () => {
    const name = await placedRow();
    cluster.object = objectOf(name, { taskId: ID, description: "Mine for me." });
    await settle(name);
    expect(await rows()).toMatchObject([
      { id: ID, objectUid: null, phase: "Failed", reason: "NameTaken" },
      { managedBy: "kubectl", description: "Mine for me.", objectUid: cluster.object.metadata.uid },
    ]);
  });
});

const ended = (hours: number) => ({
  phase: "Succeeded" as const,
  completionTime: new Date(Date.now() - hours * 3_600_000).toISOString(),
  jobName: "agt-a",
  jobUID: "j",
  artifact: { configMap: "agt-a-artifact", sha256: "0".repeat(64), sizeBytes: 1 },
});

test("what agents left is collected one after the other, and who waits keeps no worker from others [memory]", async () => {
  const other = { id: "0198a2c0-0000-7000-8000-000000000002", cluster: new OneObject() };
  const [name, otherName] = [await placedRow(), await placedRow(other.id)];
  cluster.object = { ...objectOf(name, { taskId: ID }), status: ended(0.5) };
  other.cluster.object = { ...objectOf(otherName, { uid: "o", taskId: other.id }), status: ended(0.5) };
  const read = Promise.withResolvers<void>();
  cluster.reading = read.promise;
  const first = settle(name).catch((error: unknown) => error);
  const second = () =>
    agree(worldOf({ transport: other.cluster }), { namespace: NAMESPACE, name: otherName }, other.cluster.object);
  await vi.waitFor(() => expect(second()).rejects.toThrow("is collected behind another's"), 5_000);
  read.resolve();
  expect(String(await first)).toContain("may not read it");
  await expect(second()).rejects.toThrow("may not read it");
});

test("what an agent left and may not be read is waited for an hour, and given up then, so that its task can go", async () => {
  const name = await placedRow();
  const made = objectOf(name, { taskId: ID });
  cluster.object = { ...made, status: ended(0.5) };
  await expect(settle(name)).rejects.toBeInstanceOf(Waiting);
  expect(await rows()).toMatchObject([{ phase: "Succeeded", collectedAt: null }]);
  const collected = { ...ended(1.1).artifact, collectedAt: new Date().toISOString() };
  cluster.object = { ...made, status: { ...ended(1.1), artifact: collected } };
  await settle(name);
  expect(await rows()).toMatchObject([
    { artifactError: "the API may not read it in its namespace", clearedAt: expect.any(Date) },
  ]);
});

const refused = (message: string, status = 403) =>
  new ApiError(message, { status, reason: status === 404 ? "NotFound" : "Forbidden" });

describe("a task that the cluster does not take now", () => {
  test("for want of room waits for it, says so once, and no longer when it goes on", async () => {
    const name = await placedRow();
    cluster.refusal = refused("exceeded quota: leanvibe, requested: count/agenttasks.leanvibe.io=1");
    await expect(settle(name)).rejects.toBeInstanceOf(Waiting);
    const [told] = await rows();
    expect(told).toMatchObject({ phase: "Pending", reason: "NoRoom", message: expect.stringContaining("kubectl -n") });
    await expect(settle(name)).rejects.toBeInstanceOf(Waiting);
    expect(await rows()).toEqual([told]);
    cluster.refusal = undefined;
    cluster.answer = objectOf(name, { taskId: ID });
    await settle(name);
    expect(cluster.made).toHaveLength(1);
    expect(await rows()).toMatchObject([{ objectUid: cluster.answer.metadata.uid, reason: null, message: null }]);
  });

  test("and is cancelled while it waits is cancelled, and waits no more", async () => {
    const name = await placedRow();
    cluster.refusal = refused("exceeded quota: leanvibe, requested: count/agenttasks.leanvibe.io=1");
    await expect(settle(name)).rejects.toBeInstanceOf(Waiting);
    await running.parts.database.write(tenant.id, (tx) =>
      tx.task.updateMany({ where: { tenantId: tenant.id, id: ID }, data: { desired: "Cancel" } }),
    );
    await settle(name);
    expect(await rows()).toMatchObject([{ phase: "Cancelled", reason: "Cancelled" }]);
  });

  test("for another reason waits for no room, whatever it is called [a task named quota]", async () => {
    const name = await placedRow();
    cluster.refusal = refused(`agenttasks.leanvibe.io "quota-x" is forbidden: User cannot create resource`);
    await expect(settle(name)).rejects.toBe(cluster.refusal);
    expect(await rows()).toMatchObject([{ namespace: NAMESPACE, phase: "Pending", reason: null }]);
  });

  test.each([
    ["is gone", refused("not found", 404)],
    ["is being deleted", refused("unable to create new content in namespace because it is being terminated")],
  ])(
    "for its namespace %s and its tenant has another is placed anew, and told of once more",
    async (_what, refusal) => {
      const name = await placedRow();
      cluster.refusal = refusal;
      await settle(name, { placeOf: async () => "tenant-acme-2" });
      expect(await rows()).toMatchObject([{ id: ID, namespace: null, phase: "Pending" }]);
      const hints = () =>
        running.parts.database.read(tenant.id, (db) => db.outbox.findMany({ where: { topic: "task.apply" } }));
      expect(await hints()).toMatchObject([{ payload: { task: ID } }]);
      // With nothing left at the old place.
      await settle(name, { placeOf: async () => "tenant-acme-2" });
      expect(await hints()).toHaveLength(1);
      const keys = await new TaskHints(running.parts, { firstOf: () => "tenant-acme-2" }).look();
      expect(keys).toContain(`tenant-acme-2/${name}`);
      expect(await rows()).toMatchObject([{ id: ID, namespace: "tenant-acme-2" }]);
    },
  );

  test("for its namespace is still to come keeps its place", async () => {
    const name = await placedRow();
    cluster.refusal = refused("not found", 404);
    await settle(name);
    expect(await rows()).toMatchObject([{ namespace: NAMESPACE }]);
  });
});

test("what kubectl makes and deletes all day long leaves as many rows as the plan keeps, the newest [flood]", async () => {
  await running.parts.database.write(
    tenant.id,
    (tx) => tx.$executeRaw`
      INSERT INTO tasks (tenant_id, id, name, namespace, managed_by, title, description, phase, ended_at, cleared_at, gone_at)
      SELECT ${tenant.id}::uuid, ('0198a2c0-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'old-' || n, ${NAMESPACE}, 'kubectl',
        'old', 'old', 'Succeeded', now(), CASE WHEN n = 1 THEN NULL ELSE now() END,
        CASE WHEN n <= 2 THEN NULL ELSE now() END
      FROM generate_series(1, 1010) AS n`,
  );
  cluster.object = objectOf("new");
  await settle("new");
  const names = new Set((await rows()).map(({ name }) => name));
  // The new one, the one that is not done with, and the one whose object is still there.
  expect(names.size).toBe(1_002);
  const kept = ["new", "old-1", "old-2", "old-11", "old-12"].map((name) => names.has(name));
  expect(kept).toEqual([true, true, true, false, true]);
});

describe("a task that ended and is done with", () => {
  const goneAt = async () => (await rows()).map((row) => row.goneAt);

  /** By kubectl, with its object still there. */
  async function endedRow(): Promise<string> {
    cluster.object = objectOf("made");
    await settle("made");
    await running.parts.database.write(tenant.id, (tx) =>
      tx.task.updateMany({
        where: { tenantId: tenant.id },
        data: { phase: "Cancelled", endedAt: new Date(), collectedAt: new Date(), clearedAt: new Date() },
      }),
    );
    const at = new Date().toISOString();
    const status = { phase: "Cancelled" as const, completionTime: at, artifact: { collectedAt: at } };
    cluster.object = { ...cluster.object, status };
    return "made";
  }

  test("is known to be gone when its object is, and not before", async () => {
    const name = await endedRow();
    await settle(name);
    expect(await goneAt()).toEqual([null]);
    cluster.object = undefined;
    await settle(name);
    expect(await goneAt()).toEqual([expect.any(Date)]);
  });

  test("is not known to be gone in a cluster that does not know its tenant", async () => {
    const name = await endedRow();
    cluster.object = undefined;
    await settle(name, { wasDeleted: async () => false });
    expect(await goneAt()).toEqual([null]);
  });

  test("is gone when another stands in its place, which has a row of its own", async () => {
    const name = await endedRow();
    cluster.object = objectOf(name, { uid: "uid-2" });
    await settle(name);
    expect(await rows()).toMatchObject([
      { phase: "Cancelled", goneAt: expect.any(Date) },
      { phase: "Pending", goneAt: null, objectUid: cluster.object.metadata.uid },
    ]);
  });
});

test("a row that ended before it had an object gets none afterwards, whatever says that it is its [planted]", async () => {
  // Rows of other tests are at the place of the usual one.
  const id = ID.replace(/1$/, "2");
  const name = await placedRow(id);
  await running.parts.database.write(tenant.id, (tx) =>
    tx.task.updateMany({
      where: { tenantId: tenant.id, id },
      data: { phase: "Cancelled", reason: "Cancelled", endedAt: new Date(), clearedAt: new Date() },
    }),
  );
  cluster.object = objectOf(name, { taskId: id });
  await settle(name);
  expect(await rows()).toMatchObject([
    { id, objectUid: null, phase: "Cancelled", reason: "Cancelled", goneAt: expect.any(Date) },
    { managedBy: "kubectl", objectUid: cluster.object.metadata.uid },
  ]);
});
