import { cancelTask, createTask, getTaskCode, retryTask, type Task } from "@leanvibe/client";
import { line } from "./command-line.ts";
import { Left } from "./left.ts";
import { plainLine, plainText } from "./plain.ts";
import { type ApiOptions, type Client, clientFor, dataOf } from "./task-api.ts";
import { bodyOf, type NewTask } from "./task-body.ts";
import { cancelInCluster, codeInCluster, inCluster, placeOf, watchInCluster } from "./task-cluster.ts";
import { watchByApi } from "./task-events.ts";
import { filesOf, writeFiles } from "./task-files.ts";
import { allTasks, tableOf } from "./task-list.ts";
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
  return made(dataOf(await createTask({ client, body: await bodyOf(wanted), signal: options.signal })), options);
}

/** The same once more, of a task that ended. @returns the new one's id */
export async function retry(task: string, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<string> {
  if (task.includes("/"))
    throw new Error(`${task} is asked of the cluster, where a next try is an AgentTask of its own`);
  const { signal } = options;
  return made(dataOf(await retryTask({ client: clientFor(options, env), path: { id: task }, signal })), options);
}

function made(task: Task, { reporter }: TaskOptions): string {
  const { id, name, status, queue_position: position } = task;
  const place = position === null ? "" : `, ${position}. in the queue`;
  reporter.result({ ...task }, [`task ${id} (${name}) is ${status}${place}`]);
  return id;
}

export async function list({ reporter, json, ...options }: TaskOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const tasks = await allTasks(clientFor(options, env), options.signal);
  if (json) for (const task of tasks) process.stdout.write(`${JSON.stringify(task)}\n`);
  else reporter.result({}, tasks.length === 0 ? ["No tasks yet."] : tableOf(tasks, new Date()));
}

/**
 * Tells of a task until it ends: by the API where an id is given, by the cluster alone where it is NAMESPACE/NAME.
 * @returns whether it succeeded
 */
export async function watch(task: string, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { signal } = options;
  const watching = { signal, ...telling(options) };
  const at = placeOf(task, options);
  const phase = await (at === undefined
    ? watchByApi(clientFor(options, env), task, watching).then((ended) => ended.phase)
    : inCluster(options, env, (transport) => watchInCluster(transport, at, watching))
  ).catch((error: unknown) => {
    throw signal.aborted ? new Left(goesOn(task, options)) : error;
  });
  return phase === "Succeeded";
}

/** With the flags that lead to the same task, but the token. */
function goesOn(task: string, { api, context, tenant }: TaskOptions): string {
  const flags = [
    ...(api === undefined ? [] : ["--api", api]),
    ...(context === undefined ? [] : ["--context", context]),
    ...(tenant === "acme" || context !== undefined ? [] : ["--tenant", tenant]),
  ];
  const to = (command: string) => line("task", command, task, ...flags);
  return `The task goes on. To watch it again: ${to("watch")}\nTo end it: ${to("cancel")}`;
}

/** A person sees a bar that moves; a pipe gets the lines alone. */
function telling({ reporter, json }: TaskOptions) {
  const begun = performance.now();
  const isSeen = process.stderr.isTTY && !json;
  return {
    note: (line: string) => reporter.say(line),
    tell: (told: Told) => reporter.news({ event: "progress", ...told }, plainLine(lineOf(told))),
    doing: (activity: string, done: number) => {
      const elapsedSeconds = (performance.now() - begun) / 1000;
      if (isSeen) reporter.progress({ step: "task", message: plainLine(activity), done, total: 100, elapsedSeconds });
    },
  };
}

/** Prints what an agent made, or writes it into a folder. */
export async function code(
  task: string,
  { output, force, ...options }: TaskOptions & { output: string | undefined; force: boolean },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const at = placeOf(task, options);
  const { signal } = options;
  const made =
    at === undefined
      ? await codeByApi(clientFor(options, env), task, signal)
      : await inCluster(options, env, (transport) => codeInCluster(transport, at, signal));
  const files = filesOf(made);
  if (output === undefined) {
    // A pipe gets the very bytes.
    const shown = process.stdout.isTTY ? plainText : (text: string) => text;
    const lines = files.flatMap(({ path, content }) => [`==> ${path}`, shown(content)]);
    options.reporter.result({ ...made }, options.json ? [] : lines);
    return;
  }
  await writeFiles(output, files, force);
  const summary = `${files.length} files, ${made.lines_of_code} lines of code, in ${output}`;
  options.reporter.result({ ...made, output }, [summary]);
}

async function codeByApi(client: Client, id: string, signal: AbortSignal) {
  const made = dataOf(await getTaskCode({ client, path: { id }, query: { format: "json" }, signal }));
  if (typeof made !== "object" || made === null || !("files" in made)) throw new Error("the API sent no files");
  return made;
}

export async function cancel(task: string, options: TaskOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const at = placeOf(task, options);
  const { signal } = options;
  const cancelled =
    at === undefined
      ? dataOf(await cancelTask({ client: clientFor(options, env), path: { id: task }, signal }))
      : await inCluster(options, env, (transport) => cancelInCluster(transport, at, signal));
  const words = cancelled.phase === "Cancelled" ? "is cancelled" : "is about to end; what is done by then is kept";
  options.reporter.result({ ...cancelled }, [`task ${task} ${words}`]);
}
