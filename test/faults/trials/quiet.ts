import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Recorded } from "../../harness/recording-proxy.ts";
import { within } from "../workloads.ts";
import {
  complaintsIn,
  type Finding,
  inSilence,
  list,
  makeTenants,
  openStage,
  type Say,
  told,
  unready,
  versionsOf,
} from "./trial.ts";

/** What namespaces were lent for a start is looked at again after a minute (ADR 0008), and what is left is said then. */
const SETTLED_SECONDS = 75;
const SILENT_MILLISECONDS = 15_000;

export type QuietOptions = { tenants: number; seconds: number; say?: Say };

/** Many Tenants, everything Ready, and nothing changes: then nothing is written but the Lease. */
export async function quiet({ tenants, seconds, say = inSilence }: QuietOptions): Promise<Finding[]> {
  const stage = await openStage();
  const { api, proxy, operator } = stage;
  try {
    await makeTenants(
      api,
      Array.from({ length: tenants }, (_, index) => `quiet-${index}`),
    );
    const late = await unready(api, 120);
    if (late.length > 0) throw new Error(`${late.length} Tenants were not Ready in time: ${late.slice(0, 5)}`);
    say(`${tenants} Tenants are Ready`);
    await sleep(SETTLED_SECONDS * 1000);
    await within(120, async () => performance.now() - (proxy.writes().at(-1)?.at ?? 0) > SILENT_MILLISECONDS);
    const [writes, requests, before] = [proxy.writes().length, proxy.requests.length, await versionsOf(api)];
    say(`from now on nothing changes for ${seconds} s`);
    const unreadySeconds = await watched(seconds, () => operator.isReady());
    const after = await versionsOf(api);
    const written = proxy.writes().slice(writes);
    const asked = proxy.requests.slice(requests).filter(({ path }) => !path.includes("/leases"));
    // What was not told of for five minutes is compacted away; of Events no bookmarks come, so they are listed anew then.
    const reads = asked.filter(
      ({ method, query, path }) => method === "GET" && !query.includes("watch=true") && !path.endsWith("/events"),
    );
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (name) => before.get(name) !== after.get(name),
    );
    const reopened = endedEarly(asked);
    const complaints = complaintsIn(readFileSync(operator.log, "utf8"));
    return [
      {
        what: `writes but the Lease in ${seconds} s, ${tenants} Tenants with ${before.size - tenants} children`,
        value: list(written.map(told)),
        bar: "0",
        holds: written.length === 0,
      },
      {
        what: "Tenants and children with another resourceVersion than before, whoever wrote",
        value: list(changed),
        bar: "0",
        holds: changed.length === 0,
      },
      {
        what: "reads besides watches, and lists of Events",
        value: String(reads.length),
        bar: "0",
        holds: reads.length === 0,
      },
      {
        what: "watches that ended before the time for which they were asked, so were taken for dead",
        value: list(reopened),
        bar: "0",
        holds: reopened.length === 0,
      },
      {
        what: "seconds in which it said that it is not ready",
        value: String(unreadySeconds),
        bar: "0",
        holds: unreadySeconds === 0,
      },
      { what: "complaints in the log", value: list(complaints), bar: "0", holds: complaints.length === 0 },
    ];
  } finally {
    await stage.close();
  }
}

/** How many of so many seconds it was not so. */
async function watched(seconds: number, ask: () => Promise<boolean>): Promise<number> {
  let not = 0;
  for (let second = 0; second < seconds; second += 1) {
    const next = sleep(1_000);
    if (!(await ask())) not += 1;
    await next;
  }
  return not;
}

/** Opened again, and not after a list, before the time was over that the one before had been asked for. */
function endedEarly(requests: readonly Recorded[]): string[] {
  return requests.flatMap(({ path, query, at }, index) => {
    if (!query.includes("watch=true")) return [];
    const next = requests.slice(index + 1).find((later) => later.path === path);
    const asked = Number(new URLSearchParams(query).get("timeoutSeconds"));
    const isOpened = next?.query.includes("watch=true") === true;
    const lasted = ((isOpened ? next.at : Number.POSITIVE_INFINITY) - at) / 1000;
    return lasted < asked ? [`${path} after ${lasted.toFixed(0)} of ${asked} s`] : [];
  });
}
