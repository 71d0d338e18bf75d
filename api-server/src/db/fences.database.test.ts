import { randomUUID } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Refusal } from "../errors/catalogue.ts";
import { inDatabase, type TestDatabase, testDatabase } from "../testing/database.ts";
import { interleaved } from "../testing/interleaved.ts";
import { type Database, openDatabase, UnsafeDatabaseError } from "./database.ts";
import { faultsOfFences } from "./fences.ts";
import { Prisma } from "./generated/client.ts";
import { SET_TENANT } from "./pool.ts";
import { reachOf, TABLES } from "./roles.ts";

const TENANT_TABLES = Object.entries(TABLES).flatMap(([name, { column }]) => (column === undefined ? [] : [name]));

let at: TestDatabase;
let database: Database;
const [acme, tech] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  at = await testDatabase();
  database = await openDatabase(urls());
  for (const [id, subdomain] of [
    [acme, "acme"],
    [tech, "tech"],
  ] as const) {
    await database.write(id, async (tx) => {
      await tx.tenant.create({ data: { id, subdomain, organizationName: subdomain } });
      await tx.user.create({
        data: { tenantId: id, id: randomUUID(), email: `jane@${subdomain}.example`, role: "owner" },
      });
      await tx.project.create({ data: { tenantId: id, id: randomUUID(), name: `Secret ${subdomain} project` } });
    });
  }
});

afterAll(async () => {
  await database.close();
  await at.drop();
});

const urls = () => ({ url: at.urls.lv_app, workerUrl: at.urls.lv_worker, lookupUrl: at.urls.lv_lookup });

const READ_BY_REQUESTS = TENANT_TABLES.filter((table) => {
  const reach = TABLES[table]?.roles.lv_app;
  return reach !== undefined && reachOf(reach).may.includes("SELECT");
});

const COMMANDS = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;

