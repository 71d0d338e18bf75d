/** The sandbox of a workbench as a process of its own, as another user. Its options are its first argument. */
import { IMAGE_TOOLS } from "../../operator/agent/sandbox/fences.ts";
import { startSandbox } from "../../operator/agent/sandbox/index.ts";

const { bin, readable, env, ...options } = JSON.parse(process.argv[2] ?? "{}");
const sandbox = await startSandbox({
  ...options,
  tools: { path: [bin, ...IMAGE_TOOLS.path], readable: [...IMAGE_TOOLS.readable, bin, ...readable], env },
  // Others write to this machine's disk too; what a run may fill is tested elsewhere.
  limits: { diskBytes: 2 ** 50, diskFiles: 2 ** 40 },
});
console.log("listening");
await sandbox.ended;
