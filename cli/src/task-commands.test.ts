import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { line } from "./command-line.ts";
import { begin, type Ended, type Running } from "./testing/command.ts";
import { SmallServer } from "./testing/small-server.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const TIMEOUT = { timeout: 30_000 };

const TASK = { name: "report", title: "Report", status: "pending", queue_position: 3, progress: 0 };
const made = (id: string, phase: string) => ({ ...TASK, id, phase, created_at: new Date().toISOString() });
const refusal = { detail: "Task not found.", fix: "List them." };

/** Whether it leaves whoever asks without an answer. */
let silent = false;

/** Tasks are called as they go: `failed` has failed, and `running` runs on. */
const api = new SmallServer(({ method, path }, response) => {
  const [, id = ""] = /tasks\/([a-z]+)/.exec(path) ?? [];
  if (path.endsWith("/events")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const told = { progress: 15, message: "Task analysis complete", phase: "Running", stage: "analysis" };
    response.write(`event: progress\nid: 1\ndata: ${JSON.stringify(told)}\n\n`);
    if (id !== "running") response.end();
    return undefined;
  }
  if (silent) return undefined;
  if (id === "" && method === "GET") return { body: [made("failed", "Failed"), made("running", "Running")] };
  if (id === "none") return { status: 404, body: refusal };
  if (method === "POST") return { status: 202, body: made("again", "Pending") };
  return { body: made(id, id === "failed" ? "Failed" : "Running") };
});

let url: string;
beforeAll(async () => {
  await api.start();
  url = api.url;
});
afterEach(() => {
  silent = false;
});
afterAll(() => api.stop());

function task(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const given = { LEANVIBE_API: url, LEANVIBE_TOKEN: "t", ...env };
  return begin(process.execPath, [MAIN, "task", ...args], { env: { ...process.env, ...given } });
}

const run = (...args: string[]): Promise<Ended> => task(args).ended;

describe("leanvibe task", () => {
  test("ends with 1 where a task did not succeed", TIMEOUT, async () => {
    expect(await run("watch", "failed")).toMatchObject({ code: 1, stdout: "🧠 [15%] Task analysis complete\n" });
  });

  test.each([
    ["no such task", ["watch", "none"], /leanvibe: Task not found. List them.$/],
    ["no such command", ["wach", "x"], /unknown command 'wach'/],
    ["no such flag", ["watch", "x", "--jsn"], /unknown option '--jsn'/],
    ["no task", ["cancel"], /missing required argument 'task'/],
    [
      "no API",
      ["list", "--api", "http://127.0.0.1:3"],
      /cannot reach http:\/\/127.0.0.1:3\/api\/v1\/tasks\S*: ECONNREFUSED/,
    ],
    ["flags of both ways", ["cancel", "acme-dev/report", "--token", "t"], /without --api and --token/],
    ["a retry in the cluster", ["retry", "acme-dev/report"], /an AgentTask of its own/],
  ])("ends with 2 for anything else: %s", TIMEOUT, async (_what, args, said) => {
    const { code, stderr } = await run(...args);
    expect(stderr.trim()).toMatch(said);
    expect(code).toBe(2);
  });

  test("says its exit codes", TIMEOUT, async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 {4}the task that was watched did not succeed\n {2}2 {4}anything else/);
    expect(stdout).toMatch(
      /130 {2}Ctrl-C: a task that was watched goes on; what was being asked for may be done or not/,
    );
  });

  test("Ctrl-C ends with 130 and says that the task goes on, and how to come back", TIMEOUT, async () => {
    const watching = task(["watch", "running", "--api", url, "--tenant", "tech"]);
    while (!watching.said().stdout.includes("analysis")) await new Promise((resolve) => setTimeout(resolve, 20));
    watching.child.kill("SIGINT");
    const { code, stderr } = await watching.ended;
    expect([code, stderr.trim()]).toEqual([
      130,
      `The task goes on. To watch it again: ${line("task", "watch", "running", "--api", url, "--tenant", "tech")}\nTo end it: ${line("task", "cancel", "running", "--api", url, "--tenant", "tech")}`,
    ]);
  });

  test.each([[["list"]], [["create", "Report"]], [["retry", "failed"]], [["code", "failed"]], [["cancel", "running"]]])(
    "the first Ctrl-C ends %j with 130, also where the API does not answer",
    TIMEOUT,
    async (args) => {
      silent = true;
      const before = api.asked.length;
      const asking = task(args);
      while (api.asked.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
      asking.child.kill("SIGINT");
      const ended = await Promise.race([asking.ended, new Promise((resolve) => setTimeout(resolve, 5_000, "deaf"))]);
      asking.child.kill("SIGKILL");
      expect(ended).toMatchObject({ code: 130, stderr: "\nStopped.\n" });
    },
  );

  test("lists the tasks, as a table or a JSON object a line", TIMEOUT, async () => {
    const { code, stdout } = await run("list");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID {8}TITLE {4}PHASE .*\nfailed {4}Report {3}Failed {4}0% {9}\ds\nrunning .*\n$/);
    const lines = (await run("list", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(["failed", "running"]);
  });

  test("retries one that ended, as a new one", TIMEOUT, async () => {
    expect(await run("retry", "failed")).toMatchObject({
      code: 0,
      stdout: "task again (report) is pending, 3. in the queue\n",
    });
    expect(api.asked.at(-1)).toMatchObject({ method: "POST", path: "/api/v1/tasks/failed/retry" });
  });
});
