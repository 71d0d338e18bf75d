import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { buildApp } from "../../../api-server/src/app.ts";
import { inDatabase, prepareTemplate } from "../../../api-server/src/testing/database.ts";
import { signedIn, testParts, testUser } from "../../../api-server/src/testing/parts.ts";
import { freePorts } from "../../../cli/cluster/ports.ts";
import { startEmbedded } from "../../../cli/database/embedded.ts";
import { ROOT } from "../../../cli/src/manifests.ts";
import { TENANT_PREFIX, tenantId } from "./tenants.ts";

const BUNDLE = join(ROOT, "api-server", "dist", "bundle");
const START_MILLISECONDS = 30_000;

/** Somebody of one of the tenants. */
export type Person = { email: string; subdomain: string; token: string };

/** The API server as it ships, on a PostgreSQL of its own, with tenants that have projects. */
export type Service = {
  url: string;
  people: Person[];
  database: { url: string; host: string; port: string; name: string; password: string };
  version: string;
  stop(): Promise<void>;
};

/** Bundles and starts it. */
export async function startService(size: { tenants: number; projects: number }): Promise<Service> {
  await promisify(execFile)(process.execPath, [join(ROOT, "api-server", "build.ts")], { cwd: ROOT });
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-bench-api-"));
  const postgres = await startEmbedded({ folder, lifetime: "parent", durable: true });
  await prepareTemplate(postgres.url);
  process.env["LEANVIBE_TEST_DATABASE"] = postgres.url;
  const [port = 0, metrics = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const secret = randomBytes(32).toString("base64");
  const held = await testParts({ SECRET_KEY: secret, PUBLIC_URL: url });
  await fill(held.admin, size);
  const people = await peopleOf(held, size.tenants);
  const { url: DATABASE_URL, workerUrl, lookupUrl } = held.parts.config.database;
  const environment = {
    PATH: process.env["PATH"],
    DATABASE_URL,
    DATABASE_WORKER_URL: workerUrl,
    DATABASE_LOOKUP_URL: lookupUrl,
    SECRET_KEY: secret,
    PUBLIC_URL: url,
    PORT: String(port),
    METRICS_PORT: String(metrics),
    SIGN_IN_PER_MINUTE: "1000000",
    LOG_LEVEL: "warn",
    KUBERNETES: "off",
  };
  const program = [...shippedArguments(), join(BUNDLE, "leanvibe-api.mjs")];
  const stopServer = await startServer(program, environment, `${url}/health/ready`);
  const { hostname, port: databasePort, pathname, password } = new URL(DATABASE_URL);
  const version = await inDatabase(held.admin, async (client) => (await client.query("SHOW server_version")).rows[0]);
  return {
    url,
    people,
    database: { url: DATABASE_URL, host: hostname, port: databasePort, name: pathname.slice(1), password },
    version: String(version.server_version),
    stop: async () => {
      await stopServer();
      await held.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fill(admin: string, { tenants, projects }: { tenants: number; projects: number }): Promise<void> {
  await inDatabase(admin, async (client) => {
    await client.query(
      `INSERT INTO tenants (id, subdomain, organization_name, plan, onboarding)
       SELECT ($1 || lpad(n::text, 12, '0'))::uuid, 'bench-' || n, 'Bench ' || n, 'professional', 'complete' FROM generate_series(1, $2::int) n`,
      [TENANT_PREFIX, tenants],
    );
    await client.query(
      `INSERT INTO projects (tenant_id, id, name, description)
       SELECT ($1 || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(), 'Project ' || p, 'One of the projects of the benchmark.'
       FROM generate_series(1, $2::int) n, generate_series(1, $3::int) p`,
      [TENANT_PREFIX, tenants, projects],
    );
    await client.query("ANALYZE");
  });
}

async function peopleOf({ parts }: Awaited<ReturnType<typeof testParts>>, tenants: number): Promise<Person[]> {
  const app = await buildApp(parts);
  const people: Person[] = [];
  for (let number = 1; number <= tenants; number += 1) {
    const tenant = { id: tenantId(number), subdomain: `bench-${number}` };
    const { email } = await testUser(parts, tenant);
    const { headers } = await signedIn(app, tenant, { email });
    people.push({ email, subdomain: tenant.subdomain, token: headers.authorization });
  }
  await app.close();
  return people;
}

const entrypoint = z.tuple([z.literal("node")]).rest(z.string());

/** With which the image has Node run it. */
function shippedArguments(): string[] {
  const [last = ""] = readFileSync(join(ROOT, "Dockerfile.api"), "utf8").trim().split("\nENTRYPOINT ").slice(-1);
  return entrypoint.parse(JSON.parse(last)).slice(1, -1);
}

/** Starts a program of ours that answers HTTP. @returns what stops it */
export async function startServer(
  program: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: string,
): Promise<() => Promise<void>> {
  const log = join(mkdtempSync(join(tmpdir(), "leanvibe-bench-log-")), "log");
  const output = openSync(log, "a");
  const child = spawn(process.execPath, program, { env, stdio: ["ignore", output, output] });
  closeSync(output);
  const ended = once(child, "exit");
  for (const end = Date.now() + START_MILLISECONDS; Date.now() < end; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`${program.at(-1)} ended; its log is ${log}`);
    if (
      await fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      )
    ) {
      return async () => {
        child.kill("SIGTERM");
        await ended;
      };
    }
  }
  child.kill("SIGKILL");
  throw new Error(`${program.at(-1)} was not ready in time; its log is ${log}`);
}
