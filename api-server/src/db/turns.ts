import { Refusal } from "../errors/catalogue.ts";

export type TurnOptions = {
  /** How many of one are under way at a time. */
  atOnce: number;
  /** How many of one wait at most; the next is refused at once. */
  waiting: number;
  /** How long one waits at most. */
  milliseconds: number;
};

type Line = { running: number; waiting: Set<() => void> };

const RETRY_SECONDS = 1;

/**
 * Lets only so many of each tenant's through at a time, in the order in which they came. Connections are few, and of those
 * who wait for one row each holds one: else a single tenant that sends a thousand requests would have them all, and
 * everybody else none.
 * @throws Refusal RATE_LIMITED where too many wait, or for too long
 */
export function takingTurns({ atOnce, waiting, milliseconds }: TurnOptions) {
  const lines = new Map<string, Line>();
  const wait = (line: Line) =>
    new Promise<void>((resolve, reject) => {
      if (line.waiting.size >= waiting) return reject(tooMany());
      const turn = () => {
        clearTimeout(timer);
        line.waiting.delete(turn);
        resolve();
      };
      const timer = setTimeout(() => {
        line.waiting.delete(turn);
        reject(tooMany());
      }, milliseconds);
      line.waiting.add(turn);
    });
  const leave = (tenant: string, line: Line) => {
    const [next] = line.waiting;
    // Whoever waits takes the place over, so that nobody who comes just now is before them.
    if (next !== undefined) return next();
    line.running -= 1;
    if (line.running === 0) lines.delete(tenant);
  };
  return <T>(tenant: string, work: () => Promise<T>): Promise<T> => {
    const line = lines.get(tenant) ?? { running: 0, waiting: new Set() };
    const run = async () => {
      try {
        return await work();
      } finally {
        leave(tenant, line);
      }
    };
    if (line.running >= atOnce) return wait(line).then(run);
    lines.set(tenant, line);
    line.running += 1;
    return run();
  };
}

function tooMany(): Refusal {
  return new Refusal("RATE_LIMITED", {
    detail: "Your organization has too many requests under way at once: try again in 1 s.",
    retryAfterSeconds: RETRY_SECONDS,
  });
}
