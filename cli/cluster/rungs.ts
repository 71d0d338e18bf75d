/** What a rung would be, and how to take it. */
export interface Offer<P, T> {
  readonly plan: P;
  take(): Promise<T>;
}

/** One rung: `probe` looks without changing anything and answers with an offer or the sentence why there is none. */
export interface Step<P, T> {
  readonly rung: string;
  /** Undefined: there is nothing to take and nothing to tell. */
  probe(): Promise<Offer<P, T> | string | undefined>;
}

/** A rung that was not taken, and the sentence that says why. */
export interface PassedOver {
  readonly rung: string;
  readonly why: string;
}

/** No rung of a ladder could be taken. */
export class NoRungLeft extends Error {
  readonly passedOver: readonly PassedOver[];
  constructor(passedOver: readonly PassedOver[]) {
    super(passedOver.map(({ rung, why }) => `${rung}: ${why}`).join(" "));
    this.name = "NoRungLeft";
    this.passedOver = passedOver;
  }
}

/** The first rung that offers something, and why those before it do not. @throws NoRungLeft when none does. */
export async function firstOffer<P, T>(
  steps: readonly Step<P, T>[],
): Promise<{ offer: Offer<P, T>; rung: string; index: number; passedOver: PassedOver[] }> {
  const passedOver: PassedOver[] = [];
  for (const [index, { rung, probe }] of steps.entries()) {
    const answer = await probe();
    if (typeof answer === "string") passedOver.push({ rung, why: answer });
    else if (answer) return { offer: answer, rung, index, passedOver };
  }
  throw new NoRungLeft(passedOver);
}

/**
 * Takes the first rung that works: one that fails on the way is told of, and the next is tried.
 * @throws NoRungLeft, the reason of an aborted signal, and what a rung that was asked for fails with: another one is not
 * what was wanted.
 */
export async function climb<P, T>(
  steps: readonly Step<P, T>[],
  options: {
    readonly isAskedFor: (rung: string) => boolean;
    readonly passed: (rung: PassedOver) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<T> {
  const { isAskedFor, passed, signal } = options;
  const failed: PassedOver[] = [];
  for (let next = 0; ; ) {
    signal?.throwIfAborted();
    const { offer, rung, index, passedOver } = await firstOffer(steps.slice(next)).catch((error: unknown) => {
      throw error instanceof NoRungLeft ? new NoRungLeft([...failed, ...error.passedOver]) : error;
    });
    failed.push(...passedOver);
    try {
      return await offer.take();
    } catch (error) {
      signal?.throwIfAborted();
      if (isAskedFor(rung)) throw error;
      const why = `${error instanceof Error ? error.message : String(error)}.`;
      failed.push({ rung, why });
      passed({ rung, why });
    }
    next += index + 1;
  }
}
