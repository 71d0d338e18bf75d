import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { KINDS, type KubeObject } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_TASKS } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { ROOT } from "../../cli/src/manifests.ts";
import { artifactOf } from "../../cli/src/testing/made.ts";
import { type Api, eventually, kubeconfigPath } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";
import { type AgentWorld, applyTask, type Org, setStatus, withAgents } from "./agents.ts";

const run = promisify(execFile);

let api: Api;
let world: AgentWorld;
let org: Org;

withAgents((made) => {
  ({ api, world, org } = made);
});

const token = () => String(org.headers["authorization"]).replace("Bearer ", "");

type Ran = { code: number; stdout: string; stderr: string };

/** @param program its arguments after it */
async function leanvibe(program: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [command = "", ...args] = program;
  const withApi = { LEANVIBE_API: world.server.url, LEANVIBE_TOKEN: token() };
  const base = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  return await run(command, args, { env: { ...base, ...withApi, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
  );
}

const command = (...args: string[]) => [process.execPath, join(ROOT, "cli", "src", "main.ts"), "task", ...args];

/** No API, and the cluster of the tests. */
const nowhere = () => ({ LEANVIBE_API: "", LEANVIBE_TOKEN: "", KUBECONFIG: kubeconfigPath() });

const MADE = artifactOf({ path: "src/a.ts", content: "export {};" });

const TOLD = [
  "🧠 [15%] Task analysis complete",
  "🏗️ [25%] Architecture designed",
  "💻 [50%] Code generated",
  "🧪 [65%] Tests created",
  "✅ [80%] Code validated",
  "📚 [90%] Documentation generated",
  "🎉 [100%] Task completed successfully",
];

/** As the operator would, a stage after the other. */
async function goThrough(task: KubeObject): Promise<void> {
  await setStatus(api, AGENT_TASKS, task, { phase: "Running", attempt: 1 });
  for (const [stage, progress] of [
    ["analysis", 15],
    ["code", 50],
    ["validated", 80],
  ] as const) {
    await setStatus(api, AGENT_TASKS, task, { stage, progress });
  }
  await setStatus(api, AGENT_TASKS, task, {
    phase: "Succeeded",
    stage: "done",
    progress: 100,
    completionTime: "2026-11-26T05:00:00Z",
  });
}

describe("leanvibe task", () => {
  test("creates, and the tutorial's script tells of it to its end, by the API", async () => {
    const made = await leanvibe(command("create", "By a command", "--requirements", '{"a":1}', "--json"));
    expect(made.code, made.stderr).toBe(0);
    const { id, name, requirements } = JSON.parse(made.stdout.trim().split("\n").at(-1) ?? "");
    expect(requirements).toEqual({ a: 1 });
    const script = join(ROOT, "tutorials", "watch-ai-progress.sh");
    const watching = leanvibe([script, "--task-id", id]);
    await goThrough(await eventually("its AgentTask", () => api.find(AGENT_TASKS, name, org.namespace)));
    const { code, stdout, stderr } = await watching;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trim().split("\n").slice(-7)).toEqual(TOLD);
  });

  test("creates of a file, with the cases of another; what is wrong in it is refused by its name", async () => {
    const folder = scratchFolder("task");
    const [file, cases] = [join(folder, "task.yaml"), join(folder, "cases.json")];
    writeFileSync(file, "title: Adds\ndescription: Adds two numbers.\nlimits: {max_tokens: 5000}\n");
    writeFileSync(cases, JSON.stringify([{ name: "adds", command: "node main.ts 1 2", expect: { stdout: "3" } }]));
    const made = await leanvibe(command("create", "--file", file, "--acceptance", cases, "--json"));
    expect(made.code, made.stderr).toBe(0);
    const { name } = JSON.parse(made.stdout.trim().split("\n").at(-1) ?? "");
    const object = await eventually("its AgentTask", () => api.find(AGENT_TASKS, name, org.namespace));
    expect(object["spec"]).toMatchObject({ limits: { maxTokens: 5_000 }, acceptance: [{ name: "adds" }] });
    writeFileSync(cases, JSON.stringify([{ name: "adds", comand: "node main.ts", expect: { stdout: "3" } }]));
    const refused = await leanvibe(command("create", "--file", file, "--acceptance", cases));
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("comand") });
  });

  test("watches without an API, by the kubeconfig alone, what kubectl applied", async () => {
    const task = await applyTask(api, org.namespace);
    const watching = leanvibe(command("watch", `${org.namespace}/${task.metadata.name}`), nowhere());
    await goThrough(task);
    const { code, stdout } = await watching;
    expect([code, stdout.trim().split("\n").slice(-7)]).toEqual([0, TOLD]);
  });

  test("gives out what an agent made, and cancels, without an API", async () => {
    const task = await applyTask(api, org.namespace);
    const at = `${org.namespace}/${task.metadata.name}`;
    const early = await leanvibe(command("code", at), nowhere());
    expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining("nothing is there yet") });
    const bytes = gzipSync(JSON.stringify(MADE));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const held = { name: `${task.metadata.name}-artifact`, namespace: org.namespace };
    const binaryData = { [AGENT_KEYS.artifact]: bytes.toString("base64") };
    await api.create(KINDS.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: held, binaryData });
    const artifact = { configMap: held.name, sha256, sizeBytes: bytes.length };
    await setStatus(api, AGENT_TASKS, task, { phase: "Running", attempt: 1, artifact });
    const folder = scratchFolder("code");
    const written = await leanvibe(command("code", at, "--output", folder), nowhere());
    expect(written.code, written.stderr).toBe(0);
    expect(readFileSync(join(folder, "src", "a.ts"), "utf8")).toBe("export {};");
    expect(await leanvibe(command("code", at, "--output", folder), nowhere())).toMatchObject({ code: 2 });
    expect(await leanvibe(command("cancel", at), nowhere())).toMatchObject({ code: 0 });
    const cancelled = await api.find(AGENT_TASKS, task.metadata.name, org.namespace);
    expect(cancelled?.["spec"]).toMatchObject({ desiredState: "Cancel" });
    await setStatus(api, AGENT_TASKS, task, { phase: "Cancelled" });
    const late = await leanvibe(command("cancel", at), nowhere());
    expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining("is Cancelled already") });
  });

  test("lists what there is, and tries again what ended; a token that is none is said to be", async () => {
    const made = await leanvibe(command("create", "To be tried again", "--json"));
    const { id, name } = JSON.parse(made.stdout.trim().split("\n").at(-1) ?? "");
    const object = await eventually("its AgentTask", () => api.find(AGENT_TASKS, name, org.namespace));
    await setStatus(api, AGENT_TASKS, object, { phase: "Failed", completionTime: "2026-11-26T05:00:00Z" });
    await eventually("its end in the list", async () => {
      const { stdout } = await leanvibe(command("list", "--json"));
      const tasks: { id: string; phase: string }[] = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      return tasks.find((each) => each.id === id && each.phase === "Failed");
    });
    expect((await leanvibe(command("list"))).stdout).toMatch(new RegExp(`${id} +To be tried again +Failed +0%`));
    const again = await leanvibe(command("retry", id, "--json"));
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ retry_of: id });
    const stranger = await leanvibe(command("list"), { LEANVIBE_TOKEN: "x" });
    expect(stranger).toMatchObject({ code: 2, stderr: expect.stringContaining("/auth/login") });
  });

  test("ends with 1 where a task did not succeed, and with 2 where it says what is wrong with what it was given", async () => {
    const task = await applyTask(api, org.namespace);
    await setStatus(api, AGENT_TASKS, task, { phase: "Failed" });
    const kubeconfig = { KUBECONFIG: kubeconfigPath() };
    expect((await leanvibe(command("watch", `${org.namespace}/${task.metadata.name}`), kubeconfig)).code).toBe(1);
    const none = await leanvibe(command("watch", `${org.namespace}/no-such`), kubeconfig);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("there is no AgentTask no-such") });
    const wrong = await leanvibe(command("create", "X", "--requirements", "{"));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("--requirements") });
    const unknown = await leanvibe(command("cancel", "0190a5f0-0000-7000-8000-000000000000"));
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("Task not found") });
    expect((await leanvibe([join(ROOT, "tutorials", "watch-ai-progress.sh")])).code).toBe(2);
  });

  test("cancels, and writes what an agent made into a folder", async () => {
    const made = await leanvibe(command("create", "To be cancelled", "--json"));
    const { id } = JSON.parse(made.stdout.trim().split("\n").at(-1) ?? "");
    expect(await leanvibe(command("cancel", id))).toMatchObject({ code: 0 });
    const early = await leanvibe(command("code", id));
    expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining("code") });
    await inDatabase(world.admin, async (client) => {
      await client.query("UPDATE tasks SET collected_at = now(), artifact_error = NULL WHERE id = $1", [id]);
      await client.query(
        "INSERT INTO task_files (tenant_id, task_id, path, content) SELECT tenant_id, id, 'src/a.ts', 'export {};' FROM tasks WHERE id = $1",
        [id],
      );
    });
    const folder = scratchFolder("code");
    expect(await leanvibe(command("code", id, "--output", folder))).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "src", "a.ts"), "utf8")).toBe("export {};");
  });
});
