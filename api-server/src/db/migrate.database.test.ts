import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inDatabase, type TestDatabase, testDatabase } from "../testing/database.ts";
import { LockedError, migrate } from "./migrate.ts";

let at: TestDatabase;
let reader: pg.Client;

/** A database that has not seen the last change of a table which somebody reads for long. */
beforeEach(async () => {
  at = await testDatabase();
  await inDatabase(at.admin, (client) =>
    client.query(
      "ALTER TABLE tasks DROP COLUMN usage_estimated; DROP INDEX agents_seen; DELETE FROM lv_migrations WHERE name = '0022_task_usage'",
    ),
  );
  reader = new pg.Client({ connectionString: at.admin });
  await reader.connect();
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tasks");
});

afterEach(async () => {
  await reader.end();
  await at.drop();
});

const waiting = () =>
  inDatabase(at.admin, async (client) => {
    const { rows } = await client.query(
      "SELECT FROM pg_locks WHERE NOT granted AND relation = 'tasks'::regclass AND mode = 'AccessExclusiveLock'",
    );
    return rows.length;
  });

test("a migration that waits for a long reader lets the others by, and goes on when it has ended [an export stops everybody]", async () => {
  const said: string[] = [];
  const patience = { lockMilliseconds: 300, tries: 100, pauseMilliseconds: 200 };
  const migrating = migrate(at.admin, {}, (line) => said.push(line), patience);
  await vi.waitFor(async () => expect(await waiting()).toBe(1), { timeout: 10_000, interval: 20 });
  const begun = performance.now();
  await inDatabase(at.admin, (client) => client.query("SELECT count(*) FROM tasks"));
  expect(performance.now() - begun).toBeLessThan(2_000);
  await vi.waitFor(() => expect(said.join()).toContain("again in 200 ms"), { timeout: 5_000 });
  await reader.query("COMMIT");
  expect((await migrating).applied).toEqual(["0022_task_usage"]);
  expect((await migrate(at.admin, {}, undefined, patience)).applied).toEqual([]);
});

test("a migration that finds a table in use each time gives up, changes nothing, and says what to do", async () => {
  const patience = { lockMilliseconds: 50, tries: 3, pauseMilliseconds: 20 };
  const refused = await migrate(at.admin, {}, undefined, patience).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(LockedError);
  expect(String(refused)).toContain("pg_terminate_backend");
  await reader.query("COMMIT");
  const { applied } = await migrate(at.admin, {});
  expect(applied).toEqual(["0022_task_usage"]);
});
