import { messageOf, onStarterGone } from "@leanvibe/runtime";
import { type Config, configFrom } from "./config.ts";
import { startServer } from "./server.ts";

async function main(): Promise<void> {
  let config: Config;
  try {
    config = configFrom(process.env);
  } catch (error) {
    process.stderr.write(`leanvibe-api: wrong environment\n${messageOf(error)}\n`);
    process.exit(2);
  }
  const server = await startServer(config);
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    // Unreferenced: it must not be what the process waits for.
    setTimeout(() => process.exit(1), config.drainSeconds * 1000).unref();
    await server.stop();
    process.exit(0);
  };
  onStarterGone(() => void stop());
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-api: ${messageOf(error)}\n`);
  process.exit(1);
}
