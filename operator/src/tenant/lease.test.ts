import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { committed, type Holding, lease } from "./lease.ts";

const idle = (floor = 1n): Holding => ({ lent: floor, enforced: floor, used: 0n, wanted: floor, floor });

describe("lease()", () => {
  it("lends what is free to the one that asks: four namespaces, 16 CPU, one pod of 12", () => {
    const holdings = [idle(), idle(), { ...idle(), wanted: 12n }, idle()];
    expect(lease(16n, holdings)).toEqual([1n, 1n, 12n, 1n]);
  });

  it("serves the first of two that want the same remainder whole, not both in part", () => {
    const holdings = [{ ...idle(), wanted: 12n }, { ...idle(), wanted: 12n }, idle(), idle()];
    expect(lease(16n, holdings)).toEqual([12n, 2n, 1n, 1n]);
  });

  it("lowers first: what was lent is free only when Kubernetes enforces the lower figure", () => {
    const before = { ...idle(), lent: 12n, enforced: 12n };
    const asks = { ...idle(), wanted: 10n };
    expect(lease(16n, [before, asks])).toEqual([1n, 4n]);
    expect(
      lease(16n, [
        { ...before, lent: 1n },
        { ...asks, lent: 4n, enforced: 4n },
      ]),
    ).toEqual([1n, 4n]);
    expect(lease(16n, [idle(), { ...asks, lent: 4n, enforced: 4n }])).toEqual([1n, 10n]);
  });

  it("after the total was lowered lends nobody more, and lets what runs go on", () => {
    const busy = { lent: 8n, enforced: 8n, used: 6n, wanted: 8n, floor: 1n };
    expect(lease(10n, [busy, busy])).toEqual([6n, 6n]);
  });

  it("takes what is unused, in proportion, where that is enough", () => {
    const busy = { lent: 8n, enforced: 8n, used: 2n, wanted: 8n, floor: 1n };
    expect(lease(10n, [busy, { ...busy, used: 5n }])).toEqual([4n, 6n]);
  });
});

type Step =
  | { do: "enforce"; who: number }
  | { do: "use"; who: number; amount: bigint }
  | { do: "want"; who: number; amount: bigint }
  | { do: "total"; amount: bigint }
  | { do: "join" }
  | { do: "leave"; who: number }
  | { do: "lease" };

const who = fc.nat(7);
const amount = fc.bigInt({ min: 0n, max: 40n });
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant("enforce" as const), who }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant("use" as const), who, amount }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant("want" as const), who, amount }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant("total" as const), amount }), weight: 1 },
  { arbitrary: fc.constant({ do: "join" as const }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant("leave" as const), who }), weight: 1 },
  { arbitrary: fc.constant({ do: "lease" as const }), weight: 6 },
);

/** Kubernetes beside it: admission goes by what is enforced, and pods come and go whenever they like. */
class World {
  total = 16n;
  holdings: Holding[] = [];

  take(next: Step): void {
    const held = "who" in next ? this.holdings[next.who] : undefined;
    if (next.do === "total") this.total = next.amount;
    else if (next.do === "join") this.holdings.push({ lent: 0n, enforced: 0n, used: 0n, wanted: 0n, floor: 0n });
    else if (next.do === "leave") this.holdings = this.holdings.filter((holding) => holding !== held);
    else if (next.do === "lease") this.lend();
    else if (held === undefined) return;
    else if (next.do === "enforce") held.enforced = held.lent;
    else if (next.do === "want") held.wanted = next.amount;
    else if (next.amount <= held.used || next.amount <= held.enforced) held.used = next.amount;
  }

  lend(): void {
    const floor = this.holdings.length === 0 ? 0n : this.total / BigInt(4 * this.holdings.length);
    for (const holding of this.holdings) holding.floor = floor;
    for (const [index, lent] of lease(this.total, this.holdings).entries()) {
      const holding = this.holdings[index];
      if (holding !== undefined) holding.lent = lent;
    }
  }

  settle(): void {
    for (let round = 0; round < 3; round += 1) {
      this.lend();
      for (const holding of this.holdings) holding.enforced = holding.lent;
    }
  }

  /** Somebody wants more than it has, and not because too much runs already. */
  isShort(): boolean {
    return this.used() <= this.total && this.holdings.some(({ lent, wanted }) => lent < wanted);
  }

  committed(): bigint {
    return this.holdings.reduce((all, holding) => all + committed(holding), 0n);
  }

  used(): bigint {
    return this.holdings.reduce((all, { used }) => all + used, 0n);
  }
}

describe("a Tenant's namespaces together", () => {
  it("never hold more than the total, whatever is admitted, wanted, enforced late, or comes and goes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = new World();
        let bound = world.total;
        for (const next of steps) {
          const before = world.committed();
          world.take(next);
          // A total lowered below what is lent bounds from then on by what was lent: that sum may only fall.
          bound = world.total > before ? world.total : before;
          expect(world.committed()).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("come down to the total, or to what runs where that is more, and then everybody gets what can be had", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const next of steps) world.take(next);
        world.settle();
        const [total, used] = [world.total, world.used()];
        expect(world.committed()).toBeLessThanOrEqual(total > used ? total : used);
        if (world.isShort()) expect(world.committed()).toBe(total);
        const settled = world.holdings.map(({ lent }) => lent);
        world.lend();
        expect(world.holdings.map(({ lent }) => lent)).toEqual(settled);
      }),
      { numRuns: 2_000 },
    );
  });
});
