/** A minute more is not waited for, however long Jobs were made without a rest. */
const LONGEST_MILLISECONDS = 60_000;

/** Of many tasks that begin at once: how long what is said of them waits, and whose status does. */
export class Rush {
  readonly #now: () => number;
  readonly #waiting = new Set<string>();
  #began: number | undefined;
  /** Until when the cluster is at the pods of the Jobs that were made. */
  #until = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `now` in milliseconds, of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The first of them is let begin. */
  begins(): void {
    this.#began = this.#now();
  }

  /**
   * The last Job is made. For as long again Kubernetes is at the pods of all these, and until then a status would only say
   * that one is on its way: who waits is told of after that.
   */
  ends(tell: (key: string) => void): void {
    const now = this.#now();
    const took = now - (this.#began ?? now);
    this.#began = undefined;
    this.#until = Math.max(this.#until, now + Math.min(took, LONGEST_MILLISECONDS));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A timer may fire a little before its time: who is told now waits no more.
      this.#until = 0;
      const waited = [...this.#waiting];
      this.#waiting.clear();
      for (const key of waited) tell(key);
    }, this.#until - now).unref();
  }

  /** Are its pods still awaited? */
  get lasts(): boolean {
    return this.#now() < this.#until;
  }

  waits(key: string): void {
    this.#waiting.add(key);
  }

  waitsNoMore(key: string): void {
    this.#waiting.delete(key);
  }
}
