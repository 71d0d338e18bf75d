import { setTimeout as sleep } from "node:timers/promises";
import { type Controller, controller, KINDS, type KubeObject, type Outcome, objectPath } from "@leanvibe/runtime";
import type { ControllerEnvironment } from "../controllers.ts";
import { probeNetwork } from "./experiment.ts";
import { type Result, resultIn, resultInformer, resultManifest } from "./result.ts";
import { nextProbeSeconds, standing } from "./verdict.ts";

const KEY = "network";

/**
 * Probes the cluster's network at its start, daily, and when somebody deletes the result to have it probed anew. It runs
 * where controllers run, so only one operator of a cluster probes.
 */
export function networkProbe(environment: ControllerEnvironment): Controller {
  const { informers, applier, log, metrics, now, networkProbeImage: image } = environment;
  // Before the first Tenant is decided about the result must be in the cache, also where none is probed for.
  const informer = resultInformer(informers);
  if (image === "") return { start: async () => undefined, stop: async () => undefined };
  const stopping = new AbortController();
  let inconclusiveInARow = 0;

  async function probe(): Promise<Outcome> {
    const begun = performance.now();
    const found = await probeNetwork({
      transport: applier.transport,
      image,
      now,
      sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: stopping.signal }),
    });
    inconclusiveInARow = found.verdict === "Inconclusive" ? inconclusiveInARow + 1 : 0;
    const before = resultIn(informer);
    const result = standing(before, { ...found, time: now() });
    const milliseconds = Math.round(performance.now() - begun);
    log.info({ found: found.verdict, holds: result.verdict, milliseconds }, found.message);
    if (result !== before) await write(environment, result, before);
    return { requeueAfterMilliseconds: nextProbeSeconds(found.verdict, inconclusiveInARow) * 1000 };
  }

  const loop = controller({
    name: "network-probe",
    sources: [{ informer, keysOf: ({ after }) => (after === undefined ? [KEY] : []) }],
    keys: [KEY],
    // One that was stopped has removed what it made; the next operator begins anew.
    reconcile: () =>
      probe().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
        return {};
      }),
    log,
    metrics: metrics.controller("network-probe"),
  });
  const stop = async () => {
    stopping.abort();
    await loop.stop();
  };
  // Its pods and its policy go with it.
  return { start: loop.start, tidy: stop, stop };
}

/** The ConfigMap, and an Event where the verdict is news. The time alone is written once a day and tells nobody. */
async function write({ applier, record }: ControllerEnvironment, result: Result, before?: Result): Promise<void> {
  const manifest = resultManifest(result);
  const answer = await applier.transport.send({
    method: "PATCH",
    path: objectPath(KINDS.ConfigMap, manifest.metadata),
    query: { fieldManager: applier.fieldManager, force: true },
    contentType: "application/apply-patch+yaml",
    body: manifest,
  });
  if (result.verdict === before?.verdict) return;
  const type = result.verdict === "Enforced" ? "Normal" : "Warning";
  record(answer as KubeObject, { type, reason: `Network${result.verdict}`, message: result.message });
}
