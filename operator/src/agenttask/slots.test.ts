import { TASK_PRIORITIES, type TaskPriority } from "@leanvibe/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slots } from "./slots.ts";

const NOW = 1_000_000;

/** Slots whose grants are noted, and taken as started at once unless a test says otherwise. */
function made({
  limits = {},
  slots = 1_000,
  starting = 1_000,
}: Partial<{ limits: Record<string, number>; slots: number; starting: number }> = {}) {
  const granted: string[] = [];
  const moved: string[] = [];
  const rests: number[] = [];
  const begins: number[] = [];
  const plan: Record<string, number> = { ...limits };
  const queue = new Slots({
    limitOf: (tenant) => plan[tenant] ?? 1,
    slots,
    starting,
    grant: (key) => granted.push(key),
    moved: (key) => moved.push(key),
    begun: () => begins.push(granted.length),
    rested: () => rests.push(granted.length),
  });
  let made = 0;
  const ask = (key: string, tenant = "a", priority: TaskPriority = "medium", now = NOW) => {
    made += 1;
    const createdAt = `2026-11-23T12:00:00.${String(made).padStart(6, "0")}Z`;
    times.set(key, times.get(key) ?? createdAt);
    return queue.ask(key, { tenant, priority, createdAt: times.get(key) ?? "" }, now);
  };
  const times = new Map<string, string>();
  return { queue, ask, granted, moved, begins, rests, plan };
}

