import { createRequire } from "node:module";
import { Command } from "commander";
import { Left } from "./left.ts";
import { taskCommands } from "./task-commands.ts";
import { createReporter } from "./terminal.ts";

const { version }: { version: string } = createRequire(import.meta.url)("../package.json");

/** Ctrl-C asks everything to stop; a second one ends the process where it is. */
function abortOnSignals(): AbortSignal {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new Error("stopped"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", stop);
  return abort.signal;
}

const interruption = abortOnSignals();

const program = new Command("leanvibe")
  .description("Tenants on Kubernetes: fenced, with quota, usable.")
  .version(version)
  .showHelpAfterError("(leanvibe --help lists the commands)");

const JSON_OPTION = ["--json", "one JSON object a line on standard output", false] as const;

// Each command is loaded when it is called: the libraries of one are not what another waits for.

program
  .command("up")
  .description("a database and the API; a cluster, the operator on it, and examples/tenant.yaml Ready")
  .option("--context <name>", "use this context of your kubeconfig")
  .option("--detach", "leave everything running and return", false)
  .option(...JSON_OPTION)
  .action(async ({ context, detach, json }: { context?: string; detach: boolean; json: boolean }) => {
    const { up } = await import("./up.ts");
    const options = { detach, reporter: createReporter({ json }), signal: interruption };
    if (!(await up(context === undefined ? options : { ...options, context }))) process.exitCode = 1;
  });

program
  .command("down")
  .description("stop what up started; the data is kept")
  .option(...JSON_OPTION)
  .action(async ({ json }: { json: boolean }) => {
    const { down } = await import("./down.ts");
    await down({ deleteData: false, reporter: createReporter({ json }) });
  });

program
  .command("reset")
  .description("stop what up started and delete its data")
  .option(...JSON_OPTION)
  .action(async ({ json }: { json: boolean }) => {
    const { down } = await import("./down.ts");
    await down({ deleteData: true, reporter: createReporter({ json }) });
  });

program
  .command("token")
  .description("print an access token of a development user, for the API that up started")
  .option("--tenant <name>", "of this tenant, which is made where it is not there", "acme")
  .option("--role <role>", "owner, admin, member or viewer", "owner")
  .action(async (options: { tenant: string; role: string }) => {
    const { token } = await import("./token.ts");
    process.stdout.write(`${await token(options, process.env)}\n`);
  });

program
  .command("mail")
  .description("list the mail that the API of up wanted to send, or show one")
  .argument("[number]", "the one to show", (text) => Number(text))
  .option("--last", "show the latest", false)
  .option("--json", "one JSON object a line", false)
  .action(async (number: number | undefined, { last, json }: { last: boolean; json: boolean }) => {
    const { mail } = await import("./mail.ts");
    const told = await mail({ number, last, json }, process.env);
    if (told !== "") process.stdout.write(`${told}\n`);
  });

program
  .command("migrate")
  .description("bring the database of DATABASE_OWNER_URL up to date, and print the settings for an API server")
  .action(async () => {
    const { migrateNamed } = await import("./migrate.ts");
    if (!(await migrateNamed(process.env))) process.exitCode = 1;
  });

program
  .command("doctor")
  .description("check what up needs on this machine")
  .option(...JSON_OPTION)
  .action(async ({ json }: { json: boolean }) => {
    const { doctor } = await import("./doctor.ts");
    if (!(await doctor(createReporter({ json })))) process.exitCode = 1;
  });

taskCommands(program, interruption);

const images = program.command("images").description("build images, and give them to the cluster on this machine");

images
  .command("build")
  .description("build with Docker or Podman; what comes after -- goes to its own build, such as -- --no-cache")
  .option("--base <image>", "a Node 24 on Debian to build and run on, instead of node:24-bookworm-slim")
  .option("--only <names>", "of operator, api, migrate, agent, with commas")
  .option(...JSON_OPTION)
  .argument("[more...]")
  .action(async (more: string[], { base, only, json }: { base?: string; only?: string; json: boolean }) => {
    const { buildImages, imageNames } = await import("./images.ts");
    const options = { only: imageNames(only), more, reporter: createReporter({ json }), signal: interruption };
    await buildImages(base === undefined ? options : { ...options, base });
  });

images
  .command("load")
  .description("give them to kind, minikube, k3d, K3s in Docker or the local cluster")
  .option("--context <name>", "use this context of your kubeconfig")
  .option("--only <names>", "of operator, api, migrate, agent, with commas")
  .option(...JSON_OPTION)
  .action(async ({ context, only, json }: { context?: string; only?: string; json: boolean }) => {
    const { imageNames, loadImages } = await import("./images.ts");
    const options = { only: imageNames(only), reporter: createReporter({ json }), signal: interruption };
    await loadImages(context === undefined ? options : { ...options, context });
  });

try {
  await program.parseAsync();
} catch (error) {
  const interrupted = interruption.aborted;
  const message = error instanceof Error ? error.message : String(error);
  const stopped = error instanceof Left ? message : "Stopped.";
  process.stderr.write(interrupted ? `\n${stopped}\n` : `\nleanvibe: ${message}\n`);
  // 130: what a shell expects of a program that Ctrl-C ended. What is still under way, such as an image that is being
  // pulled, must not keep us.
  if (interrupted) process.exit(130);
  process.exitCode = exitCodeOf(error);
}

/** What the error asks for, as a ClusterRefused does and those of `task`. */
function exitCodeOf(error: unknown): number {
  const asked = typeof error === "object" && error !== null && "exitCode" in error ? error.exitCode : undefined;
  return typeof asked === "number" ? asked : 1;
}
