import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operator } from "../../harness/cluster.ts";
import type { Answer, Interception, Recorded } from "../../harness/recording-proxy.ts";
import { Numbers, writeAddress } from "../address.ts";
import { refusal, struck } from "../storm.ts";
import { within } from "../workloads.ts";
import { Changes } from "./changes.ts";
import { complaintsIn, type Finding, inSilence, leftAfterAll, list, openStage, type Say, told } from "./trial.ts";

const PERCENT = 20;
const TENANT_COUNT = 24;
const CHANGE_MILLISECONDS = 250;
const TOLD_EVERY = 100;
const CONVERGED_SECONDS = 60;
/** What the way to us may take off a wait. */
const EARLY_MILLISECONDS = 50;

/** A fifth of all answers is an error, half of them after the request took effect; and who is told to wait must. */
class Storm implements Interception {
  readonly counts = new Map<string, number>();
  readonly hurried: string[] = [];
  waited = 0;
  over = false;
  readonly #seed: number;
  readonly #numbers = new Numbers();
  /** By request: until when the server asked not to be asked again. */
  readonly #notBefore = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  get errors(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  request = async (request: Recorded, pass: () => Promise<Answer>): Promise<Answer> => {
    if (this.over || request.path.includes("/leases")) return pass();
    const address = request.method === "GET" ? `GET ${request.path}` : writeAddress(request, "\u0000");
    this.#judge(address);
    const fault = struck(`${this.#seed} ${this.#numbers.next(address)}`, PERCENT, address);
    if (fault === undefined || fault.action.do !== "answer") return pass();
    if (fault.when === "after") await pass();
    const { status, retryAfterSeconds } = fault.action;
    const name = `${status} ${fault.when}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    // The definition is asked for by Tenant after Tenant; all else is one Tenant's, and waits with it.
    if (retryAfterSeconds !== undefined && !address.includes("customresourcedefinitions"))
      this.#notBefore.set(address, performance.now() + retryAfterSeconds * 1000);
    return refusal(status, retryAfterSeconds);
  };

  #judge(address: string): void {
    const early = (this.#notBefore.get(address) ?? 0) - performance.now();
    if (!this.#notBefore.delete(address)) return;
    if (early > EARLY_MILLISECONDS) this.hurried.push(`${address} ${Math.round(early)} ms too early`);
    else this.waited += 1;
  }
}

export type StormOptions = { seconds: number; seed?: number; say?: Say };

/** Errors for minutes while Tenants are changed all the time; then everything is as it was last asked for. */
export async function storm({ seconds, seed = 1, say = inSilence }: StormOptions): Promise<Finding[]> {
  const weather = new Storm(seed);
  const stage = await openStage(weather);
  const { api, operator, proxy } = stage;
  try {
    const changes = new Changes(api, { tenants: TENANT_COUNT, seed });
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await changes.next();
      await sleep(CHANGE_MILLISECONDS);
      if (changes.acknowledged % TOLD_EVERY === 0) say(`${changes.acknowledged} changes, ${weather.errors} errors`);
    }
    say(`the storm is over after ${changes.acknowledged} changes and ${weather.errors} errors`);
    weather.over = true;
    const ended = performance.now();
    const wrong = await changes.wrong(CONVERGED_SECONDS);
    const converged = (performance.now() - ended) / 1000;
    await within(60, async () => performance.now() - (proxy.writes().at(-1)?.at ?? 0) > 3_000);
    const exited = !operator.isRunning();
    const complaints = complaintsIn(readFileSync(operator.log, "utf8"));
    const renewed = await fixedPoint(operator, proxy);
    const left = await leftAfterAll(api);
    const kinds = [...weather.counts].toSorted().map(([name, count]) => `${count} x ${name}`);
    return [
      {
        what: `changes of ${TENANT_COUNT} Tenants in ${seconds} s, and errors meanwhile`,
        value: `${changes.acknowledged}, ${weather.errors} (${kinds.join(", ")})`,
        bar: "-",
        holds: true,
      },
      {
        what: "seconds until everything was as last asked for",
        value: wrong.length === 0 ? converged.toFixed(1) : list(wrong),
        bar: `<= ${CONVERGED_SECONDS}`,
        holds: wrong.length === 0,
      },
      {
        what: `requests sent again sooner than Retry-After allows, of ${weather.waited + weather.hurried.length}`,
        value: list(weather.hurried),
        bar: "0",
        holds: weather.hurried.length === 0,
      },
      {
        what: "children that a fresh operator finds to be otherwise",
        value: list(renewed),
        bar: "0",
        holds: renewed.length === 0,
      },
      { what: "left after all Tenants were deleted", value: list(left), bar: "0", holds: left.length === 0 },
      { what: "exits of the operator", value: exited ? "1" : "0", bar: "0", holds: !exited },
      { what: "errors in its log", value: list(complaints), bar: "0", holds: complaints.length === 0 },
    ];
  } finally {
    weather.over = true;
    await stage.close();
  }
}

/** A process that knows of nothing before looks at all of it, and what it writes was not as it should be. Room is lent anew. */
async function fixedPoint(operator: Operator, proxy: { writes(): Recorded[] }): Promise<string[]> {
  const before = proxy.writes().length;
  await operator.stop();
  await operator.restart();
  await sleep(20_000);
  const children = proxy
    .writes()
    .slice(before)
    .filter(({ path }) => !/\/(events|resourcequotas|tenants)\b/.test(path));
  return children.map(told);
}
