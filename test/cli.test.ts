import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { begin, type Ended } from "../cli/src/testing/command.ts";
import { SmallServer } from "../cli/src/testing/small-server.ts";
import { scratchFolder } from "./harness/scratch.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "cli", "src", "main.ts");
const SCRIPT = join(ROOT, "leanvibe");

/** A cluster that looks like production: it lets nobody in and notes what was asked of it. */
let production: Server;
const asked: string[] = [];
let kubeconfig: string;
let home: string;

beforeAll(async () => {
  production = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const status = {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: "Forbidden",
      code: 403,
      message: "no",
    };
    response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify(status));
  });
  await new Promise<void>((resolve) => production.listen(0, "127.0.0.1", resolve));
  const address = production.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  home = scratchFolder("cli");
  kubeconfig = join(home, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "eks-prod", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: { token: "secret" } }],
    contexts: [{ name: "eks-prod-eu-1", context: { cluster: "eks-prod", user: "me" } }],
    "current-context": "eks-prod-eu-1",
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
});

afterAll(() => {
  production.close();
});

function leanvibe(...args: string[]): Promise<Ended> {
  return begin(process.execPath, [MAIN, ...args], { env: environment() }).ended;
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
    ...more,
  };
}

describe("a current context that looks like production", () => {
  it("is passed over and named, and nothing is written to it", { timeout: 30_000 }, async () => {
    const { stdout } = await leanvibe("doctor", "--json");
    const { findings } = JSON.parse(stdout) as { findings: { name: string; found: string }[] };
    expect(findings.find(({ name }) => name === "cluster")?.found).toContain("eks-prod-eu-1");
  });

  it("is refused with exit code 2 when it is asked for by name and nobody can type yes", {
    timeout: 30_000,
  }, async () => {
    const { code, stderr } = await leanvibe("up", "--detach", "--context", "eks-prod-eu-1");
    expect(code).toBe(2);
    expect(stderr).toContain("eks-prod-eu-1");
    expect(stderr).toMatch(/terminal/);
    // Nothing but looks: nothing is installed into what was refused.
    expect(asked.filter((line) => !line.startsWith("GET "))).toEqual([]);
  });

  it("is told from a context that does not exist, whose neighbours are listed", { timeout: 30_000 }, async () => {
    const { code, stderr } = await leanvibe("up", "--detach", "--context", "no-such");
    expect(code).not.toBe(0);
    expect(stderr).toContain("no-such");
    expect(stderr).toContain("eks-prod-eu-1");
  });
});

describe("leanvibe", () => {
  it("lists its commands when it is called wrongly", async () => {
    const { code, stderr } = await leanvibe("upp");
    expect(code).toBe(1);
    expect(stderr).toMatch(/unknown command 'upp'[\s\S]*up/);
  });

  it("keeps the person's own kubeconfig as it is", () => {
    expect(JSON.parse(readFileSync(kubeconfig, "utf8"))).toHaveProperty("current-context", "eks-prod-eu-1");
  });
});

describe("./leanvibe in a folder of the person's own", () => {
  const MADE = {
    lines_of_code: 1,
    complexity: 1,
    files: [{ path: "main.ts", content: "export {};\n" }],
    tests: [],
    documentation: [{ path: "docs/README.md", content: "# Adds\n" }],
    truncated: [],
  };
  const TASK = { id: "7", name: "adds", status: "pending", queue_position: null };
  const api = new SmallServer(({ method }) => (method === "POST" ? { status: 202, body: TASK } : { body: MADE }));
  beforeAll(() => api.start());
  afterAll(() => api.stop());

  const script = (cwd: string, ...args: string[]) =>
    begin(SCRIPT, args, { cwd, env: environment({ LEANVIBE_API: api.url, LEANVIBE_TOKEN: "t" }) }).ended;

  it("reads the files that are named there", async () => {
    const folder = scratchFolder("there");
    writeFileSync(join(folder, "task.yaml"), "title: Adds\n");
    writeFileSync(join(folder, "needs.json"), '{"a":1}');
    const args = ["task", "create", "--file", "task.yaml", "--requirements", "@needs.json"];
    expect(await script(folder, ...args)).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(api.asked.at(-1)?.body ?? "")).toMatchObject({ title: "Adds", requirements: { a: 1 } });
  });

  it("writes there, and over nothing that is there unless it is forced", async () => {
    const folder = scratchFolder("there");
    const args = ["task", "code", "7", "--output", "made"];
    expect(await script(folder, ...args)).toMatchObject({ code: 0, stderr: "" });
    const readme = join(folder, "made", "docs", "README.md");
    expect(readFileSync(readme, "utf8")).toBe("# Adds\n");
    writeFileSync(readme, "mine");
    rmSync(join(folder, "made", "main.ts"));
    const refused = await script(folder, ...args);
    expect(refused).toMatchObject({ stderr: expect.stringContaining("docs/README.md in made would be written over") });
    expect(refused.code).not.toBe(0);
    expect(readFileSync(readme, "utf8")).toBe("mine");
    expect(existsSync(join(folder, "made", "main.ts"))).toBe(false);
    expect(await script(folder, ...args, "--force")).toMatchObject({ code: 0 });
    expect(readFileSync(readme, "utf8")).toBe("# Adds\n");
  });
});

describe("./leanvibe", () => {
  it("without a command prints what there is", { timeout: 30_000 }, async () => {
    const { code, stderr } = await begin(SCRIPT, [], { env: environment() }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Usage: leanvibe/);
  });

  it("is found by links to it, also to one another and by relative ones", { timeout: 30_000 }, async () => {
    const folder = scratchFolder("links");
    mkdirSync(join(folder, "bin"));
    symlinkSync(SCRIPT, join(folder, "leanvibe"));
    symlinkSync(join("..", "leanvibe"), join(folder, "bin", "lv"));
    const linked = begin(join("bin", "lv"), ["--version"], { env: environment(), cwd: folder });
    expect(await linked.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("the operator", () => {
  it("stops at start on a wrong variable, with its name, the fault and an example", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "..", "operator", "src", "main.ts")], {
      env: { ...process.env, KUBECONFIG: kubeconfig, WORKERS: "lots" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(2);
    expect(stderr).toMatch(/WORKERS=lots: .*WORKERS=16/);
  });
});
