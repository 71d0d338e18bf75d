import { expect, test } from "vitest";
import { lastingSandbox } from "./lasting-sandbox.ts";
import { type Sandbox, SandboxGone } from "./sandbox/index.ts";

const RUN = { exitCode: 0, signal: null, timedOut: false, stdout: "", stderr: "", truncated: false, milliseconds: 1 };
const COMMAND = { argv: ["x"], timeoutMilliseconds: 1, outputBytes: 1 };

/** Sandboxes of which each falls at the run that is said, and a list of what they were asked. */
function falling(...fallsAt: number[]) {
  const asked: string[] = [];
  let started = 0;
  const connect = async (): Promise<Sandbox> => {
    const name = `sandbox ${started}`;
    const fall = fallsAt[started] ?? 99;
    started += 1;
    let runs = 0;
    return {
      put: async (files) => void asked.push(`${name} put ${files.map(({ path }) => path).join()}`),
      run: async () => {
        asked.push(`${name} run`);
        runs += 1;
        if (runs >= fall) throw new SandboxGone("lost");
        return RUN;
      },
      serve: async () => ({ results: [], run: RUN }),
      get: async () => [],
      close: async () => undefined,
    };
  };
  return { connect, asked };
}

test("a sandbox that falls comes back with the same files, and is asked once more", async () => {
  const { connect, asked } = falling(2);
  const sandbox = await lastingSandbox(connect, 100);
  await sandbox.put([{ path: "a.ts", content: "" }]);
  await sandbox.run(COMMAND);
  expect(await sandbox.run(COMMAND)).toEqual(RUN);
  expect(asked).toEqual([
    "sandbox 0 put a.ts",
    "sandbox 0 run",
    "sandbox 0 run",
    "sandbox 1 put a.ts",
    "sandbox 1 run",
  ]);
});

test("[code that brings it down each time has failed]", async () => {
  const { connect } = falling(1, 1, 1);
  const sandbox = await lastingSandbox(connect, 100);
  await expect(sandbox.run(COMMAND)).rejects.toThrow(SandboxGone);
});

test("a sandbox that is not there yet is waited for, and not for ever", async () => {
  const { connect } = falling();
  let tries = 0;
  const late = () => {
    tries += 1;
    return tries < 3 ? Promise.reject(new SandboxGone("no socket")) : connect();
  };
  await expect(lastingSandbox(late, 2_000)).resolves.toBeDefined();
  await expect(lastingSandbox(() => Promise.reject(new SandboxGone("no socket")), 300)).rejects.toThrow("no socket");
});
