import { createClient, getTask, type Problem, type Task, watchTask } from "@leanvibe/client";
import { z } from "zod";
import type { Watching } from "./task-cluster.ts";
import { isFinal } from "./task-progress.ts";
import { runningApi, token } from "./token.ts";

export type ApiOptions = { api?: string | undefined; token?: string | undefined; tenant: string };

export type Client = ReturnType<typeof createClient>;

/** The API that is named, or else the one that `up` started here, as a development user of that tenant. */
export async function clientFor({ api, token: given, tenant }: ApiOptions, env: NodeJS.ProcessEnv): Promise<Client> {
  const baseUrl = api ?? env["LEANVIBE_API"];
  const known = given ?? env["LEANVIBE_TOKEN"];
  if (baseUrl === undefined) {
    const { url } = runningApi(env);
    return createClient({ baseUrl: url, auth: known ?? (await token({ tenant, role: "owner" }, env)) });
  }
  if (known === undefined) {
    throw new Error(`a token for ${baseUrl} is needed: set LEANVIBE_TOKEN to what POST /auth/login answers`);
  }
  return createClient({ baseUrl, auth: known });
}

/** What an API's answer holds. @throws Error with its words and what can be done */
export function dataOf<T>({ data, error }: { data?: T | undefined; error?: Problem | undefined }): T {
  if (data !== undefined) return data;
  throw new Error(error === undefined ? "the API did not answer" : `${error.detail} ${error.fix}`);
}

const progress = z.object({
  progress: z.number(),
  message: z.string(),
  phase: z.string(),
  stage: z.string().nullable(),
});
const activity = z.object({ progress: z.number(), activity: z.string() });

/** A whole stream is half an hour at most; a server that is replaced ends it too. */
const ROUNDS = 1_000;
const PAUSE_MILLISECONDS = 1_000;

/** Watches a task by the API's event stream, on and on after the last event. @returns the task as it ended */
export async function watchByApi(client: Client, id: string, { tell, doing, signal }: Watching): Promise<Task> {
  let last: string | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    const known = dataOf(await getTask({ client, path: { id } }));
    const { stream } = await watchTask({
      client,
      path: { id },
      signal,
      sseMaxRetryAttempts: 1,
      ...(last === undefined ? {} : { headers: { "last-event-id": Number(last) } }),
      onSseEvent: ({ event, data, id: seq }) => {
        last = seq ?? last;
        if (event === "progress") tell(progress.parse(data));
        else if (event === "activity") {
          const now = activity.parse(data);
          doing(now.activity, now.progress);
        }
      },
    });
    for await (const _event of stream) {
      // Each was told as it came.
    }
    // Asked before the stream: then all that it had to tell has been told.
    if (isFinal(known.phase)) return known;
    const now = dataOf(await getTask({ client, path: { id } }));
    if (isFinal(now.phase) && last !== undefined) continue;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
  throw new Error("the task takes too long to be watched");
}
