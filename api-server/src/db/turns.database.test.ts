import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { App } from "../app.ts";
import { metered } from "../gateway/metered.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import { type Headers, signedIn, type TestParts, testTenant, testUser } from "../testing/parts.ts";
import type { Transaction } from "./database.ts";

let running: TestParts;
let parts: Parts;
let app: App;

const ask = withApp((made, built) => {
  running = made;
  parts = made.parts;
  app = built;
});

async function account(plan: "starter" | "professional", parentId?: string) {
  const tenant = await testTenant(parts, plan);
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
  if (parentId !== undefined) {
    await inDatabase(running.admin, (client) =>
      client.query("UPDATE tenants SET parent_id = $1 WHERE id = $2", [parentId, tenant.id]),
    );
  }
  return { id: tenant.id, headers };
}

/** Requests at once, each of which adds. */
function flood(callers: readonly Headers[], atOnce: number) {
  const seen: number[] = [];
  const asking = Array.from({ length: atOnce }, async (_, at) => {
    const { status } = await ask("POST", "/api/v1/projects", callers[at % callers.length] ?? {}, {
      name: `flood ${at}`,
    });
    seen.push(status);
  });
  const count = (wanted: number) => seen.filter((status) => status === wanted).length;
  return { count, end: () => Promise.all(asking) };
}

/** While a statement's lock is held for as long as the work takes. */
async function holding<T>(statement: string, id: string, work: () => Promise<T>): Promise<T> {
  return await inDatabase(running.admin, async (client) => {
    await client.query("BEGIN");
    await client.query(statement, [id]);
    const result = await work();
    await client.query("COMMIT");
    return result;
  });
}

const ROW = "SELECT FROM tenants WHERE id = $1 FOR NO KEY UPDATE";

/** The slowest of a hundred requests, reads and writes, one after the other, each answered as if nothing were. */
async function slowest(headers: Headers): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 100; at += 1) {
    const begun = performance.now();
    const { status } =
      at % 10 === 0
        ? await ask("POST", "/api/v1/projects", headers, { name: `own ${at} ${begun}` })
        : await ask("GET", "/api/v1/projects", headers);
    expect([200, 201]).toContain(status);
    times.push(performance.now() - begun);
  }
  return Math.max(...times);
}

describe("one tenant that floods", () => {
  test("takes no connection of others, who are answered as if nothing were [denial of service]", async () => {
    const [loud, quiet] = [await account("starter"), await account("professional")];
    const flooding = await holding(ROW, loud.id, async () => {
      const flooding = flood([loud.headers], 400);
      await vi.waitFor(() => expect(flooding.count(429)).toBeGreaterThan(140), 5_000);
      expect(await slowest(quiet.headers)).toBeLessThan(1_000);
      return flooding;
    });
    await flooding.end();
    // What the starter plan has room for; whoever found no place was told when to come again.
    expect(flooding.count(201)).toBeLessThanOrEqual(5);
  }, 30_000);

  test("by its children too takes no more than by itself [denial of service]", async () => {
    const parent = await account("starter");
    const children = [];
    for (let at = 0; at < 4; at += 1) children.push(await account("starter", parent.id));
    const quiet = await account("professional");
    const callers = [parent, ...children].map(({ headers }) => headers);
    // So that it is known whose children they are.
    for (const headers of callers) await ask("GET", "/api/v1/projects", headers);
    const flooding = await holding("SELECT lv_hold_family($1)", parent.id, async () => {
      const flooding = flood(callers, 100);
      await sleep(200);
      expect(await slowest(quiet.headers)).toBeLessThan(1_000);
      return flooding;
    });
    await flooding.end();
  }, 30_000);
});

test("a tenant that floods has what its calls took written down all the same: nothing is free [unbilled calls]", async () => {
  const { id: payerId } = await account("professional");
  const agent = {
    taskId: randomUUID(),
    tenantId: payerId,
    payerId,
    plan: "professional",
    maxTokens: undefined,
  } as const;
  const endpoint = "http://127.0.0.1:9/v1";
  const model = { name: "m", endpoint, keyFile: undefined, contextTokens: 4_096, maxOutputTokens: 4_096 };
  const reserving = () => metered(parts.database, { ...agent, model: undefined }, model, 100);
  const [used, unused] = [await reserving(), await reserving()];
  let refused = 0;
  const flooding = await holding(ROW, payerId, async () => {
    const touch = (tx: Transaction) =>
      tx.$executeRaw`UPDATE tenants SET organization_name = organization_name WHERE id = ${payerId}::uuid`;
    const flooding = Array.from({ length: 400 }, () =>
      parts.database.write(payerId, touch).catch(() => {
        refused += 1;
      }),
    );
    await vi.waitFor(() => expect(refused).toBeGreaterThan(100));
    const begun = performance.now();
    await used.settle({ inputTokens: 30, outputTokens: 12, estimated: false });
    await unused.release();
    expect(performance.now() - begun).toBeLessThan(1_000);
    return flooding;
  });
  await Promise.all(flooding);
  const { rows } = await inDatabase(running.admin, (client) =>
    client.query("SELECT used::int, reserved::int FROM usage_totals WHERE tenant_id = $1 AND meter = 'ai_tokens'", [
      payerId,
    ]),
  );
  expect(rows).toEqual([
    { used: 42, reserved: 0 },
    { used: 42, reserved: 0 },
  ]);
}, 30_000);

describe("a tenant's own requests", () => {
  test("that waited for too long are told so, and go on when the way is free", async () => {
    const { id, headers } = await account("professional");
    const create = () =>
      Promise.all(
        Array.from({ length: 20 }, (_, at) => ask("POST", "/api/v1/projects", headers, { name: `mine ${at}` })),
      );
    for (const { status, headers: said } of await holding(ROW, id, create)) {
      expect([429, 503]).toContain(status);
      expect(Number(said["retry-after"])).toBeGreaterThan(0);
    }
    expect((await create()).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
  }, 30_000);
});
