import { expect, onTestFinished, vi } from "vitest";
import type { Change } from "../cache.ts";
import { byKey, byLabel, controller, unlessOwn } from "../controller.ts";
import { Informers } from "../informers.ts";
import { KINDS, type Kind, type KubeObject, labelOf, type Manifest } from "../kubernetes.ts";
import { createMetrics } from "../metrics.ts";
import { type Decision, type Definition, reconciler } from "../reconcile.ts";
import type { TransportOptions } from "../transport.ts";
import { eventually, silentLog } from "./faulty-server.ts";
import { SmallApiServer } from "./small-api-server.ts";

/** A kind for these tests: a Garden has a fence (LimitRange), and inside it its plots (ConfigMaps). */
export const GARDENS: Kind = { group: "test.io", version: "v1", kind: "Garden", plural: "gardens", namespaced: true };
export const FENCES = KINDS.LimitRange;
export const PLOTS = KINDS.ConfigMap;
export const FINALIZER = "test.io/garden";

export type Garden = { object: KubeObject; plots: string[] };

function parse(object: KubeObject): ReturnType<Definition<Garden, undefined>["parse"]> {
  const plots = object["plots"];
  if (!Array.isArray(plots)) return { ok: false, error: new Error("plots: must be a list") };
  return { ok: true, value: { object, plots: plots.map(String) } };
}

export function decide(
  { object, plots }: Garden,
  _related: undefined,
  children: readonly KubeObject[],
  _now: Date,
): Decision {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  const child = (kind: Kind, childName: string): Manifest => ({
    apiVersion: "v1",
    kind: kind.kind,
    metadata: { name: childName, namespace: namespace ?? "", labels: { owner: name, ownerUid: uid ?? "" } },
  });
  const wanted = [child(FENCES, `${name}-fence`), ...plots.map((plot) => child(PLOTS, `${name}-${plot}`))];
  const manifests = deletionTimestamp === undefined ? wanted : [];
  return {
    manifests,
    kept: [],
    status: { standing: children.length },
    settled: children.length === manifests.length,
    events: [],
    finished: children.length === 0,
  };
}

/** A loop over Gardens, not started yet, and the server it works against. */
export async function gardening(over: Partial<Definition<Garden, undefined>> = {}, options: TransportOptions = {}) {
  const server = new SmallApiServer([GARDENS, FENCES, PLOTS]);
  const transport = await server.start(options);
  const log = silentLog();
  const metrics = createMetrics();
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const indexes = {
    owner: (object: KubeObject) =>
      [labelOf(object, "owner") ?? []].flat().map((name) => `${object.metadata.namespace}/${name}`),
  };
  const gardens = informers.of(GARDENS);
  const fences = informers.of(FENCES, { indexes });
  const plots = informers.of(PLOTS, { indexes });
  const definition: Definition<Garden, undefined> = {
    informer: gardens,
    finalizer: FINALIZER,
    owner: { nameLabel: "owner", uidLabel: "ownerUid" },
    stages: [[fences], [plots]],
    parse,
    related: () => undefined,
    decide,
    refused: (_object, why) => ({ status: { refused: why }, events: [] }),
    ...over,
  };
  const applier = { transport, fieldManager: "test", sameValue: () => false };
  const record = vi.fn(async () => undefined);
  const reconcile = reconciler(definition, { applier, record, now: () => new Date(0) });
  const loop = controller({
    name: "garden",
    sources: [
      { informer: gardens, keysOf: unlessOwn(byKey, () => true) },
      ...[fences, plots].map((informer) => {
        const keysOf = (change: Change) => byLabel("owner")(change).map((name) => `default/${name}`);
        return { informer, keysOf: unlessOwn(keysOf, () => true) };
      }),
    ],
    reconcile,
    log,
    metrics: metrics.controller("garden"),
  });
  await informers.start();
  onTestFinished(async () => {
    await loop.stop();
    await informers.stop();
  });
  const status = (name: string) => server.get(GARDENS, name)?.["status"];
  /** What was written, in short: `POST lambda-fence`. */
  const written = () =>
    server.writes.map(
      ({ method, path, body }) =>
        `${method} ${(body as KubeObject).metadata?.name ?? path.split("/gardens/")[1] ?? path.split("/").at(-1)}`,
    );
  /** A Garden that the cache knows. */
  const plant = async (
    name: string,
    object: Record<string, unknown>,
    metadata: Partial<KubeObject["metadata"]> = {},
  ) => {
    server.put(GARDENS, name, object, metadata);
    const version = server.get(GARDENS, name)?.metadata.resourceVersion;
    await eventually(() => expect(gardens.cache.get(`default/${name}`)?.metadata.resourceVersion).toBe(version));
  };
  return { server, log, loop, reconcile, gardens, fences, plots, status, written, plant, metrics, record };
}
