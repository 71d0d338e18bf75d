/** Calls a service under test over its unix socket, which lv-exec finds without following a link. */
import { spawn } from "node:child_process";
import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command, ServiceCall, ServiceResult, Serving } from "./protocol.ts";
import { controlOf, type Machine, SOCKET_NAME, start } from "./runs.ts";

/** Starts the service, makes the calls one after the other, ends it. */
export async function serve(
  machine: Machine,
  { command, calls }: { command: Command; calls: readonly ServiceCall[] },
  gone: AbortSignal,
): Promise<Serving> {
  const running = await start(machine, command, gone);
  const over = new AbortController();
  const ended = running.ended.finally(() => over.abort());
  const results: ServiceResult[] = [];
  try {
    for (const call of calls)
      results.push(await ask(machine, call, { atMost: command.outputBytes, over: over.signal }));
  } finally {
    running.end();
  }
  return { results, run: await ended };
}

const END_MILLISECONDS = 200;

type Limit = { atMost: number; over: AbortSignal };

async function ask({ lvExec, workspace }: Machine, call: ServiceCall, { atMost, over }: Limit): Promise<ServiceResult> {
  if (over.aborted) return { error: "the service has ended" };
  const line = spawn(lvExec, ["dial", workspace.scratch, SOCKET_NAME], {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let complaint = "";
  line.stderr?.on("data", (chunk) => {
    complaint = `${complaint}${chunk}`.slice(0, 1000);
  });
  const gone = new Promise((resolve) => line.once("close", resolve));
  const hangUp = () => line.kill("SIGKILL");
  over.addEventListener("abort", hangUp, { once: true });
  try {
    return await exchange(controlOf(line), call, atMost);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // A line that breaks is most often the service's end, of which we hear a moment later.
    await sleep(END_MILLISECONDS, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return { error: "the service has ended" };
    // What broke on the way lv-exec knows best; what is wrong with the answer we do.
    const broke = error instanceof Error && "code" in error;
    return { error: (broke && complaint.trim()) || why };
  } finally {
    over.removeEventListener("abort", hangUp);
    hangUp();
    await gone;
  }
}

/** One request and its answer, of which no more is kept than may be. */
async function exchange(line: Duplex, call: ServiceCall, atMost: number): Promise<ServiceResult> {
  line.on("error", () => undefined);
  const { method, path, headers, body } = call;
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(
      {
        method,
        path,
        headers: { host: "localhost", ...length, ...headers, connection: "close" },
        createConnection: () => line,
      },
      resolve,
    );
    sent.once("error", reject);
    // An upgrade is no answer to what was asked.
    sent.once("upgrade", () => reject(new Error("the service wanted another protocol")));
    sent.end(body);
  });
  const chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of answer) {
    held += chunk.length;
    if (held > atMost) throw new Error(`the answer is longer than ${atMost} bytes`);
    chunks.push(chunk);
  }
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
