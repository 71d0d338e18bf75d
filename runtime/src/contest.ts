/** So many edits of one object are undone at once; whoever makes more means it, and so do we. */
const AT_ONCE = 3;
/** From then on it is written at most this often. */
const PAUSE_MILLISECONDS = 10_000;
/** After this time without a write of ours the fight is over and forgotten. */
const QUIET_MILLISECONDS = 60_000;
/** Only objects that were written again within the quiet time matter; more at once are no fight but a storm. */
const REMEMBER_AT_MOST = 4_096;

type Fight = {
  /** What we want. When that changes it is no longer the same fight. */
  wanted: string;
  /** How often we wrote it again, because somebody had changed or deleted it. */
  reverts: number;
  at: number;
};

/** Objects that somebody else keeps changing, and when to look at them again. */
export type Contested = { names: string[]; againMilliseconds: number };

/**
 * Damps fights: two writers that both insist would wake each other without pause. Objects go by name, as
 * `LimitRange namespace/name`, with a hash of what is wanted of them.
 */
export class Contests {
  readonly #fights = new Map<string, Fight>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** False while a contested object must wait for its turn. */
  mayWrite(name: string, wanted: string): boolean {
    const fight = this.#fight(name);
    if (fight === undefined || fight.wanted !== wanted || fight.reverts < AT_ONCE) return true;
    return this.#now() - fight.at >= PAUSE_MILLISECONDS;
  }

  /** We wrote it. `undone` says that we had done so before: somebody changed or deleted what we made. */
  wrote(name: string, wanted: string, undone: boolean): void {
    const fight = this.#fight(name);
    const reverts = fight?.wanted === wanted ? fight.reverts + 1 : Number(undone);
    this.#fights.delete(name);
    this.#fights.set(name, { wanted, reverts, at: this.#now() });
    const [oldest] = this.#fights.keys();
    if (this.#fights.size > REMEMBER_AT_MOST && oldest !== undefined) this.#fights.delete(oldest);
  }

  /** Which of these are contested; undefined for none. */
  among(names: readonly string[]): Contested | undefined {
    const contested = names.filter((name) => (this.#fight(name)?.reverts ?? 0) >= AT_ONCE);
    if (contested.length === 0) return undefined;
    const waits = contested.flatMap((name) => {
      const age = this.#now() - (this.#fight(name)?.at ?? 0);
      return age < PAUSE_MILLISECONDS ? PAUSE_MILLISECONDS - age : QUIET_MILLISECONDS - age;
    });
    return { names: contested, againMilliseconds: Math.min(...waits) };
  }

  #fight(name: string): Fight | undefined {
    const fight = this.#fights.get(name);
    return fight !== undefined && this.#now() - fight.at < QUIET_MILLISECONDS ? fight : undefined;
  }
}
