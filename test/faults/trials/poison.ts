import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics, Informers, KINDS, type Kind, type KubeObject, objectPath, recordOf } from "@leanvibe/runtime";
import { API_VERSION, GROUP, TENANT } from "@leanvibe/schema";
import { pino } from "pino";
import { type Api, conditionOf, connectAs, eventually, TENANTS, tenantManifest } from "../../harness/cluster.ts";
import { within } from "../workloads.ts";
import { type Poison, poisonObjects } from "./poison-objects.ts";
import { complaintsIn, each, type Finding, inSilence, OWNERS, openStage, type Say } from "./trial.ts";

const CRDS: Kind = KINDS.CustomResourceDefinition;
const CRD = { name: `${TENANT.plural}.${GROUP}` };

/** In its place a definition that takes anything. Gives what puts the real one back. */
export async function loosen(api: Api): Promise<() => Promise<void>> {
  const real = await api.get(CRDS, CRD.name);
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const versions = [recordOf(real["spec"])["versions"]].flat().map((version) => {
    const { additionalPrinterColumns: _, ...rest } = recordOf(version);
    return { ...rest, schema: { openAPIV3Schema: anything } };
  });
  await replace(api, { ...real, spec: { ...recordOf(real["spec"]), versions } });
  await eventually("anything is taken", async () => {
    const probe = { apiVersion: API_VERSION, kind: TENANT.kind, metadata: { name: "poison-probe" }, spec: 1 };
    const made = await api.create(TENANTS, probe).catch(() => undefined);
    if (made !== undefined) await api.remove(TENANTS, probe.metadata);
    return made !== undefined;
  });
  return () => replace(api, real);
}

async function replace(api: Api, definition: KubeObject): Promise<void> {
  const live = await api.get(CRDS, CRD.name);
  const { resourceVersion } = live.metadata;
  const body = { ...definition, metadata: { ...definition.metadata, resourceVersion } };
  await api.transport.send({ method: "PUT", path: objectPath(CRDS, CRD), body });
}

/** Seconds from when a Tenant was made until it was Ready, as a watch brings it. */
class Clock {
  readonly #ready = new Map<string, number>();
  readonly latest = new Map<string, KubeObject>();
  #stop: () => Promise<void> = async () => undefined;

  static async begin(): Promise<Clock> {
    const clock = new Clock();
    const transport = await connectAs();
    const informers = new Informers({ transport, log: pino({ level: "error" }), metrics: createMetrics().watch });
    informers.of(TENANTS).subscribe(({ after }) => {
      if (after === undefined) return;
      const { name } = after.metadata;
      clock.latest.set(name, after);
      if (!clock.#ready.has(name) && isReady(after)) clock.#ready.set(name, performance.now());
    });
    await informers.start();
    clock.#stop = async () => {
      await informers.stop();
      await transport.close();
    };
    return clock;
  }

