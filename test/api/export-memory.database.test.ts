import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { type ApiWorld, apiWorld } from "../harness/api-server.ts";
import { createByApi, signIn } from "./tenants.ts";

/**
 * What it holds, and not what it has dropped: where V8 may grow it lets garbage lie, and the process was seen to grow by 80 to
 * 250 MiB. Who keeps all rows at once does not come through with so little.
 */
const LIMITED = "--max-old-space-size=96 --max-semi-space-size=4";
const MEBIBYTE = 1024 * 1024;

let world: ApiWorld;

beforeAll(async () => {
  world = await apiWorld(undefined, { NODE_OPTIONS: LIMITED });
  await world.server.start();
});

afterAll(() => world.close());

/** In MiB. */
const resident = () => Number(execFileSync("ps", ["-o", "rss=", "-p", String(world.server.pid)])) / 1024;

async function owner(subdomain: string): Promise<Record<string, string>> {
  return await signIn(world.server, await createByApi(world.server, subdomain), `jane@${subdomain}.example`);
}

/** @returns bytes, MiB resident at most, and seconds */
async function take(headers: Record<string, string>) {
  const { body } = await world.server.ask("POST", "/api/v1/tenants/current/export", undefined, headers);
  const begun = performance.now();
  const answer = await fetch(`${world.server.url}${new URL(String(body["url"])).pathname}`);
  let [bytes, most, looked] = [0, resident(), begun];
  for await (const chunk of answer.body ?? []) {
    // For a while slower than the database is.
    if (bytes < MEBIBYTE) await sleep(20);
    bytes += chunk.length;
    if (performance.now() - looked < 50) continue;
    most = Math.max(most, resident());
    looked = performance.now();
  }
  return { bytes, most: Math.max(most, resident()), seconds: (performance.now() - begun) / 1000 };
}

test("an export of 200,000 projects makes the server little larger, also for who takes it slowly", async () => {
  const [small, large] = [await owner("small"), await owner("large")];
  await inDatabase(world.admin, (client) =>
    client.query(
      `INSERT INTO projects (tenant_id, id, name, description)
       SELECT t.id, gen_random_uuid(), 'P' || n, repeat(md5(n::text), 10) FROM tenants t, generate_series(1, 200000) n WHERE t.subdomain = 'large'`,
    ),
  );
  // What is loaded and allotted once is no growth.
  for (let at = 0; at < 3; at++) await take(small);
  const before = resident();
  const { bytes, most, seconds } = await take(large);
  console.log(
    `export of 200,000 projects, 90 MiB of rows: ${(bytes / MEBIBYTE).toFixed(1)} MiB of ZIP in ${seconds.toFixed(1)} s, ${before.toFixed(0)} MiB resident before and ${most.toFixed(0)} at most`,
  );
  expect(most - before).toBeLessThan(64);
}, 120_000);
