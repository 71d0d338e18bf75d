import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { testDatabase } from "../../api-server/src/testing/database.ts";
import { freePorts } from "../../cli/cluster/ports.ts";
import { writeAccountKubeconfig } from "../../cli/src/credentials.ts";
import { ROOT } from "../../cli/src/manifests.ts";
import { type Api, eventually, kubeconfigPath, pointTo } from "./cluster.ts";
import { scratchFolder } from "./scratch.ts";

export const API_PROGRAM = join(ROOT, "api-server", "src", "main.ts");

/** A quick Lease, so that the next server need not wait long for one that was killed. */
const PACE = { LEASE_SECONDS: "3" };

export type Answer = { status: number; body: Record<string, unknown> };

/** An API server as a process of its own, under its own ServiceAccount, on a database of its own. */
export class ApiServer {
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  readonly log: string;
  #child: ChildProcess | undefined;

  constructor(env: NodeJS.ProcessEnv, port: number) {
    this.env = env;
    this.url = `http://127.0.0.1:${port}`;
    this.log = join(scratchFolder("api-server"), "log");
  }

  /** @returns when it answers requests. */
  async start(): Promise<void> {
    // It ends with its test's process: one left behind would write to the Tenants of every file after this.
    const env = { ...this.env, LEANVIBE_LIFELINE: "stdin" };
    const child = spawn(process.execPath, [API_PROGRAM], { env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    this.#child = child;
    const log = createWriteStream(this.log, { flags: "a" });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    await eventually("the API server is ready", async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${readFileSync(this.log, "utf8").slice(-2000)}`);
      return await fetch(`${this.url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As a power cut would: no chance to finish anything. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    if (this.#child === undefined || !this.isRunning) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }

  async ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(`${this.url}${path}`, { method, headers: { ...type, ...headers }, ...json });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }
}

export type ApiWorld = {
  server: ApiServer;
  /** Of the database's superuser. */
  admin: string;
  /** One more on the same database. */
  another(env?: NodeJS.ProcessEnv): Promise<ApiServer>;
  close(): Promise<void>;
};

/** How the server reaches what it needs; as it is where that is not said. */
export type Ways = { database?: (url: string) => string; cluster?: string };

/**
 * An API server's surroundings, which must be started. Beside the cluster of the run, or alone where `api` is left out.
 */
export async function apiWorld(api: Api | undefined, env: NodeJS.ProcessEnv = {}, ways: Ways = {}): Promise<ApiWorld> {
  const { urls, admin, drop } = await testDatabase();
  const kubeconfig = join(scratchFolder("api-server"), "kubeconfig");
  if (api !== undefined) {
    await writeAccountKubeconfig(api.transport, "api", { admin: kubeconfigPath(), path: kubeconfig });
    if (ways.cluster !== undefined) pointTo(ways.cluster, kubeconfig);
  }
  const { database: via = (url: string) => url } = ways;
  const common = {
    PATH: process.env["PATH"],
    DATABASE_URL: via(urls.lv_app),
    DATABASE_WORKER_URL: via(urls.lv_worker),
    DATABASE_LOOKUP_URL: via(urls.lv_lookup),
    SECRET_KEY: randomBytes(32).toString("base64"),
    TENANT_CREATION: "open",
    TRUSTED_PROXIES: "127.0.0.1",
    SIGN_IN_PER_MINUTE: "100000",
    PUBLIC_URL: "http://localhost:8000",
    ...PACE,
    ...(api === undefined ? { KUBERNETES: "off" } : { KUBECONFIG: kubeconfig }),
  };
  const servers: ApiServer[] = [];
  const make = async (more: NodeJS.ProcessEnv) => {
    const [port = 0, metrics = 0] = await freePorts(2);
    const ports = { PORT: String(port), METRICS_PORT: String(metrics) };
    const server = new ApiServer({ ...common, ...env, ...more, ...ports }, port);
    servers.push(server);
    return server;
  };
  return {
    server: await make({}),
    admin,
    another: (more = {}) => make(more),
    close: async () => {
      for (const server of servers) await server.stop();
      await drop();
    },
  };
}
