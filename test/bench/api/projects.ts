import { z } from "zod";
import { freePorts } from "../../../cli/cluster/ports.ts";
import { atLeast, atMost, type Outcome, spreadOf, tell } from "../figures.ts";
import { type Load, load } from "./load.ts";
import { paced } from "./paced.ts";
import { pgbench, type Transactions } from "./pgbench.ts";
import { type Service, startServer, startService } from "./service.ts";

const TENANTS = 100;
const PROJECTS = 5;
const CONNECTIONS = 32;
/** As many as the server's own pool has. */
const CLIENTS = 10;
const SHARE = 0.7;
const WARMING_ROUNDS = 4;

/** Of what as many as can be were answered; of the paced rounds only ours and pgbench's are asked. */
type Full = { ours: Load; hello: Load; bare: Load; driver: number; pgbench: Transactions };
type Paced = Pick<Full, "ours" | "pgbench">;

type Sides = { service: Service; hello: string; bare: string; seconds: number };

type Options = { pairs: number; seconds: number; say: (line: string) => void };

/** Authenticated GET /api/v1/projects, beside the same rows by pgbench and the same schema without any rows. */
export async function projects({ pairs, seconds, say }: Options): Promise<Outcome> {
  const service = await startService({ tenants: TENANTS, projects: PROJECTS });
  const stops: (() => Promise<void>)[] = [() => service.stop()];
  try {
    const peer = async (name: string) => {
      const [port = 0] = await freePorts(1);
      const url = `http://127.0.0.1:${port}`;
      const size = { TENANTS: String(TENANTS), PROJECTS: String(PROJECTS) };
      const environment = {
        PATH: process.env["PATH"],
        PORT: String(port),
        DATABASE_URL: service.database.url,
        ...size,
      };
      const stop = await startServer([new URL(name, import.meta.url).pathname], environment, `${url}/health`);
      stops.unshift(stop);
      return url;
    };
    say(`PostgreSQL ${service.version}, ${TENANTS} tenants with ${PROJECTS} projects each`);
    const sides = { service, hello: await peer("hello.ts"), bare: await peer("bare.ts"), seconds };
    // Node goes on to get faster for some hundred thousand requests; what it is then is what a server is.
    for (let at = 0; at < WARMING_ROUNDS; at += 1) await fullRound(sides);
    const full: Full[] = [];
    for (let at = 0; at < pairs; at += 1) full.push(await fullRound(sides));
    const rates = {
      ours: SHARE * medianOf(full.map(({ ours }) => ours.perSecond)),
      pgbench: SHARE * medianOf(full.map((each) => each.pgbench.perSecond)),
    };
    const steady: Paced[] = [];
    for (let at = 0; at < pairs; at += 1) steady.push(await round(sides, rates));
    return outcomeOf(full, steady, say);
  } finally {
    for (const stop of stops) await stop();
  }
}

async function fullRound(sides: Sides): Promise<Full> {
  const { hello, bare, seconds } = sides;
  const asking = { requests: [{ method: "GET" as const, path: "/api/v1/projects", headers: {} }], seconds };
  return {
    ...(await round(sides)),
    hello: await load({ ...asking, url: hello, connections: CONNECTIONS }),
    bare: await load({ ...asking, url: bare, connections: CONNECTIONS }),
    driver: await drive(bare, seconds),
  };
}

const driven = z.object({ perSecond: z.number() });

async function drive(bare: string, seconds: number): Promise<number> {
  const answer = await fetch(`${bare}/driver?seconds=${seconds}`);
  return driven.parse(await answer.json()).perSecond;
}

async function round({ service, seconds }: Sides, rates?: { ours: number; pgbench: number }): Promise<Paced> {
  const requests = service.people.map(({ token }) => ({
    method: "GET" as const,
    path: "/api/v1/projects",
    headers: { authorization: token },
  }));
  const asking = { requests, connections: CONNECTIONS, seconds, url: service.url };
  const ours = await (rates === undefined ? load(asking) : paced({ ...asking, rate: rates.ours }));
  if (ours.failures > 0) throw new Error(`${ours.failures} requests failed`);
  const limit = { tenants: TENANTS, clients: CLIENTS, seconds, ...(rates && { rate: Math.round(rates.pgbench) }) };
  return { ours, pgbench: await pgbench(service, limit) };
}

function outcomeOf(full: readonly Full[], steady: readonly Paced[], say: (line: string) => void): Outcome {
  const beside = (of: (round: Full) => number) => spreadOf(full.map(of));
  const byPgbench = beside(({ ours, pgbench: limit }) => ours.perSecond / limit.perSecond);
  const byHello = beside(({ ours, hello }) => ours.perSecond / hello.perSecond);
  const byBare = beside(({ ours, bare }) => ours.perSecond / bare.perSecond);
  const bareByPgbench = beside(({ bare, pgbench: limit }) => bare.perSecond / limit.perSecond);
  const p99 = spreadOf(steady.map(({ ours, pgbench: limit }) => ours.p99 / limit.p99));
  const figures = {
    ours: beside(({ ours }) => ours.perSecond),
    pgbench: beside((each) => each.pgbench.perSecond),
    hello: beside(({ hello }) => hello.perSecond),
    bare: beside(({ bare }) => bare.perSecond),
    driver: beside(({ driver }) => driver),
    p99Ours: spreadOf(steady.map(({ ours }) => ours.p99)),
    p99Pgbench: spreadOf(steady.map((each) => each.pgbench.p99)),
  };
  say(`requests/s: ours ${tell(figures.ours)}, pgbench ${tell(figures.pgbench)}, hello-world ${tell(figures.hello)}`);
  say(
    `what Node could: its way to the database alone ${tell(figures.driver)}, with Fastify and nothing else ${tell(figures.bare)}`,
  );
  say(`with Fastify and nothing else, of pgbench's: ${tell(bareByPgbench)}; ours, of that: ${tell(byBare)}`);
  say(`p99 at ${SHARE} of that, ms: ours ${tell(figures.p99Ours)}, pgbench ${tell(figures.p99Pgbench)}`);
  return {
    name: "projects",
    ours: { perSecond: figures.ours, p99: figures.p99Ours },
    peer: {
      pgbench: figures.pgbench,
      hello: figures.hello,
      bare: figures.bare,
      driver: figures.driver,
      p99: figures.p99Pgbench,
    },
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
