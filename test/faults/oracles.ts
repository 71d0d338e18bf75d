import { isMadeAnew, type Report } from "./editors.ts";
import type { Run, Write } from "./events.ts";

/** Creates and deletes of each object that succeeded. */
export type Counts = Map<string, { creates: number; deletes: number }>;

export function countsOf({ writes }: Pick<Run, "writes">): Counts {
  const counts: Counts = new Map();
  const ended = new Set<string>();
  for (const { object, method, status, uid } of writes) {
    if (status >= 300 || status === 0 || object.startsWith("Event ")) continue;
    const count = counts.get(object) ?? { creates: 0, deletes: 0 };
    counts.set(object, count);
    if (method === "POST") count.creates += 1;
    // Whoever had no answer asks again, and the same object goes only once.
    if (method === "DELETE" && (uid === undefined || !ended.has(uid))) count.deletes += 1;
    if (method === "DELETE" && uid !== undefined) ended.add(uid);
  }
  return counts;
}

/** What was made or deleted more often than without a fault: no fault of ours makes that right, another editor's delete does. */
export function excess(expected: Counts, run: Pick<Run, "writes">, edits: readonly MadeAnew[] = []): string[] {
  return [...countsOf(run)].flatMap(([object, { creates, deletes }]) => {
    const usual = expected.get(object) ?? { creates: 0, deletes: 0 };
    const allowed = usual.creates + edits.filter((edit) => edit(object)).length;
    return [
      ...(creates > allowed ? [`${object} was made ${creates} times instead of ${allowed}`] : []),
      ...(deletes > usual.deletes ? [`${object} was deleted ${deletes} times instead of ${usual.deletes}`] : []),
    ];
  });
}

/** Had this object to be made once more? */
type MadeAnew = (object: string) => boolean;

export function madeAnew(report: Report, mask: (text: string) => string): MadeAnew {
  return (object) => isMadeAnew(report, object, mask);
}

/** A delete that does not say whom it means may hit an heir of the name. */
export function unguarded({ writes }: Pick<Run, "writes">): string[] {
  return writes
    .filter(({ method, uid }) => method === "DELETE" && uid === undefined)
    .map(({ address }) => `${address} without preconditions.uid`);
}

const OPEN_MILLISECONDS = 1_000;
/** Timers may fire a little early. */
const EARLY_MILLISECONDS = 20;

/** A kind whose watch one process opened more than once a second, whatever ended it. */
export function crowded({ opens }: Pick<Run, "opens">): string[] {
  const last = new Map<string, number>();
  return opens.flatMap(({ process, what, at }) => {
    const key = `${process} ${what}`;
    const gap = at - (last.get(key) ?? Number.NEGATIVE_INFINITY);
    last.set(key, at);
    return gap < OPEN_MILLISECONDS - EARLY_MILLISECONDS ? [`${what} was watched anew after ${Math.round(gap)} ms`] : [];
  });
}

const AT_ONCE = 3;
const PAUSE_MILLISECONDS = 9_500;

/** Of one object that somebody insists on: after the third time it is put back once in ten seconds at most. */
export function hurried(writes: readonly Write[], object: string, since: number): string[] {
  // Taking over fields that came by POST is the first half of one write.
  const undone = writes.filter(
    (one) => one.object === object && one.at >= since && one.status < 300 && !one.address.startsWith("JSONPATCH "),
  );
  return undone.flatMap(({ address, at }, index) => {
    const gap = at - (undone[index - 1]?.at ?? Number.NEGATIVE_INFINITY);
    return index >= AT_ONCE && gap < PAUSE_MILLISECONDS ? [`${address} again after ${Math.round(gap)} ms`] : [];
  });
}
