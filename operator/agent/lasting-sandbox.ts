import { setTimeout as sleep } from "node:timers/promises";
import { type Sandbox, SandboxGone } from "./sandbox/index.ts";

export type Connect = () => Promise<Sandbox>;

/** How long a sandbox may take to be there: its container starts beside ours, and after a fall the kubelet waits. */
const THERE_WITHIN_MILLISECONDS = 45_000;
const BETWEEN_TRIES_MILLISECONDS = 200;

/**
 * A sandbox that survives one fall of the container behind it in each thing it is asked: generated code may have used up
 * its memory, and what is asked next has nothing to do with that. It gets the files that were last put, and is asked once
 * more; who brings it down again has failed.
 * @throws SandboxGone where none comes
 */
export async function lastingSandbox(
  connect: Connect,
  withinMilliseconds = THERE_WITHIN_MILLISECONDS,
): Promise<Sandbox> {
  let current = await connected(connect, withinMilliseconds);
  let files: Parameters<Sandbox["put"]>[0] = [];
  const asking = async <T>(ask: (sandbox: Sandbox) => Promise<T>): Promise<T> => {
    try {
      return await ask(current);
    } catch (error) {
      if (!(error instanceof SandboxGone)) throw error;
      current = await connected(connect, withinMilliseconds);
      await current.put(files);
      return ask(current);
    }
  };
  return {
    put: (given) => {
      files = given;
      return asking((sandbox) => sandbox.put(given));
    },
    run: (command) => asking((sandbox) => sandbox.run(command)),
    serve: (command, calls) => asking((sandbox) => sandbox.serve(command, calls)),
    get: (paths, maxBytes) => asking((sandbox) => sandbox.get(paths, maxBytes)),
    close: () => current.close(),
  };
}

async function connected(connect: Connect, withinMilliseconds: number): Promise<Sandbox> {
  const until = performance.now() + withinMilliseconds;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(BETWEEN_TRIES_MILLISECONDS);
    }
  }
}
