import { createConnection } from "node:net";
import { join } from "node:path";
import { freePorts } from "../cluster/ports.ts";
import { apiFolder } from "./api.ts";
import { ROOT } from "./manifests.ts";
import { findProgram, type Program, type Running, type Started, startProgram, stopProgram } from "./process.ts";

/** Where the mail of the API of that name is kept. */
export function mailFolder(name: string, env: NodeJS.ProcessEnv): string {
  return join(apiFolder(name, env), "mail");
}

function mailProgram(name: string, env: NodeJS.ProcessEnv): Program {
  const folder = apiFolder(name, env);
  return {
    name: "the mail catcher",
    mains: [join(ROOT, "cli", "src", "mail-server.ts")],
    log: join(folder, "mail.log"),
    state: join(folder, "mail.json"),
    isReady: greets,
  };
}

export function findMailCatcher(name: string, env: NodeJS.ProcessEnv): Running | undefined {
  return findProgram(mailProgram(name, env));
}

/** Where the one on that port takes mail. */
export function smtpUrl({ port }: Pick<Running, "port">): string {
  return `smtp://127.0.0.1:${port}`;
}

/** A mail server for development: it keeps what it gets, and sends nothing. */
export async function startMailCatcher(
  name: string,
  options: { env: NodeJS.ProcessEnv; detached: boolean; signal: AbortSignal },
): Promise<Started> {
  const [port = 0] = await freePorts(1);
  const env = { ...options.env, MAIL_PORT: String(port), MAIL_FOLDER: mailFolder(name, options.env) };
  return await startProgram(mailProgram(name, options.env), { ...options, env, port });
}

export function stopMailCatcher(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return stopProgram(mailProgram(name, env));
}

/** Whether a mail server says hello there. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: 1_000 });
    const finish = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once("data", (hello) => finish(hello.toString().startsWith("220")));
    socket.once("timeout", () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => resolve(false));
  });
}
