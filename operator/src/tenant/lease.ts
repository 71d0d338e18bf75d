import type { Nanos } from "@leanvibe/schema";

/** One namespace's part of one resource, in nano-units. */
export type Holding = {
  /** spec.hard of its quota: what it was lent last. Zero where there is no quota yet. */
  lent: Nanos;
  /** status.hard: what admission goes by, until Kubernetes has taken `lent` in. */
  enforced: Nanos;
  used: Nanos;
  /** What it needs, as far as is known. */
  wanted: Nanos;
  /** What it may have in any case: an empty namespace must be able to begin. */
  floor: Nanos;
};

/**
 * Lends a Tenant's total to its namespaces, one resource at a time. Pure. Answers what each may hold, in the order given,
 * which is also the order in which they are served when there is not enough for all.
 *
 * What nobody wants comes back; what is free goes to who wants it. Nothing is lent twice: a part that was lowered counts
 * with what it was until Kubernetes is seen to enforce the lower figure. So, whatever pods are admitted meanwhile, the sum
 * of max(hard, used) never exceeds the total; where the total itself was lowered below what is lent, that sum only falls.
 */
export function lease(total: Nanos, holdings: readonly Holding[]): Nanos[] {
  const lent = shrunk(
    total,
    holdings.map((holding) => least(holding.lent, most(holding.wanted, holding.floor))),
    holdings,
  );
  let free = total - sum(holdings.map(committed));
  if (free < 0n) return lent;
  const goals = [holdings.map(({ floor }) => floor), holdings.map(({ wanted }) => wanted)];
  for (const goal of goals) {
    for (const [index, holding] of holdings.entries()) {
      const before = lent[index] ?? 0n;
      // What it holds anyway, in use or still enforced, costs nothing more.
      const paid = most(before, committed(holding));
      const after = most(before, least(goal[index] ?? 0n, paid + free));
      free -= most(0n, after - paid);
      lent[index] = after;
    }
  }
  return lent;
}

/** The most that may run under it before a new figure is in force. */
export function committed({ lent, enforced, used }: Pick<Holding, "lent" | "enforced" | "used">): Nanos {
  return most(lent, most(enforced, used));
}

/** Where more is lent than there is, what is unused goes first, from each in proportion. Pods that run are never touched. */
function shrunk(total: Nanos, lent: readonly Nanos[], holdings: readonly Holding[]): Nanos[] {
  const used = holdings.map((holding) => holding.used);
  const excess = sum(lent.map((amount, index) => most(amount, used[index] ?? 0n))) - total;
  if (excess <= 0n) return [...lent];
  const unused = lent.map((amount, index) => most(0n, amount - (used[index] ?? 0n)));
  const all = sum(unused);
  return lent.map((amount, index) => {
    const idle = unused[index] ?? 0n;
    if (excess >= all) return least(amount, used[index] ?? 0n);
    return amount - (idle * excess + all - 1n) / all;
  });
}

export function sum(amounts: readonly Nanos[]): Nanos {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

export function most(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b;
}

export function least(a: Nanos, b: Nanos): Nanos {
  return a < b ? a : b;
}
