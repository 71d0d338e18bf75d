import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ELECTION_PACE, KINDS } from "@leanvibe/runtime";
import { connectTo } from "../../../cli/src/credentials.ts";
import { install } from "../../../cli/src/install.ts";
import { type Api, apiOf, Operator, TENANTS, tenantManifest } from "../../harness/cluster.ts";
import { within } from "../workloads.ts";
import { Changes } from "./changes.ts";
import { type Plane, startPlane } from "./plane.ts";
import { complaintsIn, type Finding, inSilence, leftAfterAll, list, type Say } from "./trial.ts";

const TENANT_COUNT = 24;
const CHANGE_MILLISECONDS = 200;
const BACK_SECONDS = 5;
/**
 * Until it has installed all its paths, an API server that is coming up answers 503 with a Retry-After of five seconds; we
 * do as it asks.
 */
const ASKED = /before all known HTTP paths have been installed/;
const ASKED_SECONDS = 5;
/** Kubernetes' own quota controller takes a minute or two to find its feet again; rights wait for it. */
const CONVERGED_SECONDS = 240;
/** As people run it: an outage of seconds is no reason to give up. */
const PACE = {
  LEASE_SECONDS: String(ELECTION_PACE.leaseSeconds),
  RENEW_DEADLINE_SECONDS: String(ELECTION_PACE.renewDeadlineSeconds),
  RETRY_SECONDS: String(ELECTION_PACE.retrySeconds),
};

export type OutageOptions = { count: number; seed?: number; say?: Say };

/** The API server dies so often, while Tenants are made, changed and deleted. */
export async function outages(options: OutageOptions): Promise<Finding[]> {
  const plane = await startPlane();
  process.env["LEANVIBE_TEST_KUBECONFIG"] = plane.kubeconfig;
  const transport = await connectTo(plane.kubeconfig);
  try {
    await install(transport);
    return await suffered(plane, apiOf(transport), options);
  } finally {
    await transport.close();
    await plane.stop();
  }
}

async function suffered(
  plane: Plane,
  api: Api,
  { count, seed = 1, say = inSilence }: OutageOptions,
): Promise<Finding[]> {
  const operator = await Operator.start(api.transport, { env: PACE });
  const keeper = new Keeper(operator);
  const changes = new Changes(api, { tenants: TENANT_COUNT, seed });
  const [down, back, asked]: [number[], number[], number[]] = [[], [], []];
  try {
    const load = new AbortController();
    const working = work(changes, load.signal);
    // Awaited at the end; until then a fault of it is nobody's surprise.
    working.catch(() => undefined);
    for (let index = 0; index < count; index += 1) {
      await sleep(500 + Math.random() * 2_000);
      const before = statSync(operator.log).size;
      const away = await plane.outage();
      const seconds = await backAfter(api, `probe-${index}`);
      const patience = ASKED.test(readFileSync(operator.log).subarray(before).toString("utf8"));
      down.push(away);
      (patience ? asked : back).push(seconds);
      const why = patience ? `, having been asked to wait ${ASKED_SECONDS} s` : "";
      say(`outage ${index + 1} of ${count}: away ${away.toFixed(1)} s, back after ${seconds.toFixed(1)} s${why}`);
    }
    load.abort();
    await working;
    const since = performance.now();
    const wrong = await changes.wrong(CONVERGED_SECONDS);
    const seconds = ((performance.now() - since) / 1000).toFixed(0);
    const left = await leftAfterAll(api);
    const complaints = complaintsIn(readFileSync(operator.log, "utf8")).filter((line) => !LOST.test(line));
    return [
      {
        what: `outages, of ${Math.max(...down).toFixed(1)} s at most; changes acknowledged meanwhile, and without an answer`,
        value: `${count}; ${changes.acknowledged}, ${changes.unanswered}`,
        bar: "-",
        holds: true,
      },
      {
        what: `Tenants that are not as was acknowledged last, or not Ready, ${seconds} s after the last outage`,
        value: list(wrong),
        bar: "0",
        holds: wrong.length === 0,
      },
      {
        what: `seconds from the API server's return to the operator's next write, median and slowest of ${back.length}`,
        value: figures(back),
        bar: `<= ${BACK_SECONDS}`,
        holds: Math.max(0, ...back) <= BACK_SECONDS,
        timed: true,
      },
      {
        what: `the same where the API server asked for ${ASKED_SECONDS} s of patience meanwhile, of ${asked.length}`,
        value: figures(asked),
        bar: `<= ${BACK_SECONDS + ASKED_SECONDS}`,
        holds: Math.max(0, ...asked) <= BACK_SECONDS + ASKED_SECONDS,
        timed: true,
      },
      { what: "left after all Tenants were deleted", value: list(left), bar: "0", holds: left.length === 0 },
      { what: "ends of the operator that lost its Lease, rightly", value: String(keeper.lost), bar: "-", holds: true },
      { what: "other ends", value: list(keeper.unplanned), bar: "0", holds: keeper.unplanned.length === 0 },
      { what: "errors in its log", value: list(complaints), bar: "0", holds: complaints.length === 0 },
    ];
  } finally {
    keeper.done();
    await operator.stop();
  }
}

const LOST = /"no longer leading; ending/;

/** Starts an operator again that ended because it could not renew its Lease, and counts how often. */
class Keeper {
  lost = 0;
  readonly unplanned: string[] = [];
  readonly #operator: Operator;
  #done = false;

  constructor(operator: Operator) {
    this.#operator = operator;
    this.#watch();
  }

  done(): void {
    this.#done = true;
  }

  #watch(): void {
    void this.#operator.ended.then(async (code) => {
      if (this.#done) return;
      const last = readFileSync(this.#operator.log, "utf8").trimEnd().split("\n").slice(-3).join("\n");
      if (code === 1 && LOST.test(last)) this.lost += 1;
      else this.unplanned.push(`ended with ${code ?? "a signal"}: ${last}`);
      await this.#restart();
    });
  }

  async #restart(): Promise<void> {
    // It is not ready while the API server is away, and is then tried again.
    for (let tries = 0; tries < 5 && !this.#done; tries += 1) {
      const started = await this.#operator.restart().then(
        () => true,
        () => false,
      );
      if (started) return this.#watch();
    }
    if (!this.#done) this.unplanned.push("it could not be started again");
  }
}

/** Changes until it is told to stop; what has no answer is asked for afterwards. */
async function work(changes: Changes, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await changes.next();
    await sleep(CHANGE_MILLISECONDS);
  }
  await changes.settle();
}

/** Seconds until the operator has begun with a Tenant that is made now. */
async function backAfter(api: Api, name: string): Promise<number> {
  const since = performance.now();
  const spec = { deletionPolicy: "Delete" };
  await api.create(TENANTS, tenantManifest(name, spec));
  const begun = await within(60, async () => (await api.find(KINDS.Namespace, `tenant-${name}`)) !== undefined, 50);
  const seconds = (performance.now() - since) / 1000;
  await api.remove(TENANTS, { name });
  return begun ? seconds : Number.POSITIVE_INFINITY;
}

function figures(seconds: readonly number[]): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `${at(0.5)}, ${at(1)}`;
}
