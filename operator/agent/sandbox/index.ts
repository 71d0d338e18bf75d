/** The sandbox of an agent: {@link startSandbox} beside the generated code, {@link connectSandbox} beside the agent. */
export { connectSandbox, SandboxGone, SandboxRefused } from "./client.ts";
export type { Command, RunResult, Sandbox, ServiceCall, ServiceResult, Serving, SourceFile } from "./protocol.ts";
export { BOUNDS, LISTEN_SOCKET } from "./protocol.ts";
export { type RunningSandbox, type SandboxOptions, startSandbox } from "./server.ts";
