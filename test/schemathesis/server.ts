import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, createTenant, openPlatformSession, register } from "@leanvibe/client";
import pg from "pg";
import { migrate } from "../../api-server/src/db/migrate.ts";
import { makeBootstrapToken } from "../../api-server/src/platform/sessions.ts";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { freePorts } from "../../cli/cluster/ports.ts";
import { startEmbedded } from "../../cli/database/embedded.ts";

const MAIN = join(import.meta.dirname, "../../api-server/src/main.ts");
const READY_MILLISECONDS = 30_000;

/** A server as it ships, on a database of its own, and somebody who may do everything in a tenant. */
export type Served = {
  url: string;
  /** What the settings of schemathesis name. */
  variables: Record<string, string>;
  stop(): Promise<void>;
};

/** @param log what the server writes goes there. */
export async function serve(log: string): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-schemathesis-"));
  const database = await startEmbedded({ folder, lifetime: "parent", durable: false });
  const { urls } = await migrate(database.url, {});
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", output, output],
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: urls.lv_app,
      DATABASE_WORKER_URL: urls.lv_worker,
      DATABASE_LOOKUP_URL: urls.lv_lookup,
      SECRET_KEY: randomBytes(32).toString("base64"),
      PUBLIC_URL: url,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      TENANT_CREATION: "open",
      SIGN_IN_PER_MINUTE: "1000000",
      KUBERNETES: "off",
    },
  });
  closeSync(output);
  const gone = once(child, "exit");
  process.once("exit", () => child.kill("SIGKILL"));
  const stop = async () => {
    child.kill("SIGTERM");
    await gone;
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const end = Date.now() + READY_MILLISECONDS; !(await answers(`${url}/health/ready`)); await sleep(100)) {
    if (Date.now() > end || child.exitCode !== null) throw new Error(`the server did not become ready: see ${log}`);
  }
  const owner = await makeOwner(url);
  const platformToken = await makePlatformToken(url, urls.lv_worker);
  // Room for more than the few things that the smallest plan has.
  await inDatabase(database.url, (client) => client.query("UPDATE tenants SET plan = 'enterprise'"));
  return { url, variables: { ...owner, LEANVIBE_PLATFORM_TOKEN: platformToken }, stop };
}

async function makeOwner(baseUrl: string): Promise<Served["variables"]> {
  const client = createClient({ baseUrl });
  const body = { organization_name: "Schemathesis", subdomain: "schemathesis" };
  const { data } = await createTenant({ client, body, throwOnError: true });
  const token = new URL(data.claim_url ?? "").searchParams.get("token") ?? "";
  const [email, password] = ["jane@acme.example", "correct horse battery staple"];
  await register({ client, body: { token, email, password }, throwOnError: true });
  return { LEANVIBE_EMAIL: email, LEANVIBE_PASSWORD: password, LEANVIBE_TENANT: body.subdomain };
}

async function makePlatformToken(baseUrl: string, workerUrl: string): Promise<string> {
  const worker = new pg.Pool({ connectionString: workerUrl, max: 1 });
  const token = await makeBootstrapToken(worker);
  await worker.end();
  const client = createClient({ baseUrl });
  const { data } = await openPlatformSession({ client, body: { bootstrap_token: token }, throwOnError: true });
  return data.access_token;
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
