import { randomUUID } from "node:crypto";
import { PLANS } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inDatabase } from "../testing/database.ts";
import { type TestParts, type TestTenant, testParts, testTenant } from "../testing/parts.ts";
import { releaseForgotten } from "./forgotten.ts";
import { type Claim, NoRoom, release, reserve, settle } from "./ledger.ts";
import { limitOf, monthScope, taskScope, withOverage } from "./meters.ts";

let running: TestParts;
let tenant: TestTenant;

beforeAll(async () => {
  running = await testParts();
});

afterAll(() => running.close());

const MONTH = monthScope(new Date());
const later = () => new Date(Date.now() + 60_000);
const write = <T>(work: Parameters<typeof running.parts.database.write<T>>[1]) =>
  running.parts.database.write(tenant.id, work);
const about = () => ({ source: "test", usedBy: tenant.id, taskId: null, details: {} });
const tokens = (quantity: number, limit: number | null, scope = MONTH): Claim => ({
  scope,
  meter: "ai_tokens",
  quantity,
  limit,
});

async function total(scope = MONTH, meter = "ai_tokens") {
  const text = "SELECT used::int, reserved::int FROM usage_totals WHERE tenant_id = $1 AND scope = $2 AND meter = $3";
  const { rows } = await inDatabase(running.admin, (client) => client.query(text, [tenant.id, scope, meter]));
  return rows[0];
}

describe("a limit", () => {
  test("with room for one lets one of 200 that come at once through, and the others are told", async () => {
    tenant = await testTenant(running.parts);
    await write((tx) => settle(tx, randomUUID(), [{ meter: "ai_tokens", quantity: 900, scopes: [MONTH] }], about()));
    const answers = await Promise.allSettled(
      Array.from({ length: 200 }, () => write((tx) => reserve(tx, randomUUID(), [tokens(100, 1_000)], later()))),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(refused.every((error) => error instanceof NoRoom)).toBe(true);
    expect(await total()).toEqual({ used: 900, reserved: 100 });
  });

  test("of a task and of the month both hold: what one refuses is taken from neither", async () => {
    tenant = await testTenant(running.parts);
    const task = taskScope(randomUUID());
    const claims = [tokens(600, 1_000), tokens(600, 1_000, task)];
    await write((tx) => reserve(tx, randomUUID(), claims, later()));
    const second = write((tx) => reserve(tx, randomUUID(), [tokens(600, 10_000), tokens(600, 1_000, task)], later()));
    await expect(second).rejects.toMatchObject({ name: "NoRoom", claim: { scope: task } });
    expect([await total(), await total(task)]).toEqual([
      { used: 0, reserved: 600 },
      { used: 0, reserved: 600 },
    ]);
  });

  test("that is smaller than what is asked for is refused also where nothing was used yet", async () => {
    tenant = await testTenant(running.parts);
    await expect(write((tx) => reserve(tx, randomUUID(), [tokens(11, 10)], later()))).rejects.toThrow(NoRoom);
    expect(await total()).toBeUndefined();
  });
});

describe("what was reserved", () => {
  test("gives way to what was used, once, however often that is said, 200 at a time", async () => {
    tenant = await testTenant(running.parts);
    const ids = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(ids.map((id) => write((tx) => reserve(tx, id, [tokens(10, 1_000)], later()))));
    expect(await total()).toEqual({ used: 0, reserved: 1_000 });
    const used = [{ meter: "ai_tokens", quantity: 7, scopes: [MONTH] }] as const;
    await Promise.all([...ids, ...ids].map((id) => write((tx) => settle(tx, id, used, about()))));
    expect(await total()).toEqual({ used: 700, reserved: 0 });
  });

  test("comes back where it was not used, once", async () => {
    tenant = await testTenant(running.parts);
    const id = randomUUID();
    await write((tx) => reserve(tx, id, [tokens(10, 10)], later()));
    await write((tx) => release(tx, id));
    await write((tx) => release(tx, id));
    expect(await total()).toEqual({ used: 0, reserved: 0 });
    await write((tx) => reserve(tx, randomUUID(), [tokens(10, 10)], later()));
  });

  test("is forgotten when its time is over, and what was used is recorded after that too [crash]", async () => {
    tenant = await testTenant(running.parts);
    const [late, kept] = [randomUUID(), randomUUID()];
    await write((tx) => reserve(tx, late, [tokens(10, 100)], new Date(Date.now() - 1_000)));
    await write((tx) => reserve(tx, kept, [tokens(5, 100)], later()));
    expect(await releaseForgotten(running.parts.database)).toBe(1);
    expect(await total()).toEqual({ used: 0, reserved: 5 });
    await write((tx) => settle(tx, late, [{ meter: "ai_tokens", quantity: 200, scopes: [MONTH] }], about()));
    expect(await total()).toEqual({ used: 200, reserved: 5 });
  });
});

describe("a plan", () => {
  test("blocks, is generous, or bills, as its table says", () => {
    expect(limitOf("starter", "ai_tokens")).toBe(PLANS.starter.aiTokensPerMonth);
    expect(limitOf("professional", "ai_requests")).toBe(5_500);
    expect(limitOf("enterprise", "ai_tokens")).toBeNull();
    expect(withOverage(7, { mode: "Grace", gracePercent: 10 })).toBe(7);
  });
});
