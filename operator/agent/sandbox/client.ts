import { connect, type Socket } from "node:net";
import { z } from "zod";
import { received, send } from "./frames.ts";
import { answer, answers, type Request, type Sandbox } from "./protocol.ts";

/** The sandbox has gone, with all that was in it; a new one begins with an empty workspace. */
export class SandboxGone extends Error {
  override readonly name = "SandboxGone";
}

/** The sandbox would not, or could not, do what was asked. It serves on. */
export class SandboxRefused extends Error {
  override readonly name = "SandboxRefused";
}

/** A request without what the connection adds to it. */
type Question = Request extends infer One ? (One extends { id: number } ? Omit<One, "id"> : never) : never;

/**
 * The sandbox behind a socket, which takes one connection in its life.
 * @throws SandboxGone where nobody listens
 *
 * @example
 * const sandbox = await connectSandbox("/run/sandbox/sandbox.sock");
 * await sandbox.put([{ path: "hello.ts", content: "console.log(1 + 1)" }]);
 * const { stdout } = await sandbox.run({ argv: ["node", "hello.ts"], timeoutMilliseconds: 10_000, outputBytes: 1_000 });
 */
export async function connectSandbox(socketPath: string): Promise<Sandbox> {
  const socket = connect(socketPath);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) => reject(new SandboxGone(`no sandbox on ${socketPath}: ${error.message}`)));
  });
  let gone: Error | undefined;
  const ended = listen(socket, waiting).then((why) => {
    gone = new SandboxGone(why);
    for (const { reject } of waiting.values()) reject(gone);
    socket.destroy();
  });
  let last = 0;
  const ask = async (question: Question): Promise<unknown> => {
    if (gone !== undefined) throw gone;
    const id = ++last;
    return await new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      send(socket, { ...question, id });
    }).finally(() => waiting.delete(id));
  };
  return {
    put: async (files) => void (await ask({ ask: "put", files: [...files] })),
    run: async (command) => answers.run.parse(await ask({ ask: "run", command })),
    serve: async (command, calls) => answers.serve.parse(await ask({ ask: "serve", command, calls: [...calls] })),
    get: async (paths, maxBytes) => answers.get.parse(await ask({ ask: "get", paths: [...paths], maxBytes })),
    close: async () => {
      socket.end();
      await ended;
    },
  };
}

/** Hands answers to who waits for them. @returns why there will be no more. */
async function listen(
  socket: Socket,
  waiting: ReadonlyMap<number, { resolve(value: unknown): void; reject(error: Error): void }>,
): Promise<string> {
  try {
    for await (const message of received(socket)) {
      const parsed = answer.parse(message);
      const who = waiting.get(parsed.id);
      if ("error" in parsed) who?.reject(new SandboxRefused(parsed.error));
      else who?.resolve(parsed.value);
    }
    return "the sandbox has closed the connection";
  } catch (error) {
    return error instanceof z.ZodError ? "the sandbox does not speak as agreed" : `the sandbox is lost: ${error}`;
  }
}
