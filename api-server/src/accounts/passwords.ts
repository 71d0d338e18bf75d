import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { Refusal } from "../errors/catalogue.ts";

/** `Algorithm.Argon2id`, which is declared in a way that TypeScript cannot import. */
const ARGON2ID = 2;

/** OWASP's first choice for argon2id: 19 MiB, two passes. */
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** One core is left for everything else. */
const AT_ONCE = Math.max(1, availableParallelism() - 1);
/** Each takes some 15 ms: who would wait longer than a few seconds is told so at once. */
const WAITING_AT_MOST = 200;
const RETRY_SECONDS = 2;

/** Hashing of passwords, so many at a time: a flood of logins must not take every core, nor the memory. */
export class Passwords {
  readonly #pepper: Buffer;
  readonly #waiting: (() => void)[] = [];
  #working = 0;
  #nobody = "";

  private constructor(pepper: Buffer) {
    this.#pepper = pepper;
  }

  /** @param pepper part of every hash and not in the database. */
  static async open(pepper: Buffer): Promise<Passwords> {
    const passwords = new Passwords(pepper);
    passwords.#nobody = await passwords.hash("nobody has this password");
    return passwords;
  }

  /** @throws Refusal OVERLOADED */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, { ...COST, secret: this.#pepper }));
  }

  /**
   * Where nobody has that e-mail address the same work is done all the same, so that the time says nothing.
   * @throws Refusal OVERLOADED
   */
  async matches(stored: string | null | undefined, password: string): Promise<boolean> {
    const against = stored ?? this.#nobody;
    const same = await this.#inTurn(() => verify(against, password, { secret: this.#pepper }));
    return same && typeof stored === "string";
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working >= AT_ONCE) {
      if (this.#waiting.length >= WAITING_AT_MOST)
        throw new Refusal("OVERLOADED", { retryAfterSeconds: RETRY_SECONDS });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#working += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, not given back.
      if (next === undefined) this.#working -= 1;
      else next();
    }
  }
}
