import { setTimeout as sleep } from "node:timers/promises";
import { getTask, type Task, watchTask } from "@leanvibe/client";
import { z } from "zod";
import { type Client, dataOf, wordsOf } from "./task-api.ts";
import { PACE, patience } from "./task-patience.ts";
import { isFinal, newsBetween, type Seen, type Told, type Watching } from "./task-progress.ts";

const progress = z.object({
  progress: z.number(),
  message: z.string(),
  phase: z.string(),
  stage: z.string().nullable(),
});
const activity = z.object({ progress: z.number(), activity: z.string() });

/** A stream that is refused is asked for more rarely: there is no place for it, or too much to do. */
const ASKING = { ...PACE, refusedMilliseconds: 10_000 };

/**
 * Watches a task by the API's event stream, on and on after the last event, and by asking about it while the stream is
 * refused. @returns the task as it ended
 */
export async function watchByApi(client: Client, id: string, watching: Watching, pace = ASKING): Promise<Task> {
  const { signal, note } = watching;
  const patiently = patience(watching, pace);
  const look = async () => await patiently(async () => dataOf(await getTask({ client, path: { id }, signal })));
  const { heard, found } = once(watching.tell);
  let last: string | undefined;
  let noted = false;
  // Without an end of its own: a whole stream is half an hour at most, and a server that is replaced ends it too.
  for (;;) {
    const known = await look();
    const listened = await listen(client, { id, last }, { ...watching, tell: heard });
    last = listened.last;
    // Asked before the stream: then all that it had to tell has been told.
    if (isFinal(known.phase) && listened.refused === undefined) return known;
    const now = await look();
    if (listened.refused === undefined) {
      if (isFinal(now.phase) && last !== undefined) continue;
      await sleep(pace.pauseMilliseconds, undefined, { signal });
      continue;
    }
    if (!noted) note(`The stream of events is refused (${listened.refused}); the task is asked about again and again.`);
    noted = true;
    found(now);
    if (isFinal(now.phase)) return now;
    await sleep(pace.refusedMilliseconds, undefined, { signal });
  }
}

/** Tells what the stream says and what is found out by asking, each once. */
function once(tell: (told: Told) => void) {
  let before: Seen | undefined;
  const asked = new Set<string>();
  return {
    heard: (told: Told) => {
      // A stream that is there again tells all since its last event.
      if (asked.delete(told.message)) return;
      const { phase, stage, progress } = told;
      before = { phase, stage, progress, attempt: before?.attempt ?? 0, why: "", waits: "" };
      tell(told);
    },
    found: (task: Task) => {
      const after = seenOf(task);
      for (const told of newsBetween(before, after)) {
        asked.add(told.message);
        tell(told);
      }
      before = after;
    },
  };
}

function seenOf({ phase, stage, progress, attempt, message, queue_position: position }: Task): Seen {
  const waits = phase === "Queued" && position !== null ? `${position}. in the queue` : "";
  return { phase, stage, progress, attempt, why: message ?? "", waits };
}

/** Tells of what comes until the stream ends, however it does. @returns the last event's number; why there was no stream */
async function listen(
  client: Client,
  { id, last }: { id: string; last: string | undefined },
  { tell, doing, signal }: Watching,
): Promise<{ last: string | undefined; refused: string | undefined }> {
  let latest = last;
  let refused: string | undefined;
  const stream = watchTask({
    client,
    path: { id },
    signal,
    sseMaxRetryAttempts: 1,
    // The client says of a refusal no more than its status.
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (!response.ok) refused = await wordsOf(response);
      return response;
    },
    ...(last === undefined ? {} : { headers: { "last-event-id": Number(last) } }),
    onSseEvent: ({ event, data, id: seq }) => {
      latest = seq ?? latest;
      if (event === "progress") tell(progress.parse(data));
      else if (event === "activity") {
        const now = activity.parse(data);
        doing(now.activity, now.progress);
      }
    },
  });
  try {
    for await (const _event of (await stream).stream) {
      // Each was told as it came.
    }
  } catch {
    // It had no token to ask with. The next look says why.
  }
  signal.throwIfAborted();
  return { last: latest, refused };
}
