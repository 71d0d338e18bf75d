/** The side of the sandbox that is beside the generated code. It serves one connection, one request after the other. */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { z } from "zod";
import { IMAGE_TOOLS, LIMITS, type Limits, type Tools, usedOf } from "./fences.ts";
import { received, send } from "./frames.ts";
import { BOUNDS, type Request, request } from "./protocol.ts";
import { type Machine, SandboxBroken, start } from "./runs.ts";
import { serve } from "./services.ts";
import { Workspace } from "./workspace.ts";

export type SandboxOptions = {
  socketPath: string;
  /** A folder of our own, on a file system of its own where what it holds shall be bounded for certain. */
  workspace: string;
  lvExec: string;
  tools?: Tools;
  limits?: Partial<Limits>;
  /** For tests: do as a kernel with this version of Landlock would. */
  landlockAtMost?: number;
};

export type RunningSandbox = {
  /** Resolves when the connection that it served is over, and nothing it started runs any more; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Ends the connection, and whatever runs. */
  close(): Promise<void>;
};

const envelope = z.object({ id: z.int() });

/** Of the socket: the agent is another user of the same group. */
const SOCKET_MODE = 0o660;

/**
 * Listens until one connection has come. Then the socket is gone: nothing that runs here can reach it, take its place or
 * be taken for it. @throws Error where it cannot listen.
 */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const { socketPath, workspace, lvExec, tools = IMAGE_TOOLS, limits = {}, landlockAtMost } = options;
  const before = usedOf(workspace);
  const own = { ...LIMITS, ...limits };
  const machine: Machine = {
    lvExec,
    landlockAtMost,
    tools,
    limits: { ...own, diskBytes: own.diskBytes + before.bytes, diskFiles: own.diskFiles + before.files },
    workspace: new Workspace(workspace, lvExec),
  };
  await machine.workspace.put([]);
  rmSync(socketPath, { force: true });
  const server = createServer({ allowHalfOpen: true });
  const connection = firstConnection(server, socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Nobody waits behind the one.
    server.listen({ path: socketPath, backlog: 1 }, resolve);
  });
  chmodSync(socketPath, SOCKET_MODE);
  const over = new AbortController();
  const ended = connection.then((socket) =>
    socket === undefined ? undefined : converse(machine, socket, over.signal),
  );
  ended.catch(() => undefined);
  return {
    ended,
    close: async () => {
      over.abort();
      server.close();
      await ended;
    },
  };
}

/** The one there will be; undefined where it was closed before. Whoever else had come in between is hung up on. */
function firstConnection(server: Server, socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    server.once("close", () => resolve(undefined));
    server.on("connection", (socket) => {
      if (!server.listening) return void socket.destroy();
      rmSync(socketPath, { force: true });
      server.close();
      resolve(socket);
    });
  });
}

async function converse(machine: Machine, socket: Socket, over: AbortSignal): Promise<void> {
  const gone = new AbortController();
  const hangUp = () => socket.destroy();
  over.addEventListener("abort", hangUp, { once: true });
  // Read all the time, so that the end of the agent is seen while something runs.
  const incoming = new PassThrough({ highWaterMark: BOUNDS.frameBytes });
  for (const event of ["end", "error", "close"]) socket.once(event, () => gone.abort());
  gone.signal.addEventListener("abort", () => incoming.end(), { once: true });
  socket.pipe(incoming);
  try {
    for await (const message of received(incoming)) {
      const { id } = envelope.parse(message);
      try {
        send(socket, { id, value: (await answerTo(machine, request.parse(message), gone.signal)) ?? null });
      } catch (error) {
        if (error instanceof SandboxBroken) throw error;
        send(socket, { id, error: complaintOf(error) });
      }
    }
  } catch (error) {
    // A frame that is none has no answer, and whoever sent it no trust.
    if (error instanceof SandboxBroken) throw error;
  } finally {
    socket.destroy();
  }
}

function complaintOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).slice(0, 2000);
  return (error instanceof Error ? error.message : String(error)).slice(0, 2000);
}

async function answerTo(machine: Machine, asked: Request, gone: AbortSignal): Promise<unknown> {
  switch (asked.ask) {
    case "put":
      return await machine.workspace.put(asked.files);
    case "get":
      return await machine.workspace.get(asked.paths, asked.maxBytes);
    case "run":
      return await (await start(machine, asked.command, gone)).ended;
    case "serve":
      return await serve(machine, asked, gone);
  }
}