/** Each takes one fence away; the rest of the database stays as it is. */
const BREACHES = [
  ...Object.entries(TABLES).flatMap(([table, { roles }]) =>
    Object.entries(roles).flatMap(([role, reach]) => [
      `DROP POLICY ${role} ON ${table}`,
      // An owner needs no grant.
      ...(role === "lv_owner" ? [] : COMMANDS).map((command) =>
        reachOf(reach).may.includes(command)
          ? `REVOKE ${command} ON ${table} FROM ${role}`
          : `GRANT ${command} ON ${table} TO ${role}`,
      ),
    ]),
  ),
  ...TENANT_TABLES.flatMap((table) => [
    `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`,
    `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
    `ALTER POLICY lv_app ON ${table} USING (true)`,
    `ALTER POLICY lv_app ON ${table} WITH CHECK (true)`,
    `CREATE POLICY more ON ${table} TO lv_app USING (true)`,
    `GRANT SELECT ON ${table} TO lv_lookup`,
    `GRANT SELECT ON ${table} TO PUBLIC`,
    `GRANT UPDATE (${TABLES[table]?.column}) ON ${table} TO lv_lookup`,
    `ALTER TABLE ${table} OWNER TO postgres`,
  ]),
  "CREATE OR REPLACE FUNCTION lv_tenant() RETURNS uuid LANGUAGE sql STABLE RETURN coalesce(current_setting('lv.tenant_id', true)::uuid, gen_random_uuid())",
  "CREATE FUNCTION lv_find_tenant(uuid) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM projects'",
  "CREATE TABLE forgotten (tenant_id uuid)",
  "CREATE VIEW around AS SELECT * FROM projects",
  "GRANT EXECUTE ON FUNCTION lv_find_tenant(text) TO lv_app",
  "ALTER FUNCTION lv_find_tenant(text) RESET search_path",
  "CREATE FUNCTION around() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM projects'",
];

describe("the fences between tenants", () => {
  test("stand in the database as roles.ts says, on every table there is", async () => {
    expect(await inDatabase(at.admin, faultsOfFences)).toEqual([]);
  });

  test.each(BREACHES)("are missed when one falls: %s", async (breach) => {
    await inDatabase(at.admin, async (client) => {
      await client.query("BEGIN");
      await client.query(breach);
      expect(await faultsOfFences(client)).not.toEqual([]);
      await client.query("ROLLBACK");
    });
  });
});

describe("the client", () => {
  test("finds every table and column that its schema names", async () => {
    await database.read(acme, async (db) => {
      const read = {
        Tenant: await db.tenant.findMany(),
        User: await db.user.findMany(),
        Project: await db.project.findMany(),
        Session: await db.session.findMany(),
        Invitation: await db.invitation.findMany(),
        Export: await db.export.findMany(),
        Outbox: await db.outbox.findMany(),
        ChildGrant: await db.childGrant.findMany(),
        IdempotencyKey: await db.idempotencyKey.findMany(),
        TenantSettings: await db.tenantSettings.findMany(),
        Webhook: await db.webhook.findMany(),
        WebhookDelivery: await db.webhookDelivery.findMany(),
        AuditEvent: await db.auditEvent.findMany(),
        PersonalKey: await db.personalKey.findMany(),
        RefreshToken: await db.refreshToken.findMany(),
        RequestDay: await db.requestDay.findMany(),
        RequestMinute: await db.requestMinute.findMany(),
        Task: await db.task.findMany(),
        TaskStep: await db.taskStep.findMany(),
        TaskFile: await db.taskFile.findMany(),
        TaskEvent: await db.taskEvent.findMany(),
        Agent: await db.agent.findMany(),
      };
      expect(Object.keys(read).toSorted()).toEqual(Object.keys(Prisma.ModelName).toSorted());
    });
  });
});

describe("a query", () => {
  test.each(READ_BY_REQUESTS)("that names no tenant is an error, not every row and not none: %s", async (table) => {
    await inDatabase(at.urls.lv_app, async (client) => {
      await expect(client.query(`SELECT FROM ${table}`)).rejects.toThrow(/lv\.tenant_id/);
    });
  });

  test.each(
    TENANT_TABLES.flatMap((table) =>
      (["lv_app", "lv_worker"] as const).flatMap((role) => {
        const reach = TABLES[table]?.roles[role];
        return COMMANDS.flatMap((command) =>
          reach !== undefined && reachOf(reach).may.includes(command) ? [] : [[role, command, table] as const],
        );
      }),
    ),
  )("of %s that may not %s is refused: %s", async (role, command, table) => {
    const texts = {
      SELECT: `SELECT FROM ${table}`,
      INSERT: `INSERT INTO ${table} DEFAULT VALUES`,
      UPDATE: `UPDATE ${table} SET ${TABLES[table]?.column} = DEFAULT`,
      DELETE: `DELETE FROM ${table}`,
    };
    await inDatabase(at.urls[role], async (client) => {
      await client.query("BEGIN");
      await client.query(SET_TENANT, [acme]);
      await expect(client.query(texts[command])).rejects.toThrow(/permission denied/);
      await client.query("ROLLBACK");
      await expect(client.query(`TRUNCATE ${table}`)).rejects.toThrow(/permission denied/);
    });
  });

  test("in a session in which a tenant was named before is an error [a pool's left-over]", async () => {
    await inDatabase(at.urls.lv_app, async (client) => {
      await client.query("BEGIN");
      await client.query(SET_TENANT, [acme]);
      expect((await client.query("SELECT id FROM projects")).rows).toHaveLength(1);
      await client.query("COMMIT");
      await expect(client.query("SELECT id FROM projects")).rejects.toThrow(/uuid: ""/);
    });
  });

  test("sees its tenant's rows alone, without any condition of its own", async () => {
    for (const [id, name] of [
      [acme, "Secret acme project"],
      [tech, "Secret tech project"],
    ] as const) {
      expect(await database.read(id, (db) => db.project.findMany({ select: { name: true } }))).toEqual([{ name }]);
      expect(await database.read(id, (db) => db.user.count())).toBe(1);
      expect(await database.read(id, (db) => db.tenant.count())).toBe(1);
    }
  });

  test("cannot write a row of another tenant, nor move one there", async () => {
    const stranger = { tenantId: tech, id: randomUUID(), name: "planted" };
    await expect(database.write(acme, (tx) => tx.project.create({ data: stranger }))).rejects.toThrow(
      /row-level security/,
    );
    await expect(database.read(acme, (db) => db.project.create({ data: stranger }))).rejects.toThrow(
      /row-level security/,
    );
    const moved = database.write(acme, (tx) => tx.project.updateMany({ data: { tenantId: tech } }));
    await expect(moved).rejects.toThrow(/row-level security/);
    expect(
      await database.write(acme, (tx) => tx.project.updateMany({ where: { tenantId: tech }, data: { name: "x" } })),
    ).toEqual({ count: 0 });
    expect(await database.write(acme, (tx) => tx.project.deleteMany({ where: { tenantId: tech } }))).toEqual({
      count: 0,
    });
    expect(await database.read(tech, (db) => db.project.findMany({ select: { name: true } }))).toEqual([
      { name: "Secret tech project" },
    ]);
  });

  test("of one tenant never meets another's, when ten thousand of a hundred tenants are under way at once", async () => {
    expect(await interleaved(database)).toEqual([]);
  }, 120_000);

  test("by key is never used: Prisma joins those of one turn into one query, as the first one's tenant", () => {
    const files = globSync("**/*.ts", {
      cwd: join(import.meta.dirname, ".."),
      exclude: ["db/generated/**", "**/*.test.ts"],
    });
    const found = files.filter((file) =>
      /findUnique/.test(readFileSync(join(import.meta.dirname, "..", file), "utf8")),
    );
    expect([files.length > 20, found]).toEqual([true, []]);
  });

  test("under way when its connection is lost fails, and the server goes on", async () => {
    const sleeping = database.read(acme, (db) => db.$queryRaw`SELECT pg_sleep(5)::text`);
    const failed = expect(sleeping).rejects.toThrow(Refusal);
    await sleep(200);
    const killed = await inDatabase(at.admin, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lv_app' AND datname = current_database()",
      ),
    );
    expect(killed.rowCount).toBeGreaterThan(0);
    await failed;
    // The pool hears of those that lay idle.
    await sleep(200);
    expect(await database.read(acme, (db) => db.project.count())).toBe(1);
  });

  test("that fails leaves nothing of its transaction, and a connection that others can use", async () => {
    const twice = { tenantId: acme, id: acme, name: "twice" };
    const failed = database.write(acme, async (tx) => {
      await tx.project.create({ data: twice });
      await tx.project.create({ data: twice });
    });
    await expect(failed).rejects.toThrow(/[Uu]nique/);
    await Promise.all(
      Array.from({ length: 40 }, () =>
        expect(database.read(acme, (db) => db.$queryRaw`SELECT 1 / 0`)).rejects.toThrow(/division by zero/),
      ),
    );
    expect(await database.read(acme, (db) => db.project.count())).toBe(1);
  });
});

describe("the server", () => {
  test("does not start on a database in which a fence is missing, and does when a newer release has added some", async () => {
    const open = () => openDatabase(urls());
    await inDatabase(at.admin, async (client) => {
      await client.query("ALTER TABLE projects NO FORCE ROW LEVEL SECURITY");
      await expect(open()).rejects.toThrow(/missing: table projects of lv_owner.*forced/);
      await client.query("ALTER TABLE projects FORCE ROW LEVEL SECURITY");
      await client.query("CREATE POLICY more ON projects TO lv_app USING (true)");
      await expect(open()).rejects.toThrow(/not known of: policy on projects/);
      await client.query("DROP POLICY more ON projects");
      await client.query("CREATE TABLE added (tenant_id uuid)");
      await (await open()).close();
      await client.query("DROP TABLE added");
    });
  });

  test("does not start as a role that could see every tenant's rows", async () => {
    // Settings that were mixed up: the worker may search every tenant.
    await expect(openDatabase({ ...urls(), url: at.urls.lv_worker })).rejects.toThrow(
      /must be of role lv_app is of role lv_worker/,
    );
    for (const strong of ["url", "workerUrl", "lookupUrl"]) {
      await expect(openDatabase({ ...urls(), [strong]: at.admin })).rejects.toThrow(UnsafeDatabaseError);
    }
    for (const attribute of ["BYPASSRLS", "SUPERUSER", "CREATEROLE"]) {
      await inDatabase(at.admin, async (client) => {
        await client.query(`CREATE ROLE strong LOGIN PASSWORD 'strong' ${attribute}`);
        try {
          const url = Object.assign(new URL(at.urls.lv_app), { username: "strong", password: "strong" }).href;
          await expect(openDatabase({ ...urls(), url })).rejects.toThrow(UnsafeDatabaseError);
        } finally {
          await client.query("DROP ROLE strong");
        }
      });
    }
  });
});
