import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareTemplate } from "../../api-server/src/testing/database.ts";
import { startEmbedded } from "../../cli/database/embedded.ts";

/** Starts the one PostgreSQL of a run, with a migrated database from which each test file gets its own. */
export default async function setUp(): Promise<() => Promise<void>> {
  // For the tests of another kind too, which began before.
  if (process.env["LEANVIBE_TEST_DATABASE"] !== undefined) return async () => undefined;
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-postgresql-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const server = await startEmbedded({ folder, lifetime: "parent", durable: false });
    await prepareTemplate(server.url);
    process.env["LEANVIBE_TEST_DATABASE"] = server.url;
    return async () => {
      await server.stop();
      remove();
    };
  } catch (error) {
    remove();
    throw error;
  }
}
