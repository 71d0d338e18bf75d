import { availableParallelism } from "node:os";
import { Passwords } from "../../../api-server/src/accounts/passwords.ts";
import { PASSWORD } from "../../../api-server/src/testing/parts.ts";
import { atLeast, atMost, type Outcome, spreadOf, tell } from "../figures.ts";
import { type Load, load } from "./load.ts";
import { paced } from "./paced.ts";
import { type Service, startService } from "./service.ts";

const TENANTS = 50;
const CONNECTIONS = 8;
/** Of other requests meanwhile: as many as are answered at once without logins. */
const OTHERS_PER_SECOND = 100;

/** Password logins, beside the same hashes without anything around them, at the same cap; and what others notice of it. */
export async function login({
  pairs,
  seconds,
  say,
}: {
  pairs: number;
  seconds: number;
  say: (line: string) => void;
}): Promise<Outcome> {
  const service = await startService({ tenants: TENANTS, projects: 5 });
  try {
    const rounds: Round[] = [];
    await round(service, 2);
    for (let at = 0; at < pairs; at += 1) rounds.push(await round(service, seconds));
    return outcomeOf(rounds, say);
  } finally {
    await service.stop();
  }
}

type Round = { logins: Load; hashesPerSecond: number; quiet: Load; beside: Load };

async function round(service: Service, seconds: number): Promise<Round> {
  const headers = { "content-type": "application/json" };
  const requests = service.people.map(({ email, subdomain }) => ({
    method: "POST" as const,
    path: "/auth/login",
    headers,
    body: JSON.stringify({ email, password: PASSWORD, tenant: subdomain }),
  }));
  const { url } = service;
  const logins = await load({ url, requests, connections: CONNECTIONS, seconds });
  if (logins.failures > 0) throw new Error(`${logins.failures} logins failed`);
  const hashesPerSecond = await rawHashes(seconds);
  const others = {
    url,
    requests: service.people.map(({ token }) => ({
      method: "GET" as const,
      path: "/api/v1/projects",
      headers: { authorization: token },
    })),
    connections: 4,
    seconds,
    rate: OTHERS_PER_SECOND,
  };
  const quiet = await paced(others);
  const [beside] = await Promise.all([paced(others), load({ url, requests, connections: CONNECTIONS, seconds })]);
  return { logins, hashesPerSecond, quiet, beside };
}

/** As many at once as the server lets through, with nothing between two of them. */
async function rawHashes(seconds: number): Promise<number> {
  const passwords = await Passwords.open(Buffer.alloc(32));
  const hash = await passwords.hash(PASSWORD);
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const hasher = async () => {
    for (; performance.now() < end; done += 1) await passwords.matches(hash, PASSWORD);
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, hasher));
  return done / seconds;
}

function outcomeOf(rounds: readonly Round[], say: (line: string) => void): Outcome {
  const share = spreadOf(rounds.map(({ logins, hashesPerSecond }) => logins.perSecond / hashesPerSecond));
  const slower = spreadOf(rounds.map(({ beside, quiet }) => beside.p99 / quiet.p99));
  const ours = spreadOf(rounds.map(({ logins }) => logins.perSecond));
  const peer = spreadOf(rounds.map(({ hashesPerSecond }) => hashesPerSecond));
  const quiet = spreadOf(rounds.map((each) => each.quiet.p99));
  const beside = spreadOf(rounds.map((each) => each.beside.p99));
  say(`logins/s ${tell(ours)}, argon2 alone ${tell(peer)}`);
  say(`p99 of other requests, ms: without logins ${tell(quiet)}, meanwhile ${tell(beside)}`);
  return {
    name: "login",
    ours: { perSecond: ours, othersP99: beside },
    peer: { perSecond: peer, othersP99: quiet },
    ratio: share,
    counts: {},
    bars: [
      atLeast("logins/s, of argon2's alone at the same cap", share.median, 0.9),
      atMost("p99 of other requests meanwhile, of theirs without", slower.median, 2),
    ],
  };
}
