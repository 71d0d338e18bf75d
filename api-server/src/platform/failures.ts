import { LRUCache } from "lru-cache";
import { Refusal } from "../errors/catalogue.ts";

const WITHIN_MILLISECONDS = 60_000;
const KEPT = 10_000;

/** Counts who fails, so that nobody goes on guessing, or has the cluster asked, without end. */
export class Failures {
  readonly #atMost: number;
  readonly #counts = new LRUCache<string, number>({ max: KEPT, ttl: WITHIN_MILLISECONDS, noUpdateTTL: true });

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  /** @throws Refusal RATE_LIMITED for who failed too often within a minute */
  require(caller: string): void {
    if ((this.#counts.get(caller) ?? 0) < this.#atMost) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(this.#counts.getRemainingTTL(caller) / 1000));
    const detail = `Too many requests that were refused: try again in ${retryAfterSeconds} s.`;
    throw new Refusal("RATE_LIMITED", { detail, retryAfterSeconds });
  }

  add(caller: string): void {
    this.#counts.set(caller, (this.#counts.get(caller) ?? 0) + 1);
  }
}
