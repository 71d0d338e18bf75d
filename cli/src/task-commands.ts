import type { Command } from "commander";
import type { TaskOptions } from "./task.ts";
import type { NewTask } from "./task-body.ts";
import { createReporter } from "./terminal.ts";

type Given = { api?: string; token?: string; context?: string; tenant: string; json: boolean };

const EXIT_CODES = `
Exit codes:
  0    done; of a task that was watched: it succeeded
  1    the task that was watched did not succeed
  2    anything else: wrong usage, an API out of reach, a task that is not there
  130  Ctrl-C: a task that was watched goes on; what was being asked for may be done or not`;

/** `leanvibe task ...` */
export function taskCommands(program: Command, signal: AbortSignal): void {
  const task = program
    .command("task")
    .description("give an agent a task, watch it, take what it made")
    // Before the others: they take it over.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .addHelpText("after", EXIT_CODES);
  making(task, signal);
  asking(task, signal);
  ending(task, signal);
}

function making(task: Command, signal: AbortSignal): void {
  withApi(task.command("create"))
    .description("give an agent a task")
    .argument("[title]", "in a line; that of --file where it is left out")
    .option("--description <text>", "what is to be made; the title where it is left out")
    .option("--priority <word>", "urgent, high, medium or low")
    .option("--language <name>", "typescript or python")
    .option("--model <name>", "a model of the platform's table")
    .option("--project <id>", "a project of the organization")
    .option("--requirements <json>", "what the result must have, as JSON or @FILE")
    .option("--acceptance <file>", "cases that decide whether it is done, a list in YAML or JSON")
    .option("--file <file>", "all of it, as POST /api/v1/tasks takes it, in YAML or JSON; flags go before")
    .option(...WATCH)
    .action(
      orTwo(async (title: string | undefined, given: Given & Omit<NewTask, "title"> & { watch: boolean }) => {
        const { create } = await import("./task.ts");
        const { description, priority, language, model, project, requirements, acceptance, file } = given;
        const wanted = { title, description, priority, language, model, project, requirements, acceptance, file };
        const options = optionsOf(given, signal);
        const id = await create(wanted, options, process.env);
        if (given.watch) await watched(id, options);
      }),
    );

  withApi(task.command("retry"))
    .description("give an agent a task that ended once more, as a new one")
    .argument("<id>")
    .option(...WATCH)
    .action(
      orTwo(async (ended: string, given: Given & { watch: boolean }) => {
        const { retry } = await import("./task.ts");
        const options = optionsOf(given, signal);
        const id = await retry(ended, options, process.env);
        if (given.watch) await watched(id, options);
      }),
    );
}

function asking(task: Command, signal: AbortSignal): void {
  withApi(task.command("list"))
    .description("list the organization's tasks, oldest first")
    .action(
      orTwo(async (given: Given) => {
        const { list } = await import("./task.ts");
        await list(optionsOf(given, signal), process.env);
      }),
    );

  withEither(task.command("watch"))
    .description("tell of a task until it ends; ends with 1 where it did not succeed")
    .action(orTwo(async (id: string, given: Given) => await watched(id, optionsOf(given, signal))));
}

function ending(task: Command, signal: AbortSignal): void {
  withEither(task.command("code"))
    .description("print what an agent made")
    .option("--output <folder>", "write the files there instead")
    .option("--force", "write over files that are there", false)
    .action(
      orTwo(async (id: string, { output, force, ...given }: Given & { output?: string; force: boolean }) => {
        const { code } = await import("./task.ts");
        await code(id, { ...optionsOf(given, signal), output, force }, process.env);
      }),
    );

  withEither(task.command("cancel"))
    .description("end a task; what is done by then is kept")
    .action(
      orTwo(async (id: string, given: Given) => {
        const { cancel } = await import("./task.ts");
        await cancel(id, optionsOf(given, signal), process.env);
      }),
    );
}

const WATCH = ["--watch", "stay until it ends", false] as const;

function withApi(command: Command): Command {
  return command
    .option("--api <url>", "the API to ask (LEANVIBE_API); the one that up started where it is left out")
    .option("--token <token>", "an access token for it (LEANVIBE_TOKEN)")
    .option("--tenant <name>", "without a token: as a development user of this tenant", "acme")
    .option("--json", "one JSON object a line on standard output", false);
}

function withEither(command: Command): Command {
  return withApi(command)
    .argument("<task>", "its id, or NAMESPACE/NAME of the cluster's AgentTask, without an API")
    .option("--context <name>", "for NAMESPACE/NAME: this context of your kubeconfig");
}

async function watched(id: string, options: TaskOptions): Promise<void> {
  const { watch } = await import("./task.ts");
  if (!(await watch(id, options, process.env))) process.exitCode = 1;
}

/** 1 is said of a task that did not succeed: whatever else goes wrong ends with 2. */
function orTwo<A extends unknown[]>(action: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      throw Object.assign(error instanceof Error ? error : new Error(String(error)), { exitCode: 2 });
    }
  };
}

function optionsOf({ api, token, context, tenant, json }: Given, signal: AbortSignal): TaskOptions {
  return { api, token, context, tenant, json, signal, reporter: createReporter({ json }) };
}