  /** Makes healthy Tenants, one after the other at this pace. */
  async healthy(
    api: Api,
    { prefix, count, everyMilliseconds }: { prefix: string; count: number; everyMilliseconds: number },
  ): Promise<number[]> {
    const made = new Map<string, number>();
    for (let index = 0; index < count; index += 1) {
      const name = `${prefix}-${index}`;
      made.set(name, performance.now());
      await api.create(TENANTS, tenantManifest(name, { owners: OWNERS }));
      await sleep(everyMilliseconds);
    }
    await within(60, async () => [...made.keys()].every((name) => this.#ready.has(name)));
    return [...made].map(([name, since]) => ((this.#ready.get(name) ?? Number.POSITIVE_INFINITY) - since) / 1000);
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

function isReady(tenant: KubeObject): boolean {
  return conditionOf(tenant, "Ready")?.status === "True";
}

export type PoisonOptions = { count: number; seed?: number; everyMilliseconds?: number; say?: Say };

/** So many poison objects come with each healthy one, evenly: a burst of anything keeps a server busy. */
const POISON_FOR_ONE = 40;
const HEALTHY_AT_LEAST = 8;

/** Objects that no schema has looked at, and healthy ones among them. */
export async function poison(options: PoisonOptions): Promise<Finding[]> {
  const { count, seed = 1, everyMilliseconds = 500, say = inSilence } = options;
  const healthy = Math.max(HEALTHY_AT_LEAST, Math.ceil(count / POISON_FOR_ONE));
  const objects = poisonObjects(count, seed);
  const stage = await openStage();
  const { api, operator } = stage;
  const restore = await loosen(api);
  const clock = await Clock.begin();
  let exits = 0;
  void operator.ended.then(() => {
    exits += 1;
  });
  try {
    const few = { count: Math.min(healthy, 30), everyMilliseconds };
    const alone = await clock.healthy(api, { prefix: "alone", ...few });
    say(`${few.count} healthy Tenants were made alone`);
    const making = paced(objects, healthy * everyMilliseconds, (one) => make(api, one));
    const among = await clock.healthy(api, { prefix: "among", count: healthy, everyMilliseconds });
    await making;
    say(`${count} poison objects and ${healthy} healthy Tenants are there`);
    const told = await within(300, async () => objects.every(({ name }) => isTold(clock.latest.get(name))), 1_000);
    say("every one has said something of itself, or had five minutes to");
    const beside = await clock.healthy(api, { prefix: "beside", ...few });
    return [
      ...judged(objects, clock.latest, told),
      ...delays({ alone, among, beside }),
      { what: "exits of the operator", value: String(exits), bar: "0", holds: exits === 0 },
      complaints(readFileSync(operator.log, "utf8")),
    ];
  } finally {
    await clock.stop();
    await clear(api);
    await restore();
    await stage.close();
  }
}

/** Does it for each, spread evenly over this time. */
async function paced<T>(items: readonly T[], milliseconds: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const since = performance.now();
  const works: Promise<unknown>[] = [];
  for (const [index, item] of items.entries()) {
    const wait = since + (index / items.length) * milliseconds - performance.now();
    if (wait > 0) await sleep(wait);
    works.push(work(item));
  }
  await Promise.all(works);
}

async function make(api: Api, { name, spec }: Poison): Promise<void> {
  await api.create(TENANTS, { apiVersion: API_VERSION, kind: TENANT.kind, metadata: { name }, spec });
}

/** Does its status say of this generation whether it is Ready? */
function isTold(tenant: KubeObject | undefined): boolean {
  return ["True", "False"].includes(conditionOf(tenant, "Ready")?.status ?? "");
}

function judged(objects: readonly Poison[], latest: ReadonlyMap<string, KubeObject>, told: boolean): Finding[] {
  const readyOf = ({ name }: Poison) => conditionOf(latest.get(name), "Ready");
  const refused = objects.filter((one) => readyOf(one)?.status === "False");
  const harmless = objects.filter((one) => readyOf(one)?.status === "True");
  const silent = objects.filter((one) => !isTold(latest.get(one.name)));
  const nameless = refused.filter((one) => {
    const { message = "" } = readyOf(one) ?? {};
    return !one.spoilt.some((field) => message.includes(field)) && !message.includes("spec");
  });
  const shown = (some: readonly Poison[]) =>
    some
      .slice(0, 5)
      .map(
        (one) => `${one.name} ${JSON.stringify(one.spec)?.slice(0, 120)} says ${readyOf(one)?.message ?? "nothing"}`,
      );
  const list = (some: readonly Poison[]) => (some.length === 0 ? "0" : `${some.length}: ${shown(some).join("; ")}`);
  return [
    {
      what: `poison objects that end in a False Ready, of ${objects.length}; the other ${harmless.length} were sound and are Ready`,
      value: String(refused.length),
      bar: String(objects.length - harmless.length),
      holds: told && refused.length + harmless.length === objects.length,
    },
    { what: "that say nothing of themselves", value: list(silent), bar: "0", holds: silent.length === 0 },
    { what: "whose message names no field", value: list(nameless), bar: "0", holds: nameless.length === 0 },
  ];
}

/** Delays that nobody would notice: of the usual one, and of the slowest. */
const UNNOTICED_SECONDS = { median: 0.1, slowest: 1 };

function delays({ alone, among, beside }: Record<"alone" | "among" | "beside", number[]>): Finding[] {
  const of = (seconds: readonly number[]) => ({ median: at(seconds, 0.5), slowest: at(seconds, 1) });
  const text = ({ median, slowest }: ReturnType<typeof of>) => `${median.toFixed(2)} s, ${slowest.toFixed(2)} s`;
  const usual = of(alone);
  const limit = {
    median: usual.median * 1.5 + UNNOTICED_SECONDS.median,
    slowest: usual.slowest + UNNOTICED_SECONDS.slowest,
  };
  const finding = (what: string, seconds: readonly number[]): Finding => {
    const { median, slowest } = of(seconds);
    const holds = median <= limit.median && slowest <= limit.slowest;
    return {
      what: `${what}, median and slowest of ${seconds.length}`,
      value: text(of(seconds)),
      bar: `<= ${text(limit)}`,
      holds,
      timed: true,
    };
  };
  return [
    finding("healthy Tenants Ready without poison", alone),
    finding("made among poison", among),
    finding("made when all poison is there", beside),
  ];
}

function at(seconds: readonly number[], share: number): number {
  const sorted = seconds.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function complaints(log: string): Finding {
  const found = complaintsIn(log);
  const value = found.length === 0 ? "0" : `${found.length}: ${found.slice(0, 3).join(" ").slice(0, 600)}`;
  return { what: "unhandled rejections and errors in its log", value, bar: "0", holds: found.length === 0 };
}

async function clear(api: Api): Promise<void> {
  const all = await api.list(TENANTS, "");
  await each(all, ({ metadata }) => api.remove(TENANTS, metadata));
  await within(120, async () => (await api.list(TENANTS, "")).length === 0, 500);
}
