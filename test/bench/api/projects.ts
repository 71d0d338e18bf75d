import { freePorts } from "../../../cli/cluster/ports.ts";
import { atLeast, atMost, type Outcome, spreadOf, tell } from "../figures.ts";
import { type Load, load } from "./load.ts";
import { pgbench, type Transactions } from "./pgbench.ts";
import { type Service, startServer, startService } from "./service.ts";

const TENANTS = 100;
const PROJECTS = 5;
const CONNECTIONS = 32;
/** As many as the server's own pool has. */
const CLIENTS = 10;
const SHARE = 0.7;

type Round = { ours: Load; hello: Load; pgbench: Transactions };

/** Authenticated GET /api/v1/projects, beside the same rows by pgbench and the same schema without any rows. */
export async function projects({
  pairs,
  seconds,
  say,
}: {
  pairs: number;
  seconds: number;
  say: (line: string) => void;
}): Promise<Outcome> {
  const service = await startService({ tenants: TENANTS, projects: PROJECTS });
  const [port = 0] = await freePorts(1);
  const hello = `http://127.0.0.1:${port}`;
  const program = new URL("hello.ts", import.meta.url).pathname;
  const environment = { PATH: process.env["PATH"], PORT: String(port), PROJECTS: String(PROJECTS) };
  const stopHello = await startServer(program, environment, `${hello}/health`);
  try {
    say(`PostgreSQL ${service.version}, ${TENANTS} tenants with ${PROJECTS} projects each`);
    const by = { service, hello, seconds };
    await round(by);
    const full: Round[] = [];
    for (let at = 0; at < pairs; at += 1) full.push(await round(by));
    const rates = {
      ours: SHARE * medianOf(full.map(({ ours }) => ours.perSecond)),
      hello: 0,
      pgbench: SHARE * medianOf(full.map((each) => each.pgbench.perSecond)),
    };
    const paced: Round[] = [];
    for (let at = 0; at < pairs; at += 1) paced.push(await round(by, rates));
    return outcomeOf(full, paced, say);
  } finally {
    await stopHello();
    await service.stop();
  }
}

async function round(
  { service, hello, seconds }: { service: Service; hello: string; seconds: number },
  rates?: { ours: number; pgbench: number },
): Promise<Round> {
  const requests = service.people.map(({ token }) => ({
    method: "GET" as const,
    path: "/api/v1/projects",
    headers: { authorization: token },
  }));
  const asking = { requests, connections: CONNECTIONS, seconds };
  const paced = (rate: number | undefined) => (rate === undefined ? {} : { rate: Math.round(rate) });
  const ours = await load({ ...asking, url: service.url, ...paced(rates?.ours) });
  if (ours.failures > 0) throw new Error(`${ours.failures} requests failed`);
  return {
    ours,
    hello: rates === undefined ? await load({ ...asking, url: hello }) : { perSecond: 0, p50: 0, p99: 0, failures: 0 },
    pgbench: await pgbench(service, { tenants: TENANTS, clients: CLIENTS, seconds, ...paced(rates?.pgbench) }),
  };
}

function outcomeOf(full: readonly Round[], paced: readonly Round[], say: (line: string) => void): Outcome {
  const beside = (of: (round: Round) => number) => spreadOf(full.map(of));
  const byPgbench = beside(({ ours, pgbench: limit }) => ours.perSecond / limit.perSecond);
  const byHello = beside(({ ours, hello }) => ours.perSecond / hello.perSecond);
  const p99 = spreadOf(paced.map(({ ours, pgbench: limit }) => ours.p99 / limit.p99));
  const figures = {
    ours: beside(({ ours }) => ours.perSecond),
    pgbench: beside((each) => each.pgbench.perSecond),
    hello: beside(({ hello }) => hello.perSecond),
    p99Ours: spreadOf(paced.map(({ ours }) => ours.p99)),
    p99Pgbench: spreadOf(paced.map((each) => each.pgbench.p99)),
  };
  say(`requests/s: ours ${tell(figures.ours)}, pgbench ${tell(figures.pgbench)}, hello-world ${tell(figures.hello)}`);
  say(`p99 at ${SHARE} of that, ms: ours ${tell(figures.p99Ours)}, pgbench ${tell(figures.p99Pgbench)}`);
  return {
    name: "projects",
    ours: { perSecond: figures.ours, p99: figures.p99Ours },
    peer: { pgbench: figures.pgbench, hello: figures.hello, p99: figures.p99Pgbench },
    ratio: byPgbench,
    counts: {},
    bars: [
      atLeast("requests/s, of pgbench's transactions/s", byPgbench.median, 0.5),
      atLeast("requests/s, of Fastify's with an answer that is there", byHello.median, 0.4),
      atMost(`p99 at ${SHARE} load, of pgbench's`, p99.median, 2.5),
    ],
  };
}

const medianOf = (values: readonly number[]) => spreadOf(values).median;
