import type { Applier } from "./apply.ts";
import type { EventDraft } from "./conditions.ts";
import type { EventRecorder } from "./events.ts";
import type { Informer } from "./informers.ts";
import { sameJson } from "./json.ts";
import { type KubeObject, keyOf, objectPath } from "./kubernetes.ts";
import type { Outcome } from "./queue.ts";

/** What there is to say about an object. */
export type Said = {
  status: Record<string, unknown>;
  events: EventDraft[];
  settled: boolean;
  patienceMilliseconds?: number | undefined;
};

const INTERIM_STATUS_MILLISECONDS = 500;

/** Writes our status fields when they differ, the interim ones only when the final ones do not come soon. */
export class StatusWriter {
  readonly #informer: Informer;
  readonly #by: { applier: Applier; record: EventRecorder };
  readonly #pendingSince = new Map<string, number>();

  constructor(informer: Informer, by: { applier: Applier; record: EventRecorder }) {
    this.#informer = informer;
    this.#by = by;
  }

  /**
   * What there is to say was decided about `object` in this very version. Of an older one nothing is said, whatever
   * somebody else wrote since and whoever leads by now.
   * @returns when to come again; undefined when the cache holds another version by now, and all is to be decided anew.
   * @throws ApiError 409 when only the API server does.
   */
  async write(object: KubeObject, said: Said): Promise<Outcome | undefined> {
    const { status, events, settled, patienceMilliseconds = INTERIM_STATUS_MILLISECONDS } = said;
    const key = keyOf(object.metadata);
    const current = this.#informer.cache.get(key);
    // Deleted, and perhaps made anew, while we worked: what we have to say is about nobody.
    if (current === undefined || current.metadata.uid !== object.metadata.uid) {
      this.#pendingSince.delete(key);
      return {};
    }
    if (current.metadata.resourceVersion !== object.metadata.resourceVersion) return undefined;
    if (sameStatus(status, current["status"])) {
      this.#pendingSince.delete(key);
      return {};
    }
    const since = this.#pendingSince.get(key) ?? performance.now();
    this.#pendingSince.set(key, since);
    const wait = patienceMilliseconds - (performance.now() - since);
    if (!settled && wait > 0) return { requeueAfterMilliseconds: wait };
    this.#informer.cache.wrote(await this.#send(object, status));
    this.#pendingSince.delete(key);
    for (const event of events) this.#by.record(object, event);
    return {};
  }

  /** The object of this key is gone. */
  forget(key: string): void {
    this.#pendingSince.delete(key);
  }

  async #send(object: KubeObject, status: Record<string, unknown>): Promise<KubeObject> {
    const { applier } = this.#by;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const answer = await applier.transport.send({
      method: "PATCH",
      path: `${objectPath(this.#informer.kind, object.metadata)}/status`,
      query: { fieldManager: applier.fieldManager, force: true },
      contentType: "application/apply-patch+yaml",
      // With its uid the apply can only reach this object, never make one anew that is gone.
      body: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { name, namespace, uid, resourceVersion },
        status,
      },
    });
    return answer as KubeObject;
  }
}

/** A field that no longer holds must be said as undefined: what is not mentioned is taken for another writer's. */
function sameStatus(ours: Record<string, unknown>, live: unknown): boolean {
  const fields = new Map<string, unknown>(typeof live === "object" && live !== null ? Object.entries(live) : []);
  return Object.entries(ours).every(([name, value]) => sameJson(value, fields.get(name)));
}
