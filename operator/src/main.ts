import { messageOf, onStarterGone } from "@leanvibe/runtime";
import { pino } from "pino";
import { assemble } from "./assemble.ts";
import { type Config, parseConfig } from "./config.ts";
import { keepHeapSmall } from "./heap.ts";
import { OperatorShell } from "./shell.ts";

async function main(): Promise<void> {
  keepHeapSmall();
  let config: Config;
  try {
    config = parseConfig(process.env);
  } catch (error) {
    process.stderr.write(`leanvibe-operator: wrong environment\n${messageOf(error)}\n`);
    process.exit(2);
  }
  const log = pino({ level: config.logLevel, base: null });
  const shell = new OperatorShell((kubeConfig) => assemble(config, log, kubeConfig));
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    await shell.stopParts();
    process.exit(0);
  };
  onStarterGone(() => void stop("lifeline"));
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  await shell.start();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-operator: ${messageOf(error)}\n`);
  process.exit(1);
}
