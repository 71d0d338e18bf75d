/** Who waits, and since when (RFC 3339, so that text in its order is time in its order). */
export type Waiter = { key: string; at: string };

function comesBefore(a: Waiter, b: Waiter): boolean {
  return a.at === b.at ? a.key < b.key : a.at < b.at;
}

/** Waiters in the order of their time. Who comes is nearly always the last, and who goes the first. */
export class Line {
  readonly #waiters: Waiter[] = [];

  get size(): number {
    return this.#waiters.length;
  }

  get first(): string | undefined {
    return this.#waiters[0]?.key;
  }

  at(index: number): string | undefined {
    return this.#waiters[index]?.key;
  }

  /** Where it stands, or would. */
  indexOf(waiter: Waiter): number {
    let [low, high] = [0, this.#waiters.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#waiters[middle];
      if (there !== undefined && comesBefore(there, waiter)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(waiter: Waiter): void {
    this.#waiters.splice(this.indexOf(waiter), 0, waiter);
  }

  remove(waiter: Waiter): void {
    const index = this.indexOf(waiter);
    if (this.#waiters[index]?.key === waiter.key) this.#waiters.splice(index, 1);
  }
}

/** Names that take turns: each once, the first out is the last in. */
export class Ring {
  #names: string[] = [];
  #head = 0;
  readonly #inside = new Set<string>();

  add(name: string): void {
    if (this.#inside.has(name)) return;
    this.#inside.add(name);
    this.#names.push(name);
  }

  /** Takes out whose turn it is. */
  next(): string | undefined {
    const name = this.#names[this.#head];
    if (name === undefined) return undefined;
    this.#head += 1;
    this.#inside.delete(name);
    // What was taken out before goes in one piece, so that each turn costs the same.
    if (this.#head * 2 > this.#names.length) {
      this.#names = this.#names.slice(this.#head);
      this.#head = 0;
    }
    return name;
  }
}

/** Only so many of a Tenant's queue are told their position. */
export const TOLD_AT_MOST = 10;
