import type { Command } from "commander";
import type { TaskOptions } from "./task.ts";
import type { NewTask } from "./task-body.ts";
import { createReporter } from "./terminal.ts";

type Given = { api?: string; token?: string; context?: string; tenant: string; json: boolean };

/** `leanvibe task ...` */
export function taskCommands(program: Command, signal: AbortSignal): void {
  const task = program.command("task").description("give an agent a task, watch it, take what it made");
  const withApi = (command: Command) =>
    command
      .option("--api <url>", "the API to ask (LEANVIBE_API); the one that up started where it is left out")
      .option("--token <token>", "an access token for it (LEANVIBE_TOKEN)")
      .option("--tenant <name>", "without a token: as a development user of this tenant", "acme")
      .option("--json", "one JSON object a line on standard output", false);

  const withEither = (command: Command) =>
    withApi(command)
      .argument("<task>", "its id, or NAMESPACE/NAME of the cluster's AgentTask, without an API")
      .option("--context <name>", "for NAMESPACE/NAME: this context of your kubeconfig");

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
    .option("--watch", "stay until it ends", false)
    .action(async (title: string | undefined, given: Given & Omit<NewTask, "title"> & { watch: boolean }) => {
      const { create, watch } = await import("./task.ts");
      const { description, priority, language, model, project, requirements, acceptance, file } = given;
      const wanted = { title, description, priority, language, model, project, requirements, acceptance, file };
      const options = optionsOf(given, signal);
      const id = await create(wanted, options, process.env);
      if (given.watch && !(await watch(id, options, process.env))) process.exitCode = 1;
    });

  withEither(task.command("watch"))
    .description("tell of a task until it ends; ends with 1 where it did not succeed")
    .action(async (id: string, given: Given) => {
      const { watch } = await import("./task.ts");
      if (!(await watch(id, optionsOf(given, signal), process.env))) process.exitCode = 1;
    });

  withEither(task.command("code"))
    .description("print what an agent made")
    .option("--output <folder>", "write the files there instead")
    .option("--force", "write over files that are there", false)
    .action(async (id: string, { output, force, ...given }: Given & { output?: string; force: boolean }) => {
      const { code } = await import("./task.ts");
      await code(id, { ...optionsOf(given, signal), output, force }, process.env);
    });

  withEither(task.command("cancel"))
    .description("end a task; what is done by then is kept")
    .action(async (id: string, given: Given) => {
      const { cancel } = await import("./task.ts");
      await cancel(id, optionsOf(given, signal), process.env);
    });
}

function optionsOf({ api, token, context, tenant, json }: Given, signal: AbortSignal): TaskOptions {
  return { api, token, context, tenant, json, signal, reporter: createReporter({ json }) };
}
