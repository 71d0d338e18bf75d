import { setTimeout as sleep } from "node:timers/promises";
import { getTask, type Task, watchTask } from "@leanvibe/client";
import { z } from "zod";
import { type Client, dataOf } from "./task-api.ts";
import { PACE, patience } from "./task-patience.ts";
import { isFinal, type Watching } from "./task-progress.ts";

const progress = z.object({
  progress: z.number(),
  message: z.string(),
  phase: z.string(),
  stage: z.string().nullable(),
});
const activity = z.object({ progress: z.number(), activity: z.string() });

/** A whole stream is half an hour at most; a server that is replaced ends it too. */
const ROUNDS = 1_000;

/** Watches a task by the API's event stream, on and on after the last event. @returns the task as it ended */
export async function watchByApi(client: Client, id: string, watching: Watching, pace = PACE): Promise<Task> {
  const { signal } = watching;
  const patiently = patience(watching, pace);
  const look = async () => await patiently(async () => dataOf(await getTask({ client, path: { id }, signal })));
  let last: string | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const known = await look();
    last = await listen(client, { id, last }, watching);
    // Asked before the stream: then all that it had to tell has been told.
    if (isFinal(known.phase)) return known;
    const now = await look();
    if (isFinal(now.phase) && last !== undefined) continue;
    await sleep(pace.pauseMilliseconds, undefined, { signal });
  }
  throw new Error("the task takes too long to be watched");
}

/** Tells of what comes until the stream ends, however it does. @returns the last event's number */
async function listen(
  client: Client,
  { id, last }: { id: string; last: string | undefined },
  { tell, doing, signal }: Watching,
): Promise<string | undefined> {
  let latest = last;
  const stream = watchTask({
    client,
    path: { id },
    signal,
    sseMaxRetryAttempts: 1,
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
  return latest;
}
