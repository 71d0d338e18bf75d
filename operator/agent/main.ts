import { messageOf } from "@leanvibe/runtime";
import { pino } from "pino";
import { Agent, EXIT_CODES } from "./agent.ts";
import { podCredentials, storeOf } from "./cluster.ts";
import { type Config, parseConfig } from "./config.ts";
import { lastingSandbox } from "./lasting-sandbox.ts";
import { connectSandbox } from "./sandbox/index.ts";

/** The program of the container `agent`: it asks the model and writes two ConfigMaps, and runs nothing generated. */
async function main(): Promise<number> {
  let config: Config;
  try {
    config = parseConfig(process.env);
  } catch (error) {
    process.stderr.write(`leanvibe-agent: wrong environment\n${messageOf(error)}\n`);
    return 2;
  }
  const log = pino({ level: config.logLevel, base: null });
  const store = storeOf(await podCredentials(process.env), config.job);
  const agent = new Agent({
    config,
    store,
    sandbox: () => lastingSandbox(() => connectSandbox(config.sandboxSocket)),
    log,
  });
  const stop = async (): Promise<void> => {
    const code = await agent.terminate().catch((error: unknown) => {
      log.error({ error: messageOf(error) }, "what there was could not be kept");
      return EXIT_CODES.terminated;
    });
    process.exit(code);
  };
  let stopping: Promise<void> | undefined;
  const told = () => {
    stopping ??= stop();
  };
  process.once("SIGTERM", told);
  process.once("SIGINT", told);
  try {
    return await agent.run();
  } finally {
    // What it was at is broken off by the same word: what there is must be kept before this process ends of that.
    await stopping;
  }
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`leanvibe-agent: ${messageOf(error)}\n`);
  process.exit(EXIT_CODES.crashed);
}
