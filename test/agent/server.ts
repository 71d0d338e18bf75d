/** A sandbox as a process of its own, as another user: what the tests attack. Its options are its first argument. */
import { IMAGE_TOOLS } from "../../operator/agent/sandbox/fences.ts";
import { startSandbox } from "../../operator/agent/sandbox/index.ts";

const { bin, ...options } = JSON.parse(process.argv[2] ?? "{}");
const tools = {
  ...IMAGE_TOOLS,
  path: [bin, ...IMAGE_TOOLS.path],
  readable: [...IMAGE_TOOLS.readable, bin],
  env: {},
};
const sandbox = await startSandbox({ ...options, tools });
console.log("listening");
await sandbox.ended;
