import { afterAll, beforeAll, expect, test } from "vitest";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { type Mailbox, openMailbox } from "../../api-server/src/testing/mailbox.ts";
import { type ApiServer, type ApiWorld, apiWorld } from "../harness/api-server.ts";
import {
  clusterWithOperator,
  eventually,
  kubeconfigPath,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";
import { type StatementRelay, statementRelay } from "../harness/statement-relay.ts";
import { freshNetwork, masked, rowsOf } from "./tenants.ts";

/**
 * The API is killed, without a chance to finish anything, right before or right after each thing that it says to the
 * database or the cluster while a tenant comes into being: by POST or by kubectl. It is started again, the person asks
 * again where they got no answer, and everything must end as if nothing had happened. Every `npm test` takes a sample;
 * LEANVIBE_KILLS=all takes every step.
 */
const ALL = process.env["LEANVIBE_KILLS"] === "all";
const SAMPLE: readonly Kill[] = [
  { at: 2, after: true },
  { at: 5, after: false },
  { at: 9, after: true },
  { at: 13, after: false },
];
/** More than there are: a run in which nobody was killed is the last. */
const STEPS_AT_MOST = 80;

const cluster = clusterWithOperator();
let mailbox: Mailbox;
let proxy: RecordingProxy;
let relay: StatementRelay;
let world: ApiWorld;
let server: ApiServer;

/** What is counted: statements that change something, and writes to the cluster; the Lease is not part of the work. */
const trap = { armed: false, at: 0, after: false, seen: 0, killed: "" };

/** @returns whether what was about to be said is said no more */
function step(what: string): boolean {
  if (!trap.armed) return false;
  trap.seen += 1;
  if (trap.seen !== trap.at) return false;
  trap.armed = false;
  trap.killed = what;
  server.kill();
  // Killed before: it never leaves. Killed after: it takes effect, and nobody hears the answer.
  return !trap.after;
}

beforeAll(async () => {
  mailbox = await openMailbox();
  proxy = await recordingProxy(kubeconfigPath(), {
    request: async ({ method, path }, pass) => {
      if (method === "GET" || path.includes("/leases")) return pass();
      if (step(`${method} ${path}`)) return undefined;
      const answer = await pass();
      return server.isRunning ? answer : undefined;
    },
  });
  const { hostname, port } = new URL(process.env["LEANVIBE_TEST_DATABASE"] ?? "");
  relay = await statementRelay({ host: hostname, port: Number(port) }, (statement) =>
    /^(INSERT|UPDATE|DELETE|COMMIT|WITH)/.test(statement) ? step(statement.slice(0, 60)) : false,
  );
  const database = (url: string) => relay.url(url);
  world = await apiWorld(cluster.api, { SMTP_URL: mailbox.url }, { database, cluster: proxy.url });
  server = world.server;
  await server.start();
});

afterAll(async () => {
  await world?.close();
  await relay?.close();
  await proxy?.close();
  await mailbox?.close();
});

/** Asks until there is an answer, as a person does; the server is started again when it was killed. */
async function persistently<T>(ask: () => Promise<T | undefined>): Promise<T> {
  return await eventually(
    "an answer",
    async () => {
      if (!server.isRunning) await server.start();
      return await ask().catch(() => undefined);
      // What was killed at its work is taken for dead after 20 s, and found up to 15 s later.
    },
    90,
  );
}

async function byApi(name: string): Promise<void> {
  const to = `owner@${name}.example`;
  const body = { organization_name: "Corp", subdomain: name, admin_email: to };
  await persistently(async () => {
    const { status } = await server.ask("POST", "/api/v1/tenants", body, freshNetwork());
    // Made by the request whose answer was lost.
    return status === 201 || status === 409 ? true : undefined;
  });
  await register(to);
}

async function byKubectl(name: string): Promise<void> {
  const adminEmail = `owner@${name}.example`;
  await cluster.api.create(TENANTS, tenantManifest(name, { organizationName: "Corp", adminEmail }));
  await register(adminEmail);
}

async function register(to: string): Promise<void> {
  const token = await persistently(async () => {
    const found = mailbox.received.findLast((each) => each.to.includes(to));
    const link = /http:\S+/.exec(found?.mail.text ?? "")?.[0];
    return link === undefined ? undefined : (new URL(link).searchParams.get("token") ?? undefined);
  });
  await persistently(async () => {
    const answer = await server.ask("POST", "/auth/register", { token, password: "correct horse battery staple" });
    return answer.status === 201 || answer.body["error_code"] === "INVITATION_NOT_VALID" ? true : undefined;
  });
}

async function end(name: string) {
  await persistently(async () => {
    const { tenant } = await rowsOf(world.admin, name);
    return tenant?.["onboarding"] === "complete" ? true : undefined;
  });
  const { spec } = await untilCondition(cluster.api, name, ["AccountReady", "True"]);
  await persistently(async () => ((await left()) === 0 ? true : undefined));
  // A mail that was sent twice is known by its id.
  const to = mailbox.received.filter((each) => each.to.includes(`owner@${name}.example`));
  const mails = new Set(to.map(({ mail }) => mail.messageId)).size;
  return { rows: masked(await rowsOf(world.admin, name), name), spec: masked(spec, name), mails };
}

/** How much of what was asked for is still to be done, but for what is to be done on a later day. */
async function left(): Promise<number> {
  const { rows } = await inDatabase(world.admin, (client) =>
    client.query(`
      SELECT (SELECT count(*) FROM outbox WHERE due_at <= now())::int
        + (SELECT count(*) FROM lv_jobs.job WHERE state IN ('created', 'retry', 'active') AND data->>'topic' IS NOT NULL)::int AS n`),
  );
  return Number(rows[0]?.n);
}

const WAYS = { api: byApi, kubectl: byKubectl } as const;

type Kill = { at: number; after: boolean };

/** Every step, each before and after; or a sample of them. */
const KILLS: readonly Kill[] = ALL
  ? Array.from({ length: 2 * STEPS_AT_MOST }, (_, index) => ({ at: (index >> 1) + 1, after: index % 2 === 1 }))
  : SAMPLE;

/** @returns what was said when the API was killed; nothing where there are fewer steps */
async function killedAt(
  kill: Kill,
  name: string,
  create: (name: string) => Promise<void>,
  wanted: unknown,
): Promise<string> {
  Object.assign(trap, { ...kill, armed: true, seen: 0, killed: "" });
  await create(name);
  const found = await end(name);
  trap.armed = false;
  const when = `${kill.after ? "after" : "before"} step ${kill.at}: ${trap.killed}`;
  expect(found, `killed ${when}`).toEqual(wanted);
  return trap.killed === "" ? "" : when;
}

test.each(Object.entries(WAYS))(
  "a tenant made by %s ends alike when the API is killed at each step [crash]",
  async (way, create) => {
    const unharmed = uniqueName(way);
    await create(unharmed);
    const wanted = await end(unharmed);
    const killed: string[] = [];
    for (const kill of KILLS) {
      const when = await killedAt(kill, uniqueName(way), create, wanted);
      if (when === "") break;
      killed.push(when);
    }
    process.stdout.write(`${way}: killed at ${killed.length} steps\n${ALL ? `${killed.join("\n")}\n` : ""}`);
    expect(killed.length).toBeGreaterThanOrEqual(ALL ? 16 : SAMPLE.length);
  },
  ALL ? 3_600_000 : 240_000,
);
