import { createRequire } from "node:module";
import { messageOf } from "@leanvibe/runtime";
import { Command } from "commander";
import { ClusterRefused } from "../cluster/index.ts";
import { doctor } from "./doctor.ts";
import { down } from "./down.ts";
import { createReporter } from "./terminal.ts";
import { up } from "./up.ts";

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

program
  .command("up")
  .description("find or make a cluster, install LeanVibe, run the operator, bring examples/tenant.yaml to Ready")
  .option("--context <name>", "use this context of your kubeconfig")
  .option("--detach", "leave everything running and return", false)
  .option("--json", "one JSON object a line on standard output", false)
  .action(async ({ context, detach, json }: { context?: string; detach: boolean; json: boolean }) => {
    const options = { detach, reporter: createReporter({ json }), signal: interruption };
    await up(context === undefined ? options : { ...options, context });
  });

program
  .command("down")
  .description("stop what up started; the data is kept")
  .option("--json", "one JSON object a line on standard output", false)
  .action(({ json }: { json: boolean }) => down({ deleteData: false, reporter: createReporter({ json }) }));

program
  .command("reset")
  .description("stop what up started and delete its data")
  .option("--json", "one JSON object a line on standard output", false)
  .action(({ json }: { json: boolean }) => down({ deleteData: true, reporter: createReporter({ json }) }));

program
  .command("doctor")
  .description("check what up needs on this machine")
  .option("--json", "one JSON object a line on standard output", false)
  .action(async ({ json }: { json: boolean }) => {
    if (!(await doctor(createReporter({ json })))) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  const interrupted = interruption.aborted;
  process.stderr.write(interrupted ? "\nStopped.\n" : `\nleanvibe: ${messageOf(error)}\n`);
  // 130: what a shell expects of a program that Ctrl-C ended.
  process.exitCode = interrupted ? 130 : error instanceof ClusterRefused ? error.exitCode : 1;
}
