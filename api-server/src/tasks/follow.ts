import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Database } from "../db/database.ts";
import type { Task, TaskEvent } from "../db/generated/client.ts";
import { AtOnce } from "../http/at-once.ts";
import type { TaskNews } from "./news.ts";
import { hasEnded } from "./rows.ts";
import { PHASES, phase } from "./words.ts";

/** Said when nothing happens, so that nothing between takes the connection for dead; and whoever watches is asked for anew. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** Who watches for longer comes again, with the number of the last event that it saw. */
export const WHOLE_MILLISECONDS = 1_800_000;
const RETRY_MILLISECONDS = 2_000;
const EVENTS_AT_ONCE = 200;
const STREAMS = { each: 20, all: 1_000 } as const;
const BUSY_SECONDS = 5;

/** How many watch at the same time: each holds a connection and is read for. By tenant. */
export function streams(): AtOnce {
  return new AtOnce({
    ...STREAMS,
    retrySeconds: BUSY_SECONDS,
    detail: (own) => `Your organization watches ${own} tasks at once: try again in ${BUSY_SECONDS} s.`,
  });
}

type Following = {
  database: Database;
  news: TaskNews;
  tenantId: string;
  taskId: string;
  /** The number of the last event that the watcher has. */
  after: number;
  /** Asked at every heartbeat, and as often where there is news: whether it may still watch. */
  mayGoOn: () => Promise<boolean>;
  signal: AbortSignal;
  heartbeatMilliseconds?: number;
};

/** What of a task a watcher is told, as an event stream, until it has come to its end. */
export async function* follow(following: Following): AsyncGenerator<string> {
  const { news, taskId, signal, heartbeatMilliseconds = HEARTBEAT_MILLISECONDS } = following;
  const seen: Seen = { after: following.after, activity: null };
  let woken = Promise.withResolvers<void>();
  const stop = news.watch(taskId, () => woken.resolve());
  let asked = performance.now();
  const end = asked + WHOLE_MILLISECONDS;
  try {
    yield `retry: ${RETRY_MILLISECONDS}\n\n`;
    while (!signal.aborted && performance.now() < end) {
      // Before it reads: what happens while it does wakes it once more.
      woken = Promise.withResolvers<void>();
      const { texts, next } = await look(following, seen);
      yield* texts;
      if (next === "over") return;
      const woke = woken.promise.then(() => true);
      const isNews = next === "more" || (await Promise.race([woke, silence(signal, heartbeatMilliseconds)]));
      // Where there is news all the time there is no silence.
      if (signal.aborted || (isNews && performance.now() - asked < heartbeatMilliseconds)) continue;
      asked = performance.now();
      if (!(await following.mayGoOn())) return;
      if (!isNews) yield ": nothing new\n\n";
    }
  } finally {
    stop();
  }
}

/** How far a watcher is. */
type Seen = { after: number; activity: string | null };

async function look(following: Following, seen: Seen): Promise<{ texts: string[]; next: "over" | "more" | "wait" }> {
  const { row, events } = await read(following, seen.after);
  if (row === null) return { texts: [], next: "over" };
  const texts = events.map(progressOf);
  seen.after = events.at(-1)?.seq ?? seen.after;
  if (events.length === EVENTS_AT_ONCE) return { texts, next: "more" };
  if (hasEnded(row)) return { texts, next: "over" };
  if (row.activity !== null && row.activity !== seen.activity) texts.push(activityOf(row));
  seen.activity = row.activity;
  return { texts, next: "wait" };
}

/** False when it has lasted for a heartbeat, or there is nothing more to wait for. */
async function silence(signal: AbortSignal, milliseconds: number): Promise<false> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  return false;
}

async function read({ database, tenantId, taskId }: Following, after: number) {
  const row = await database.read(tenantId, (db) => db.task.findFirst({ where: { tenantId, id: taskId } }));
  // After the row: whoever sees that it has ended sees all that it told.
  const events = await eventsAfter(database, { tenantId, taskId, after });
  return { row, events };
}

export function eventsAfter(
  database: Database,
  { tenantId, taskId, after }: { tenantId: string; taskId: string; after: number },
): Promise<TaskEvent[]> {
  const where = { tenantId, taskId, seq: { gt: after } };
  return database.read(tenantId, (db) =>
    db.taskEvent.findMany({ where, orderBy: { seq: "asc" }, take: EVENTS_AT_ONCE }),
  );
}

function progressOf({ taskId, seq, at, phase: of, stage, progress, attempt, message }: TaskEvent): string {
  const { status } = PHASES[phase.parse(of)];
  const data = { task_id: taskId, at: at.toISOString(), status, phase: of, stage, progress, attempt, message };
  return `id: ${seq}\nevent: progress\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Without a number: what an agent does at the moment is not kept. */
function activityOf({ id, activity, progress }: Task): string {
  return `event: activity\ndata: ${JSON.stringify({ task_id: id, progress, activity })}\n\n`;
}

/** Larger is none: PostgreSQL's integer. */
const SEQ_AT_MOST = 2_147_483_647;

export const lastEventId = z.coerce
  .number({ error: "must be the id of an event of this stream" })
  .int({ error: "must be the id of an event of this stream" })
  .min(0, { error: "must be the id of an event of this stream" })
  .max(SEQ_AT_MOST, { error: "must be the id of an event of this stream" });