describe("the queue", () => {
  it("lets as many of a Tenant's tasks run as its plan allows, and the next when one is through", () => {
    const { queue, ask, granted } = made({ limits: { a: 2 } });
    expect(["1", "2", "3", "4"].map((key) => ask(key))).toEqual([
      "granted",
      "granted",
      { position: 1 },
      { position: 2 },
    ]);
    queue.leave("1");
    expect(granted).toEqual(["3"]);
    expect(ask("3")).toBe("granted");
  });

  it("takes urgent ones first, then Tenants in turn, and of each the most important and the oldest", () => {
    const { queue, ask, granted } = made({ limits: { a: 10, b: 10, c: 10 }, slots: 1 });
    ask("first", "c");
    for (const [key, tenant, priority] of [
      ["a1", "a", "medium"],
      ["a2", "a", "medium"],
      ["a3", "a", "high"],
      ["b1", "b", "low"],
      ["b2", "b", "urgent"],
      ["c1", "c", "low"],
    ] as const)
      ask(key, tenant, priority);
    for (const done of ["first", "b2", "a3", "b1", "c1", "a1", "a2"]) queue.leave(done);
    expect(granted).toEqual(["b2", "a3", "b1", "c1", "a1", "a2"]);
  });

  it("says nothing of a position where only the operator's own pace is in between", () => {
    const { ask, queue, granted } = made({ limits: { a: 3 }, starting: 1 });
    expect([ask("1"), ask("2"), ask("3"), ask("4")]).toEqual(["granted", "soon", "soon", { position: 3 }]);
    queue.tried("1");
    expect(granted).toEqual(["2"]);
  });

  it("lets an urgent task begin at once where its plan has room, and a Tenant that has just come in its turn", () => {
    const { ask, queue, granted } = made({ limits: { a: 1_000, b: 1, c: 1 }, starting: 2 });
    for (let at = 0; at < 100; at += 1) ask(`a${at}`);
    expect(ask("urgent", "b", "urgent")).toBe("granted");
    expect(ask("late", "c")).toBe("soon");
    queue.tried("a0");
    queue.tried("urgent");
    queue.tried("a1");
    expect(granted).toEqual(["a2", "late"]);
  });

  it("keeps the way free for what is urgent, and lets others begin meanwhile all the same [urgent without end]", () => {
    const { ask, queue, granted } = made({ limits: { a: 1_000, b: 1_000 }, starting: 8 });
    for (let at = 0; at < 100; at += 1) ask(`a${at}`);
    ask("urgent", "b", "urgent");
    for (const at of [0, 1, 2, 3, 4, 5, 6]) queue.tried(`a${at}`);
    // One of them and the urgent one: as many as may be on their way beside it.
    expect(granted).toEqual([]);
    // One urgent task follows the other, and there is always one on its way.
    for (let at = 0; at < 5; at += 1) {
      ask(`urgent${at}`, "b", "urgent");
      queue.tried(at === 0 ? "urgent" : `urgent${at - 1}`);
      queue.tried(`a${7 + at}`);
    }
    expect(granted).toEqual(["a8", "a9", "a10", "a11", "a12"]);
    queue.tried("urgent4");
    expect(granted).toHaveLength(12);
  });

  it("knows of each task whether others are on their way to a Job, and says once when the first is and when none is any more", () => {
    const { ask, queue, begins, rests } = made({ limits: { a: 3 }, starting: 1 });
    for (const key of ["1", "2", "3"]) ask(key);
    expect([queue.othersStart("1"), queue.othersStart("2"), queue.othersStart("of no queue")]).toEqual([
      false,
      true,
      true,
    ]);
    ask("urgent", "b", "urgent");
    expect(queue.othersStart("1")).toBe(true);
    for (const key of ["1", "urgent", "2"]) queue.tried(key);
    expect([queue.othersStart("1"), queue.othersStart("3"), rests]).toEqual([true, false, []]);
    queue.tried("3");
    queue.leave("1");
    expect([queue.othersStart("2"), begins.length, rests.length]).toEqual([false, 1, 1]);
    ask("4");
    expect([begins.length, rests.length]).toEqual([2, 1]);
  });

  it("says so too when the last one that was on its way is gone", () => {
    const { ask, queue, rests } = made();
    ask("1");
    queue.leave("1");
    expect(rests.length).toBe(1);
  });

  it("tells a position at most every 30 s, and wakes who comes among the first ten", () => {
    const { ask, queue, moved } = made();
    for (let at = 0; at <= 11; at += 1) ask(String(at));
    expect(ask("5")).toEqual({ position: 5 });
    queue.leave("0");
    expect(ask("5", "a", "medium", NOW + 29_999)).toEqual({ position: 5 });
    expect(ask("5", "a", "medium", NOW + 30_000)).toEqual({ position: 4 });
    expect(moved).toEqual(["11"]);
  });

  it("lets what runs go on when the plan is lowered, and begins nothing before there is room", () => {
    const { ask, queue, granted, plan } = made({ limits: { a: 3 } });
    for (const key of ["1", "2", "3", "4"]) ask(key);
    plan["a"] = 1;
    queue.reconsider("a");
    queue.leave("1");
    queue.leave("2");
    expect(granted).toEqual([]);
    queue.leave("3");
    expect(granted).toEqual(["4"]);
    plan["a"] = 5;
    ask("5");
    expect(ask("6")).toBe("granted");
  });

  it("knows what runs already, and a task made anew under an old name from the one before it", () => {
    const { ask, queue, granted } = made();
    queue.runs("old", { tenant: "a", priority: "low", createdAt: "2026" });
    expect(ask("new")).toEqual({ position: 1 });
    expect(queue.ask("old", { tenant: "a", priority: "low", createdAt: "2027" }, NOW)).toEqual({ position: 1 });
    expect(granted).toEqual(["new"]);
  });

  it("keeps to 20,000 tasks at the pace of 100", () => {
    const { ask, queue, granted } = made({
      limits: Object.fromEntries(range(100).map((at) => [`t${at}`, 50])),
      starting: 64,
    });
    const begun = performance.now();
    for (const at of range(20_000)) ask(`k${at}`, `t${at % 100}`);
    for (let at = 0; at < granted.length; at += 1) queue.leave(granted[at] ?? "");
    for (const at of range(64)) queue.leave(`k${at}`);
    for (let at = 0; at < granted.length; at += 1) queue.leave(granted[at] ?? "");
    expect(granted.length + 64).toBe(20_000);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

const range = (count: number) => Array.from({ length: count }, (_, at) => at);

type Step = { do: "ask" | "leave" | "tried" | "plan"; key: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("ask", "ask", "ask", "leave", "leave", "tried", "tried", "plan"),
  key: fc.nat(39),
});

/** Four Tenants' tasks, of whom it is noted who was let begin; beginning past a limit fails. */
class Begun {
  readonly limits = [1, 2, 3, 4];
  readonly running = new Set<string>();
  readonly #slots: number;
  readonly queue: Slots;

  constructor(slots: number) {
    this.#slots = slots;
    const limitOf = (tenant: string) => this.limits[Number(tenant)] ?? 0;
    const [moved, begun, rested] = [() => undefined, () => undefined, () => undefined];
    this.queue = new Slots({ limitOf, slots, starting: 3, grant: (key) => this.#begin(key), moved, begun, rested });
  }

  #begin(key: string): void {
    const tenant = Number(key) % 4;
    const used = [...this.running].filter((each) => Number(each) % 4 === tenant).length;
    expect(used).toBeLessThan(this.limits[tenant] ?? 0);
    expect(this.running.size).toBeLessThan(this.#slots);
    this.running.add(key);
  }

  readonly steps: Record<Step["do"], (key: string) => void> = {
    ask: (key) => {
      const priority = TASK_PRIORITIES[Number(key) % 3] ?? "low";
      const turn = this.queue.ask(key, { tenant: String(Number(key) % 4), priority, createdAt: key }, NOW);
      if (turn === "granted" && !this.running.has(key)) this.#begin(key);
    },
    leave: (key) => {
      this.running.delete(key);
      this.queue.leave(key);
    },
    tried: (key) => this.queue.tried(key),
    plan: (key) => {
      const tenant = Number(key) % 4;
      this.limits[tenant] = Math.floor(Number(key) / 8);
      this.queue.reconsider(String(tenant));
    },
  };
}

describe("whatever comes in whatever order", () => {
  it("no Tenant is let begin more than its plan has room for, nor all together more than the platform", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 6 }), (steps, slots) => {
        const begun = new Begun(slots);
        for (const each of steps) begun.steps[each.do](String(each.key));
      }),
      { numRuns: 300 },
    );
  });

  it("nobody waits while there is room: of any demand as many run as may", () => {
    const demand = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 60 });
    fc.assert(
      fc.property(demand, fc.integer({ min: 1, max: 12 }), (asked, slots) => {
        const limits = [1, 2, 3, 4];
        const running = new Set<string>();
        const queue = new Slots({
          limitOf: (tenant) => limits[Number(tenant)] ?? 0,
          slots,
          starting: 2,
          grant: (key) => void running.add(key),
          moved: () => undefined,
          begun: () => undefined,
          rested: () => undefined,
        });
        asked.forEach(([tenant, priority], at) => {
          const claim = { tenant: String(tenant), priority: TASK_PRIORITIES[priority] ?? "low", createdAt: String(at) };
          if (queue.ask(String(at), claim, NOW) === "granted") running.add(String(at));
          for (const key of running) queue.tried(key);
        });
        const may = limits.reduce(
          (sum, limit, tenant) => sum + Math.min(limit, asked.filter(([whose]) => whose === tenant).length),
          0,
        );
        expect(running.size).toBe(Math.min(slots, may));
      }),
      { numRuns: 300 },
    );
  });
});
