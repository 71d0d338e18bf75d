import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { withAudit } from "../testing/audit.ts";
import { inDatabase } from "../testing/database.ts";
import { auditHead, sealAudit } from "./seal.ts";

const audited = withAudit();
const { ask, asSuperuser, owner, trail, verify } = audited;

describe("the chain", () => {
  /** Five events in two batches. */
  async function chained() {
    const jane = await owner();
    await ask("POST", "/api/v1/projects", jane.headers, { name: "a" });
    await ask("POST", "/api/v1/projects", jane.headers, { name: "b" });
    await sealAudit(audited.parts.database);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "c" });
    await ask("POST", "/api/v1/projects", jane.headers, { name: "d" });
    await sealAudit(audited.parts.database);
    const { id: tenantId } = jane.tenant;
    const head = await auditHead(audited.parts.database, tenantId);
    if (head === undefined) throw new Error("nothing was sealed");
    const ids: string[] = (await trail(jane)).map(({ id }: { id: string }) => id).toReversed();
    return { jane, tenantId, ids, head };
  }

  async function faultsOf(tenantId: string, known?: { seq: number; hash: string }) {
    const { faults } = await verify(tenantId, known);
    return faults.map(({ kind, seq, id }) => [kind, seq, id]);
  }

  test("grows by a batch where there is news, and by nothing where there is none", async () => {
    const { jane, tenantId, head } = await chained();
    expect(head.seq).toBe(2);
    expect(await sealAudit(audited.parts.database)).toBe(0);
    expect(await auditHead(audited.parts.database, tenantId)).toEqual(head);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "e" });
    expect(await faultsOf(tenantId, head)).toEqual([]);
    expect(await sealAudit(audited.parts.database)).toBe(1);
    expect(await verify(tenantId, head)).toMatchObject({ events: 6, faults: [], head: { seq: 3 } });
  });

  test("loses nothing of a transaction that was open while a batch was made", async () => {
    const { jane, tenantId, head } = await chained();
    const { promise: made, resolve: release } = Promise.withResolvers<void>();
    const { promise: begun, resolve: tell } = Promise.withResolvers<void>();
    const by = { tenantId, userId: jane.id, ip: "192.0.2.1" };
    const slow = audited.parts.database.write(tenantId, async (tx) => {
      await audited.parts.audit(tx, by, { action: "project.deleted", target: { kind: "project", id: "slow" } });
      tell();
      await made;
    });
    await begun;
    await ask("POST", "/api/v1/projects", jane.headers, { name: "meanwhile" });
    expect(await sealAudit(audited.parts.database)).toBe(1);
    release();
    await slow;
    expect(await faultsOf(tenantId, head)).toEqual([]);
    expect(await sealAudit(audited.parts.database)).toBe(1);
    const { rows } = await asSuperuser(
      "SELECT event_ids[1] AS id FROM audit_batches WHERE tenant_id = $1 AND seq > 2 ORDER BY seq",
      [tenantId],
    );
    expect(rows[1].id < rows[0].id).toBe(true);
    expect(await verify(tenantId, head)).toMatchObject({ events: 7, faults: [], head: { seq: 4 } });
  });

  test("made by ten at once and among writers has every event once", async () => {
    const people = [await owner(), await owner(), await owner()];
    const sealing = Array.from({ length: 10 }, async () => {
      for (let at = 0; at < 5; at++) await sealAudit(audited.parts.database);
    });
    const writing = Array.from({ length: 40 }, (_, at) =>
      ask("POST", "/api/v1/projects", people[at % 3]?.headers ?? {}, { name: `p${at}` }),
    );
    await Promise.all([...sealing, ...writing]);
    await sealAudit(audited.parts.database);
    for (const { tenant } of people) expect((await verify(tenant.id)).faults).toEqual([]);
    const { rows } = await asSuperuser("SELECT count(*)::int AS n FROM audit_unsealed");
    expect(rows).toEqual([{ n: 0 }]);
  });

  test.each<[string, (at: { tenantId: string; ids: string[] }) => [string, unknown[]][], (ids: string[]) => unknown[]]>(
    [
      [
        "changed",
        ({ tenantId, ids }) => [
          [`UPDATE audit_events SET details = '{"name": "x"}' WHERE tenant_id = $1 AND id = $2`, [tenantId, ids[1]]],
        ],
        (ids) => [["changed", 1, ids[1]]],
      ],
      [
        "moved in time by less than JavaScript can tell",
        ({ tenantId, ids }) => [
          [
            "UPDATE audit_events SET at = at + interval '1 microsecond' WHERE tenant_id = $1 AND id = $2",
            [tenantId, ids[3]],
          ],
        ],
        (ids) => [["changed", 2, ids[3]]],
      ],
      [
        "deleted",
        ({ tenantId, ids }) => [["DELETE FROM audit_events WHERE tenant_id = $1 AND id = $2", [tenantId, ids[2]]]],
        (ids) => [["missing", 1, ids[2]]],
      ],
      [
        "swapped with another",
        ({ tenantId, ids: [, one, two] }) => [
          [
            "UPDATE audit_events SET id = '00000000-0000-7000-8000-000000000000' WHERE tenant_id = $1 AND id = $2",
            [tenantId, one],
          ],
          ["UPDATE audit_events SET id = $2 WHERE tenant_id = $1 AND id = $3", [tenantId, one, two]],
          [
            "UPDATE audit_events SET id = $2 WHERE tenant_id = $1 AND id = '00000000-0000-7000-8000-000000000000'",
            [tenantId, two],
          ],
        ],
        ([, one, two]) => [
          ["moved", 1, one],
          ["moved", 1, two],
        ],
      ],
      [
        "put in",
        ({ tenantId }) => [
          [
            `INSERT INTO audit_events (tenant_id, id, at, actor_kind, action, target_kind, target_id)
         VALUES ($1, '01990000-0000-7000-8000-000000000000', now(), 'system', 'project.deleted', 'project', 'x')`,
            [tenantId],
          ],
        ],
        () => [["inserted", undefined, "01990000-0000-7000-8000-000000000000"]],
      ],
      [
        "taken from the list of its batch",
        ({ tenantId }) => [
          [
            "UPDATE audit_batches SET event_ids = event_ids[1:1], leaves = substr(leaves, 1, 32) WHERE tenant_id = $1 AND seq = 2",
            [tenantId],
          ],
        ],
        (ids) => [
          ["batch changed", 2, undefined],
          ["batch changed", 2, undefined],
          ["inserted", undefined, ids[4]],
        ],
      ],
    ],
  )("names an event that the superuser has %s", async (_what, tamper, wanted) => {
    const { tenantId, ids, head } = await chained();
    for (const [text, values] of tamper({ tenantId, ids })) await asSuperuser(text, values);
    expect(await faultsOf(tenantId, head)).toEqual(wanted(ids));
  });

  test("names a past that was put in by the ordinary way [a stolen connection of lv_app]", async () => {
    const { tenantId } = await chained();
    const id = "01990000-0000-7000-8000-000000000000";
    await inDatabase(audited.parts.config.database.url, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('lv.tenant_id', $1, true)", [tenantId]);
      await client.query(
        "INSERT INTO audit_events (tenant_id, id, at, actor_kind, action, target_kind, target_id) VALUES ($1, $2, now(), 'system', 'project.deleted', 'project', 'x')",
        [tenantId, id],
      );
      await client.query("INSERT INTO audit_unsealed VALUES ($1, $2)", [tenantId, id]);
      await client.query("COMMIT");
    });
    await sealAudit(audited.parts.database);
    expect(await faultsOf(tenantId)).toEqual([["inserted", 3, id]]);
  });

  test("names a newest batch that is gone, by the head that was kept elsewhere, and events that waited", async () => {
    const { jane, tenantId, ids, head } = await chained();
    await asSuperuser("DELETE FROM audit_events WHERE tenant_id = $1 AND id = ANY ($2)", [tenantId, ids.slice(3)]);
    await asSuperuser("DELETE FROM audit_batches WHERE tenant_id = $1 AND seq = 2", [tenantId]);
    expect(await faultsOf(tenantId)).toEqual([]);
    expect(await faultsOf(tenantId, head)).toEqual([["batch missing", 2, undefined]]);
    await ask("POST", "/api/v1/projects", jane.headers, { name: "waits" });
    const [waits] = await trail(jane);
    await asSuperuser("DELETE FROM audit_events WHERE tenant_id = $1 AND id = $2", [tenantId, waits.id]);
    expect(await faultsOf(tenantId)).toEqual([["missing", undefined, waits.id]]);
  });

  test("is verified by a command that ends with 1 where something is wrong", async () => {
    const { tenantId, ids, head } = await chained();
    const run = async (...args: string[]) => {
      const file = join(import.meta.dirname, "..", "audit-verify.ts");
      const env = { ...process.env, DATABASE_WORKER_URL: audited.parts.config.database.workerUrl };
      return await promisify(execFile)(process.execPath, [file, ...args], { env }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    };
    const whole = `${tenantId}: whole, 5 events, head ${head.seq}:${head.hash}\n`;
    expect(await run(tenantId, `${head.seq}:${head.hash}`)).toEqual({ code: 0, stdout: whole });
    expect(await run(tenantId, `3:${head.hash}`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("batch missing: batch 3: batch 3 was known"),
    });
    await asSuperuser("UPDATE audit_events SET actor_id = 'eve' WHERE tenant_id = $1 AND id = $2", [tenantId, ids[4]]);
    const { code, stdout } = await run("all");
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining(`  changed: event ${ids[4]} batch 2: it is not what was sealed`),
    ]);
    expect(await run("nobody")).toMatchObject({ code: 2 });
  });
});

test("the worker's role, which chains, cannot write an event or change a batch", async () => {
  const client = new pg.Client({ connectionString: audited.parts.config.database.workerUrl });
  await client.connect();
  for (const text of [
    "INSERT INTO audit_events DEFAULT VALUES",
    "UPDATE audit_batches SET seq = 1",
    "DELETE FROM audit_batches",
  ]) {
    await expect(client.query(text)).rejects.toThrow(/permission denied/);
  }
  await client.end();
});
