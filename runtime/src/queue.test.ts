import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Outcome, PRIORITIES, type Priority, Queue, type QueueOptions } from "./queue.ts";

/** A queue whose runs are finished by the test, one by one. */
function held(options: Partial<QueueOptions> = {}) {
  const open: { key: string; finish: (outcome?: Outcome) => void; fail: (error: unknown) => void }[] = [];
  const runs: string[] = [];
  const queue = new Queue({
    workers: 4,
    work: (key) => {
      runs.push(key);
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      const leave = () =>
        open.splice(
          open.findIndex((run) => run.key === key),
          1,
        );
      open.push({
        key,
        finish: (outcome = {}) => {
          leave();
          resolve(outcome);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      });
      return promise;
    },
    ...options,
  });
  onTestFinished(async () => {
    const stopped = queue.stop();
    for (const run of [...open]) run.finish();
    await stopped;
  });
  return { queue, open, runs };
}

type Step = { add: string; priority: Priority } | { end: number; fails: boolean };

/** A queue of two workers under a script of additions and ends; notes what it does wrong. */
class Adversary {
  readonly violations: string[] = [];
  readonly #running = new Map<string, PromiseWithResolvers<Outcome>>();
  /** Keys added and not begun since. */
  readonly #owed = new Set<string>();
  readonly #queue = new Queue({
    workers: 2,
    backoff: { firstMilliseconds: 0, mostMilliseconds: 0 },
    work: (key) => this.#begin(key),
  });

  #begin(key: string): Promise<Outcome> {
    // Noted, not thrown: the queue takes whatever its work throws for a failure of the work.
    if (this.#running.has(key)) this.violations.push(`${key} runs twice at once`);
    const run = Promise.withResolvers<Outcome>();
    this.#running.set(key, run);
    if (this.#running.size > 2) this.violations.push(`${this.#running.size} run at once`);
    this.#owed.delete(key);
    return run.promise;
  }

  async take(step: Step): Promise<void> {
    if ("add" in step) {
      this.#owed.add(step.add);
      this.#queue.add(step.add, step.priority);
    } else this.#end(step);
    await nextTurn();
  }

  #end({ end, fails }: { end: number; fails: boolean }): void {
    const [key, run] = [...this.#running][end % Math.max(this.#running.size, 1)] ?? [];
    if (key === undefined) return;
    this.#running.delete(key);
    if (fails) run?.reject(new Error("fault"));
    else run?.resolve({});
  }

  async finish(): Promise<void> {
    while (this.#running.size > 0 || this.#queue.depth > 0) await this.take({ end: 0, fails: false });
    await this.#queue.stop();
    for (const key of this.#owed) this.violations.push(`${key} was lost`);
  }
}

describe("a queue", () => {
  it("never works a key twice at once, never exceeds its workers, and loses nothing that was added", async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ add: fc.constantFrom("a", "b", "c", "d", "e"), priority: fc.constantFrom(...PRIORITIES) }),
      fc.record({ end: fc.nat(), fails: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const adversary = new Adversary();
        for (const one of steps) await adversary.take(one);
        await adversary.finish();
        expect(adversary.violations).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("takes in a burst before it works: a key added many times runs once", async () => {
    const { queue, runs } = held();
    for (let nth = 0; nth < 1_000; nth += 1) queue.add("a");
    await nextTurn();
    expect(runs).toEqual(["a"]);
  });

  it("runs a key once more that was added while it ran", async () => {
    const { queue, open, runs } = held();
    queue.add("a");
    await nextTurn();
    queue.add("a");
    queue.add("a");
    await nextTurn();
    expect(runs).toEqual(["a"]);
    open[0]?.finish();
    await nextTurn();
    await nextTurn();
    expect(runs).toEqual(["a", "a"]);
    open[0]?.finish();
    await nextTurn();
    await nextTurn();
    expect(runs).toEqual(["a", "a"]);
  });

  it("survives work that throws before it returns a promise", async () => {
    const runs: string[] = [];
    const queue = new Queue({
      workers: 1,
      work: (key) => {
        runs.push(key);
        if (key === "poison") throw new Error("at once");
        return Promise.resolve({});
      },
    });
    queue.add("poison");
    queue.add("healthy");
    await vi.waitFor(() => expect(runs).toContain("healthy"));
    await queue.stop();
  });
});

describe("the classes of a queue", () => {
  /** Ends run after run until as many were begun. */
  async function work({ open, runs }: ReturnType<typeof held>, count: number): Promise<string[]> {
    for (let turn = 0; turn < count * 3 && runs.length < count; turn += 1) {
      open[0]?.finish();
      await nextTurn();
    }
    return runs.slice(0, count);
  }

  it("are worked urgent first, then live, then background, each in order", async () => {
    const one = held({ workers: 1 });
    for (const nth of [1, 2])
      for (const priority of PRIORITIES.toReversed()) one.queue.add(`${priority}-${nth}`, priority);
    await nextTurn();
    const expected = PRIORITIES.flatMap((priority) => [`${priority}-1`, `${priority}-2`]);
    expect(await work(one, 6)).toEqual(expected);
  });

  it("let one live key pass 1,000 that wait since the start, within as many picks as there are workers", async () => {
    const one = held({ workers: 4 });
    for (let nth = 0; nth < 1_000; nth += 1) one.queue.add(`start-${nth}`, "background");
    await work(one, 17);
    const before = one.runs.length;
    one.queue.add("news");
    await work(one, before + 4);
    expect(one.runs.slice(before)).toContain("news");
  });

  it("move a waiting key up when it is added in a better one, and never down", async () => {
    const one = held({ workers: 1 });
    for (const key of ["a", "b", "c"]) one.queue.add(key, "background");
    one.queue.add("c", "urgent");
    one.queue.add("c", "background");
    one.queue.add("b");
    await nextTurn();
    expect(await work(one, 3)).toEqual(["c", "b", "a"]);
  });

  it("hold for a key that was added while it ran: the best that was asked for", async () => {
    const one = held({ workers: 1 });
    one.queue.add("a");
    await nextTurn();
    for (const key of ["x", "y"]) one.queue.add(key);
    one.queue.add("a", "urgent");
    one.queue.add("a", "background");
    expect(await work(one, 4)).toEqual(["a", "a", "x", "y"]);
  });

  it("never starve: what waited longest is taken every eighth time, however much of a better class comes", async () => {
    const one = held({ workers: 1 });
    for (let nth = 0; nth < 5; nth += 1) one.queue.add(`old-${nth}`, "background");
    for (let nth = 0; nth < 50; nth += 1) {
      one.queue.add(`urgent-${nth}`, "urgent");
      await work(one, nth + 1);
    }
    expect(one.runs.filter((key) => key.startsWith("old"))).toEqual(["old-0", "old-1", "old-2", "old-3", "old-4"]);
  });

  it.each<[string, (run: ReturnType<typeof held>["open"][number]) => void]>([
    ["fails", (run) => run.fail(new Error("fault"))],
    ["asks to be looked at again", (run) => run.finish({ requeueAfterMilliseconds: 20 })],
  ])("are kept by a key that %s", async (_name, end) => {
    const one = held({ workers: 1, backoff: { firstMilliseconds: 20, mostMilliseconds: 20 } });
    one.queue.add("poison", "background");
    await nextTurn();
    const [run] = one.open;
    one.queue.add("other");
    if (run !== undefined) end(run);
    await vi.waitFor(() => expect(one.runs).toContain("other"));
    await vi.waitFor(() => expect(one.queue.depth).toBe(1));
    one.queue.add("news");
    expect(await work(one, 4)).toEqual(["poison", "other", "news", "poison"]);
  });
});

describe("a queue that is stopped", () => {
  it("waits for what runs, begins nothing new, and takes nothing more", async () => {
    const { queue, open, runs } = held({ workers: 1 });
    queue.add("running");
    queue.add("waiting");
    queue.addAfter("later", 1);
    await nextTurn();
    let stopped = false;
    const stop = queue.stop().then(() => {
      stopped = true;
    });
    queue.add("running");
    queue.add("more");
    queue.addAfter("more", 0);
    await nextTurn();
    expect(stopped).toBe(false);
    open[0]?.finish({ requeueAfterMilliseconds: 0 });
    await stop;
    await nextTurn();
    expect(runs).toEqual(["running"]);
  });

  it("leaves no timer behind that keeps the process alive", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { queue } = held();
    queue.addAfter("a", 60_000);
    queue.addAfter("b", 60_000);
    expect(vi.getTimerCount()).toBe(2);
    await queue.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a key's next appointment", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["the first failure", 0, 50 * 0.75, 50 * 1.25],
    ["the fourth", 3, 400 * 0.75, 400 * 1.25],
    ["the thousandth", 1_100, 60_000 * 0.75, 60_000],
  ])("after %s lies within its backoff", async (_name, earlier, least, most) => {
    const { queue, open, runs } = held();
    queue.add("a");
    for (let failure = 0; failure < earlier; failure += 1) {
      await vi.advanceTimersByTimeAsync(1);
      open[0]?.fail(new Error("fault"));
      await vi.advanceTimersByTimeAsync(0);
      queue.add("a");
    }
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.fail(new Error("fault"));
    const before = runs.length;
    await vi.advanceTimersByTimeAsync(least - 2);
    expect(runs.length).toBe(before);
    await vi.advanceTimersByTimeAsync(most - least + 4);
    expect(runs.length).toBe(before + 1);
  });

  it.each([
    ["what the server asked for, where that is longer", 5_000, 5_000],
    ["its backoff, where the server asked for nothing", undefined, 63],
  ])("is %s", async (_name, asked, expected) => {
    const { queue, open, runs } = held({ delayOf: () => asked });
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.fail(new Error("429"));
    await vi.advanceTimersByTimeAsync(expected / 2);
    expect(runs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(expected);
    expect(runs).toHaveLength(2);
  });

  it("is as long as the server asked for even when there is news of the key meanwhile, in the class of the news", async () => {
    const { queue, open, runs } = held({ workers: 1, delayOf: () => 5_000 });
    queue.add("a", "background");
    await vi.advanceTimersByTimeAsync(1);
    queue.add("a", "background");
    open[0]?.fail(new Error("429"));
    await vi.advanceTimersByTimeAsync(4_000);
    queue.add("a", "urgent");
    await vi.advanceTimersByTimeAsync(900);
    expect(runs).toEqual(["a"]);
    queue.add("b", "live");
    await vi.advanceTimersByTimeAsync(1);
    queue.add("c", "live");
    await vi.advanceTimersByTimeAsync(200);
    open[0]?.finish();
    await vi.advanceTimersByTimeAsync(1);
    expect(runs).toEqual(["a", "b", "a"]);
  });

  it("is not as long as a mistake when there is news: a minute is the most that a key is deaf", async () => {
    const { queue, open, runs } = held({ delayOf: () => 3_600_000 });
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.fail(new Error("429"));
    await vi.advanceTimersByTimeAsync(30_000);
    queue.add("a");
    await vi.advanceTimersByTimeAsync(29_000);
    expect(runs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(runs).toHaveLength(2);
  });

  it("is dropped when the key runs for another reason first, and made anew by that run", async () => {
    const { queue, open, runs } = held();
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.finish({ requeueAfterMilliseconds: 1_000 });
    await vi.advanceTimersByTimeAsync(500);
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.finish({ requeueAfterMilliseconds: 5_000 });
    await vi.advanceTimersByTimeAsync(4_500);
    expect(runs).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(600);
    expect(runs).toHaveLength(3);
  });

  it("starts from the first backoff again after a success", async () => {
    const { queue, open, runs } = held();
    for (let nth = 0; nth < 8; nth += 1) {
      queue.add("a");
      await vi.advanceTimersByTimeAsync(1);
      open[0]?.fail(new Error("fault"));
      await vi.advanceTimersByTimeAsync(0);
    }
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.finish();
    queue.add("a");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.fail(new Error("fault"));
    const before = runs.length;
    await vi.advanceTimersByTimeAsync(70);
    expect(runs).toHaveLength(before + 1);
  });

  it("the earlier of two wins", async () => {
    const { queue, runs } = held();
    queue.addAfter("a", 1_000);
    queue.addAfter("a", 100);
    queue.addAfter("a", 5_000);
    await vi.advanceTimersByTimeAsync(150);
    expect(runs).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  // A timer of more than 2^31-1 milliseconds fires at once.
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e12])("%d milliseconds away does not spin", async (wait) => {
    const { queue, runs } = held();
    queue.addAfter("a", wait);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(0);
  });

  it("in another key's backoff delays nobody", async () => {
    const { queue, open, runs } = held({ workers: 1, delayOf: (error) => (error === "poison" ? 60_000 : 0) });
    queue.add("poison");
    await vi.advanceTimersByTimeAsync(1);
    open[0]?.fail("poison");
    queue.add("healthy");
    await vi.advanceTimersByTimeAsync(1);
    expect(runs).toEqual(["poison", "healthy"]);
  });
});
