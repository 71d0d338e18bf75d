import type pg from "pg";
import { PgBoss } from "pg-boss";

/** Where pg-boss keeps its jobs; of lv_owner, and for lv_worker alone. */
export const JOBS_SCHEMA = "lv_jobs";

/** Makes or brings up to date what pg-boss needs. @param client that acts as lv_owner. */
export async function migrateJobs(client: pg.Client): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => client.query(text, values) },
    schema: JOBS_SCHEMA,
    createSchema: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  // Told here as the rejection of start.
  boss.on("error", () => undefined);
  await boss.start();
  await boss.stop({ graceful: false });
  await client.query(`
    GRANT USAGE ON SCHEMA ${JOBS_SCHEMA} TO lv_worker;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${JOBS_SCHEMA} TO lv_worker;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${JOBS_SCHEMA} TO lv_worker`);
}
