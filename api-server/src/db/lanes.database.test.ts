import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Refusal } from "../errors/catalogue.ts";
import { inDatabase, type TestDatabase, testDatabase } from "../testing/database.ts";
import { type Database, openDatabase } from "./database.ts";
import type { Statement } from "./lanes.ts";

let at: TestDatabase;
let database: Database;
const tenants = Array.from({ length: 40 }, () => randomUUID());

beforeAll(async () => {
  at = await testDatabase();
  database = await openDatabase({ url: at.urls.lv_app, workerUrl: at.urls.lv_worker, lookupUrl: at.urls.lv_lookup });
  for (const id of tenants) {
    await database.write(id, async (tx) => {
      await tx.tenant.create({ data: { id, subdomain: `t-${id}`, organizationName: id } });
      await tx.project.create({ data: { tenantId: id, id, name: id } });
    });
  }
});

afterAll(async () => {
  await database.close();
  await at.drop();
});

const cells = (row: readonly (string | null)[]) => row;

/** Whose rows are seen, by which connection; an error where one divides by zero. */
const DIVIDED: Statement<readonly (string | null)[]> = {
  name: "lv_test_divided",
  text: "SELECT string_agg(name, ' '), pg_backend_pid(), 1 / $1::int FROM projects",
  row: cells,
};

const statement = (name: string, text: string) => ({ name, text, row: cells });
const ofAll = (ask: (id: string, at: number) => Promise<readonly (readonly (string | null)[])[]>) =>
  Promise.allSettled(tenants.map(ask));

