import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, KINDS } from "@leanvibe/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  clear,
  conditionOf,
  connectAs,
  eventually,
  kubeconfigPath,
  Operator,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";

const FIGHT_SECONDS = 25;

let api: Api;
let proxy: RecordingProxy;
let operator: Operator;

beforeAll(async () => {
  api = apiOf(await connectAs());
  proxy = await recordingProxy(kubeconfigPath());
  operator = await Operator.start(api.transport, { server: proxy.url });
});

afterAll(async () => {
  await clear(api);
  await operator.stop();
  await proxy.close();
});

/** Seconds at which the operator put the LimitRange of this namespace back; taking over its fields comes once besides. */
function reverts(namespace: string): number[] {
  return proxy
    .writes()
    .filter(({ method, path }) => method === "PATCH" && path.endsWith(`/${namespace}/limitranges/leanvibe`))
    .filter(({ body }) => !body.startsWith("["))
    .map(({ at }) => at / 1000);
}

/** Somebody who insists: changes it again as fast as the API server answers. Returns how often. */
async function insist(namespace: string, end: number): Promise<number> {
  let edits = 0;
  while (performance.now() < end) {
    const labels = { "app.kubernetes.io/managed-by": "somebody-else" };
    const edited = api.patch(KINDS.LimitRange, { name: "leanvibe", namespace }, { metadata: { labels } });
    await edited.catch((error: unknown) => {
      if (!isApiError(error, 409)) throw error;
    });
    edits += 1;
    await sleep(20);
  }
  return edits;
}

const managedBy = async (namespace: string) =>
  (await api.get(KINDS.LimitRange, "leanvibe", namespace)).metadata.labels?.["app.kubernetes.io/managed-by"];

describe("a LimitRange that somebody else rewrites without pause", () => {
  it("is put back three times, then once in ten seconds, said so, and healed when the fight ends", {
    timeout: 180_000,
  }, async () => {
    const name = uniqueName("fight");
    const namespace = `tenant-${name}`;
    await api.create(TENANTS, tenantManifest(name));
    await untilCondition(api, name, ["Ready", "True"]);
    const fighting = insist(namespace, performance.now() + FIGHT_SECONDS * 1000);

    const tenant = await untilCondition(api, name, ["Contested", "True"]);
    expect(conditionOf(tenant, "Contested")?.message).toContain(`LimitRange ${namespace}/leanvibe`);
    expect(conditionOf(tenant, "Ready")?.status).toBe("True");
    const [policy] = await api.list(KINDS.NetworkPolicy, `leanvibe.io/tenant=${name}`);
    const at = { name: policy?.metadata.name ?? "", namespace };
    await api.remove(KINDS.NetworkPolicy, at);
    await eventually("all else is healed meanwhile", () => api.find(KINDS.NetworkPolicy, at.name, namespace), 5);

    const edits = await fighting;
    const times = reverts(namespace);
    const gaps = times.slice(1).map((time, nth) => time - (times[nth] ?? 0));
    const written = proxy.writes().filter(({ path }) => path.includes("/tenants/")).length;
    process.stdout.write(
      `contested: ${edits} edits in ${FIGHT_SECONDS} s, put back ${times.length} times, gaps ${gaps.map((gap) => gap.toFixed(1)).join(", ")} s; ${written} writes of the Tenant\n`,
    );
    expect(edits).toBeGreaterThan(100);
    expect(times.length).toBeGreaterThanOrEqual(4);
    for (const gap of gaps.slice(2)) expect(gap).toBeGreaterThanOrEqual(9.9);

    await eventually("it is healed", async () => (await managedBy(namespace)) === "leanvibe", 12);
    await eventually(
      "the condition goes",
      async () => conditionOf(await api.get(TENANTS, name), "Contested") === undefined,
      75,
    );
    const events = (await api.list(KINDS.Event, "")).filter(
      (event) => event["reason"] === "ChangedByAnother" && JSON.stringify(event).includes(name),
    );
    expect(events.map(({ count, type }) => ({ count, type }))).toEqual([{ count: 1, type: "Warning" }]);
  });
});
