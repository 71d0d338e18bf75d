import { Refusal } from "../errors/catalogue.ts";

export type AtOnceBounds = {
  /** Of one key, and of all together. */
  each: number;
  all: number;
  /** When whoever is refused is asked to come again. */
  retrySeconds: number;
  /** @param own how many of theirs are under way */
  detail: (own: number) => string;
};

/** Counts what is under way at the same time, so that one alone never takes every place. */
export class AtOnce {
  readonly #bounds: AtOnceBounds;
  readonly #open = new Map<string, number>();
  #all = 0;

  constructor(bounds: AtOnceBounds) {
    this.#bounds = bounds;
  }

  /** @returns what ends it; more than once is as once. @throws Refusal RATE_LIMITED */
  enter(key: string): () => void {
    const { each, all, retrySeconds, detail } = this.#bounds;
    const own = this.#open.get(key) ?? 0;
    if (own >= each || this.#all >= all) {
      throw new Refusal("RATE_LIMITED", { detail: detail(own), retryAfterSeconds: retrySeconds });
    }
    this.#open.set(key, own + 1);
    this.#all += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#all -= 1;
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left === 0) this.#open.delete(key);
      else this.#open.set(key, left);
    };
  }
}
