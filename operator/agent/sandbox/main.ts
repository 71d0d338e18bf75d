/** The sandbox of a pod. It ends with the connection that it served; the kubelet starts the next one. */
import { startSandbox } from "./server.ts";

const { SANDBOX_SOCKET, SANDBOX_WORKSPACE, LV_EXEC } = process.env;

const sandbox = await startSandbox({
  socketPath: SANDBOX_SOCKET ?? "/run/sandbox/sandbox.sock",
  workspace: SANDBOX_WORKSPACE ?? "/workspace",
  lvExec: LV_EXEC ?? "/app/lv-exec",
});
// As the first process of a container it would not hear it else.
process.once("SIGTERM", () => void sandbox.close());
await sandbox.ended;
