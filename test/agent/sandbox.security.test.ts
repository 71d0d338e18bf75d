import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectSandbox, type Sandbox, SandboxGone } from "../../operator/agent/sandbox/index.ts";
import { type Attack, play, serves } from "../../operator/agent/sandbox/testing/attack.ts";
import { ATTACKS } from "../../operator/agent/sandbox/testing/attacks.ts";
import { PROCESSES } from "../../operator/agent/sandbox/testing/taking.ts";
import { hasPython, type SandboxMachine, sandboxMachine } from "./machine.ts";

const possible = (attacks: readonly Attack[]) => attacks.filter(({ python }) => python === undefined || hasPython());

// 5 is what kernels before 6.12 have: signals are then kept in by the filter, and what is left is found in /proc.
describe.each([
  { which: "with all fences of this kernel", landlockAtMost: undefined, tried: possible(ATTACKS) },
  { which: "with those of an older kernel", landlockAtMost: 5, tried: possible(PROCESSES) },
])("generated code, $which,", ({ landlockAtMost, tried }) => {
  let machine: SandboxMachine;
  let sandbox: Sandbox;
  beforeAll(async () => {
    machine = await sandboxMachine(landlockAtMost);
    sandbox = await connectSandbox(machine.socketPath);
  });
  afterAll(async () => {
    await sandbox?.close();
    await machine?.stop();
  });

  test.each(tried)("[$name] gets nothing, and the sandbox serves on", { timeout: 60_000 }, async (attack) => {
    const { got, refusal } = await play(attack, sandbox, machine.around);
    expect(got, refusal).toEqual([]);
    expect(refusal).toMatch(attack.refusal);
    expect(machine.processes()).toEqual([]);
    expect(await serves(sandbox)).toBe(true);
  });
});

/** A machine that has much else to do starts a process late. */
const SEEN = { timeout: 10_000 };

describe("without a sandbox", () => {
  let machine: SandboxMachine;
  beforeAll(async () => {
    machine = await sandboxMachine();
  });
  afterAll(() => machine?.stop());

  test.each(possible(ATTACKS).filter(({ control }) => control))("[$name] does get something", async (attack) => {
    if (attack.play !== undefined) throw new Error("no program of its own");
    const { files, command } = attack.program(machine.around);
    expect(machine.unfenced(files, command.argv)).toMatch(/^GOT/m);
  });
});

describe("the socket of a sandbox", () => {
  let machine: SandboxMachine;
  beforeAll(async () => {
    machine = await sandboxMachine();
  });
  afterAll(() => machine?.stop());

  test("[a second caller] takes one connection, and is gone then", async () => {
    const sandbox = await connectSandbox(machine.socketPath);
    // It may have knocked before the first was let in, and is not let in.
    const second = connectSandbox(machine.socketPath).then((other) => other.put([]));
    await expect(second).rejects.toThrow(SandboxGone);
    expect(await serves(sandbox)).toBe(true);
    await expect(connectSandbox(machine.socketPath)).rejects.toThrow(/ENOENT/);
    await sandbox.close();
    await expect(sandbox.put([])).rejects.toThrow("closed the connection");
    await expect.poll(() => machine.server.exitCode, SEEN).toBe(0);
  });
});

describe("whoever speaks to a sandbox", () => {
  let machine: SandboxMachine;
  beforeAll(async () => {
    machine = await sandboxMachine();
  });
  afterAll(() => machine?.stop());

  test("[a huge frame] is hung up on before it is kept", async () => {
    const socket = connect(machine.socketPath);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(0xffffffff);
    socket.write(header);
    await new Promise((resolve) => socket.resume().once("close", resolve));
  });
});

describe("what is asked of a sandbox", () => {
  let machine: SandboxMachine;
  let sandbox: Sandbox;
  beforeAll(async () => {
    machine = await sandboxMachine();
    sandbox = await connectSandbox(machine.socketPath);
  });
  afterAll(() => machine?.stop());

  test.each([["../x"], ["/etc/x"], ["a/../../x"], [""], ["a//b"], ["a\0b"], ["./a"]])(
    "[escape by path] no file is put at %j, and none is got",
    async (path) => {
      await expect(sandbox.put([{ path, content: "x" }])).rejects.toThrow("must be relative");
      await expect(sandbox.get([path], 10)).rejects.toThrow("must be relative");
      expect(await serves(sandbox)).toBe(true);
    },
  );

  test("[its agent dies] whatever runs ends with the connection", async () => {
    await sandbox.put([]);
    const running = sandbox.run({ argv: ["sleep", "60"], timeoutMilliseconds: 60_000, outputBytes: 10 });
    await expect.poll(() => machine.processes().join(), SEEN).toContain("sleep 60");
    await sandbox.close();
    expect(await running).toMatchObject({ signal: "SIGKILL", timedOut: false });
    expect(machine.processes()).toEqual([]);
  });

  test("[the server dies] whatever runs ends with it", async () => {
    const other = await sandboxMachine();
    try {
      const lost = await connectSandbox(other.socketPath);
      const running = lost.run({ argv: ["sleep", "60"], timeoutMilliseconds: 60_000, outputBytes: 10 });
      await expect.poll(() => other.processes().join(), SEEN).toContain("sleep 60");
      other.server.kill("SIGKILL");
      await expect(running).rejects.toThrow();
      await expect.poll(() => other.processes(), SEEN).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
