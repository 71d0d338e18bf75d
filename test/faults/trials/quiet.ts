import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../workloads.ts";
import { complaintsIn, type Finding, list, makeTenants, openStage, told, unready, versionsOf } from "./trial.ts";

/** What namespaces were lent for a start is looked at again after a minute (ADR 0008), and what is left is said then. */
const SETTLED_SECONDS = 75;
const SILENT_MILLISECONDS = 15_000;

/** Many Tenants, everything Ready, and nothing changes: then nothing is written but the Lease. */
export async function quiet({ tenants, seconds }: { tenants: number; seconds: number }): Promise<Finding[]> {
  const stage = await openStage();
  const { api, proxy, operator } = stage;
  try {
    await makeTenants(
      api,
      Array.from({ length: tenants }, (_, index) => `quiet-${index}`),
    );
    const late = await unready(api, 120);
    if (late.length > 0) throw new Error(`${late.length} Tenants were not Ready in time: ${late.slice(0, 5)}`);
    await sleep(SETTLED_SECONDS * 1000);
    await within(120, async () => performance.now() - (proxy.writes().at(-1)?.at ?? 0) > SILENT_MILLISECONDS);
    const [writes, requests, before] = [proxy.writes().length, proxy.requests.length, await versionsOf(api)];
    await sleep(seconds * 1000);
    const after = await versionsOf(api);
    const written = proxy.writes().slice(writes);
    const asked = proxy.requests.slice(requests).filter(({ path }) => !path.includes("/leases"));
    const reads = asked.filter(({ method, query }) => method === "GET" && !query.includes("watch=true"));
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (name) => before.get(name) !== after.get(name),
    );
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
      { what: "reads besides watches", value: String(reads.length), bar: "0", holds: reads.length === 0 },
      { what: "complaints in the log", value: list(complaints), bar: "0", holds: complaints.length === 0 },
    ];
  } finally {
    await stage.close();
  }
}