describe("reads that share a connection", () => {
  test("of forty tenants in one moment take two connections, and each sees its own rows alone", async () => {
    const rows = await Promise.all(tenants.map((id) => database.rows(id, DIVIDED, ["1"])));
    expect(rows.map(([row]) => row?.[0])).toEqual(tenants);
    const connections = new Set(rows.map(([row]) => row?.[1]));
    expect(connections.size).toBeLessThanOrEqual(2);
  });

  test("fail alone: those before and behind in the same packet are answered [one tenant's error]", async () => {
    const fails = (place: number) => place % 5 === 2;
    for (let round = 0; round < 20; round += 1) {
      const answers = await ofAll((id, place) => database.rows(id, DIVIDED, [fails(place) ? "0" : "1"]));
      for (const [place, answer] of answers.entries()) {
        if (!fails(place)) expect(answer).toMatchObject({ status: "fulfilled", value: [[tenants[place], {}, "1"]] });
        else expect(answer).toMatchObject({ status: "rejected", reason: { code: "22012" } });
      }
    }
  });

  test("go past one that takes long, by the second connection, be they ever so few [one slow read stops everybody]", async () => {
    const [first = "", second = ""] = tenants;
    const LONG = statement("lv_test_long", "SELECT pg_backend_pid() FROM pg_sleep(2)");
    let isOver = false;
    const long = database.rows(first, LONG, []).finally(() => {
      isOver = true;
    });
    await sleep(60);
    const pids = new Set<unknown>();
    // More than one turn of it: none is led back to the one that is silent.
    for (let round = 0; round < 5; round += 1) {
      const quick = await Promise.all(tenants.slice(1, 4).map((id) => database.rows(id, DIVIDED, ["1"])));
      for (const [row] of quick) pids.add(row?.[1]);
      expect(isOver).toBe(false);
    }
    const [[pid] = []] = await long;
    expect([pids.size, pids.has(pid)]).toEqual([1, false]);
    expect(await database.rows(second, DIVIDED, ["1"])).toHaveLength(1);
  });

  test("leave no tenant behind for whoever has the connection next [a pool's left-over]", async () => {
    const NAMED = statement("lv_test_named", "SELECT current_setting('lv.tenant_id')");
    const [first = "", second = ""] = tenants;
    const named = await Promise.all([database.rows(first, NAMED, []), database.rows(second, NAMED, [])]);
    expect(named).toEqual([[[first]], [[second]]]);
    await expect(database.write(first, (tx) => tx.project.count())).resolves.toBe(1);
  });

  test("cannot be led to another tenant by their parameters, whatever stands in them [injection]", async () => {
    const [own = "", other = ""] = tenants;
    const ECHO = statement("lv_test_echo", "SELECT $1::text, $2::text, $3::text, count(*) FROM projects");
    for (const value of [
      "",
      "'; SELECT set_config('lv.tenant_id', 'x', true) --",
      `\u20ac\u{1f600}${other}`,
      "x".repeat(70_000),
    ]) {
      expect(await database.rows(own, ECHO, [value, null, other])).toEqual([[value, null, other, "1"]]);
    }
    const [zero, next] = await Promise.allSettled([
      database.rows(own, ECHO, ["\0", null, ""]),
      database.rows(other, ECHO, ["next", null, ""]),
    ]);
    expect([zero.status, next]).toEqual(["rejected", { status: "fulfilled", value: [["next", null, "", "1"]] }]);
    await expect(database.rows("'", ECHO, ["", null, ""])).rejects.toThrow(/invalid input syntax for type uuid/);
  });

  test("whose connection is lost fail, and the server goes on", async () => {
    const SLEEPING = statement("lv_test_sleeping", "SELECT pg_sleep(5)");
    const failed = ofAll((id) => database.rows(id, SLEEPING, []));
    await sleep(200);
    await inDatabase(at.admin, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lv_app' AND datname = current_database()",
      ),
    );
    for (const { status, reason } of (await failed).map((each) => ({ reason: undefined, ...each }))) {
      expect([status, reason]).toEqual(["rejected", expect.any(Refusal)]);
    }
    // The pool hears of those that lay idle.
    await sleep(200);
    expect(await ofAll((id) => database.rows(id, DIVIDED, ["1"]))).toMatchObject(
      tenants.map(() => ({ status: "fulfilled" })),
    );
  });

  test("that meet a connection which forgot what it was taught fail once, and never again", async () => {
    const [id = ""] = tenants;
    await database.rows(id, DIVIDED, ["1"]);
    await database.rows(id, statement("lv_test_forgetting", "DEALLOCATE ALL"), []);
    await expect(database.rows(id, DIVIDED, ["1"])).rejects.toMatchObject({ code: "26000" });
    await expect(database.rows(id, DIVIDED, ["1"])).resolves.toHaveLength(1);
  });

  test("that never cease find another connection when theirs has forgotten what it was taught", async () => {
    const SLOW = statement("lv_test_slow", "SELECT pg_sleep(0.002)");
    const seen: boolean[] = [];
    let going = true;
    // So that there is always somebody under way.
    const ceaseless = tenants.map(async (tenant, place) => {
      while (going) {
        if (place % 2 === 0) await Promise.allSettled([database.rows(tenant, SLOW, [])]);
        const [answer] = await Promise.allSettled([database.rows(tenant, DIVIDED, ["1"])]);
        seen.push(answer.status === "fulfilled");
      }
    });
    await sleep(100);
    const FORGETTING = statement("lv_test_forgetting", "DEALLOCATE ALL");
    // Until one forgot on which somebody else was under way: on a slow machine there are two.
    await vi.waitFor(async () => {
      await Promise.allSettled([database.rows(tenants[0] ?? "", FORGETTING, [])]);
      expect(seen).toContain(false);
    }, 5_000);
    await sleep(200);
    const before = seen.length;
    await sleep(300);
    going = false;
    await Promise.all(ceaseless);
    const after = seen.slice(before);
    expect(after.length).toBeGreaterThan(100);
    // One that forgot and lay idle fails once more, those who are under way at most.
    expect(after.filter((isAnswered) => !isAnswered).length).toBeLessThan(tenants.length);
  });

  test("whose statement the database does not take fail with what it says, each time", async () => {
    const [id = ""] = tenants;
    const WRONG = statement("lv_test_wrong", "SELECT nothing FROM nowhere");
    for (let round = 0; round < 4; round += 1) {
      await expect(database.rows(id, WRONG, [])).rejects.toMatchObject({ code: expect.stringMatching(/42P01|26000/) });
    }
  });
});
