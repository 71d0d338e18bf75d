import { cancelTask, createTask, getTaskCode } from "@leanvibe/client";
import { type ApiOptions, type Client, clientFor, dataOf } from "./task-api.ts";
import { bodyOf, type NewTask } from "./task-body.ts";
import { cancelInCluster, codeInCluster, inCluster, placeOf, watchInCluster } from "./task-cluster.ts";
import { watchByApi } from "./task-events.ts";
import { filesOf, writeFiles } from "./task-files.ts";
import { lineOf, type Told } from "./task-progress.ts";
import type { Reporter } from "./terminal.ts";

export type TaskOptions = ApiOptions & {
  context?: string | undefined;
  reporter: Reporter;
  json: boolean;
  signal: AbortSignal;
};

/** @returns the task's id */
export async function create(wanted: NewTask, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<string> {
  const client = clientFor(options, env);
  const made = dataOf(await createTask({ client, body: await bodyOf(wanted) }));
  const place = made.queue_position === null ? "" : `, ${made.queue_position}. in the queue`;
  options.reporter.result({ ...made }, [`task ${made.id} (${made.name}) is ${made.status}${place}`]);
  return made.id;
}

/**
 * Tells of a task until it ends: by the API where an id is given, by the cluster alone where it is NAMESPACE/NAME.
 * @returns whether it succeeded
 */
export async function watch(task: string, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { signal } = options;
  const watching = { signal, ...telling(options) };
  const at = placeOf(task, options);
  const phase =
    at === undefined
      ? (await watchByApi(clientFor(options, env), task, watching)).phase
      : await inCluster(options, env, (transport) => watchInCluster(transport, at, watching));
  return phase === "Succeeded";
}

/** A person sees a bar that moves; a pipe gets the lines alone. */
function telling({ reporter, json }: TaskOptions) {
  const begun = performance.now();
  const isSeen = process.stderr.isTTY && !json;
  return {
    note: (line: string) => reporter.say(line),
    tell: (told: Told) => {
      if (json) process.stdout.write(`${JSON.stringify({ event: "progress", ...told })}\n`);
      else if (process.stdout.isTTY) reporter.say(lineOf(told));
      else process.stdout.write(`${lineOf(told)}\n`);
    },
    doing: (activity: string, done: number) => {
      const elapsedSeconds = (performance.now() - begun) / 1000;
      if (isSeen) reporter.progress({ step: "task", message: printable(activity), done, total: 100, elapsedSeconds });
    },
  };
}

/** An agent's words must not steer a terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

/** Prints what an agent made, or writes it into a folder. */
export async function code(
  task: string,
  { output, force, ...options }: TaskOptions & { output: string | undefined; force: boolean },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const at = placeOf(task, options);
  const made =
    at === undefined
      ? await codeByApi(clientFor(options, env), task)
      : await inCluster(options, env, (transport) => codeInCluster(transport, at));
  const files = filesOf(made);
  if (output === undefined) {
    const lines = files.flatMap(({ path, content }) => [`==> ${path}`, content]);
    options.reporter.result({ ...made }, options.json ? [] : lines);
    return;
  }
  await writeFiles(output, files, force);
  const summary = `${files.length} files, ${made.lines_of_code} lines of code, in ${output}`;
  options.reporter.result({ ...made, output }, [summary]);
}

async function codeByApi(client: Client, id: string) {
  const made = dataOf(await getTaskCode({ client, path: { id }, query: { format: "json" } }));
  if (typeof made !== "object" || made === null || !("files" in made)) throw new Error("the API sent no files");
  return made;
}

export async function cancel(task: string, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const at = placeOf(task, options);
  const cancelled =
    at === undefined
      ? dataOf(await cancelTask({ client: clientFor(options, env), path: { id: task } }))
      : await inCluster(options, env, (transport) => cancelInCluster(transport, at));
  const words = cancelled.phase === "Cancelled" ? "is cancelled" : "is about to end; what is done by then is kept";
  options.reporter.result({ ...cancelled }, [`task ${task} ${words}`]);
}
