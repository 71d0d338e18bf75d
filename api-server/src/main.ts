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
  const stop = async (lingerSeconds: number): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    // Unreferenced: it must not be what the process waits for.
    setTimeout(() => process.exit(1), (lingerSeconds + config.drainSeconds) * 1000).unref();
    await server.stop(lingerSeconds);
    process.exit(0);
  };
  onStarterGone(() => void stop(0));
  process.on("SIGTERM", () => void stop(config.lingerSeconds));
  // A person at a terminal, who waits for it.
  process.on("SIGINT", () => void stop(0));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-api: ${messageOf(error)}\n`);
  process.exit(1);
}
