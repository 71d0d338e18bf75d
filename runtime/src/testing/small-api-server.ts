import type { ServerResponse } from "node:http";
import { type Kind, type KubeObject, recordOf } from "../kubernetes.ts";
import type { Transport, TransportOptions } from "../transport.ts";
import { json, refuse, type Seen, serve } from "./faulty-server.ts";

type Store = {
  kind: Kind;
  objects: Map<string, KubeObject>;
  /** With the version from which each watches. */
  watchers: Map<ServerResponse, number>;
  /** Events that were sent, for watches that open later from an earlier version. */
  history: { version: number; line: string }[];
};

/**
 * For tests: as much of an API server as a controller can tell from the real one. Versions, uids and their
 * preconditions, finalizers, a status apart, watches; and server-side apply with its trap, that fields which came by
 * POST stay until their owner is renamed.
 */
export class SmallApiServer {
  readonly #stores: Map<string, Store>;
  #version = 100;
  #uid = 0;
  #held: (() => void)[] | undefined;
  /** Every request that changes something, in order. */
  readonly writes: Seen[] = [];
  /** May answer instead of the server: true when it did. */
  fault: (request: Seen, response: ServerResponse) => boolean = () => false;
  /** Called when a write has taken effect, before its answer. */
  afterWrite: (request: Seen) => void = () => undefined;

  constructor(kinds: readonly Kind[]) {
    this.#stores = new Map(
      kinds.map((kind) => [kind.plural, { kind, objects: new Map(), watchers: new Map(), history: [] }]),
    );
  }

  async start(options: TransportOptions = {}): Promise<Transport> {
    const { transport } = await serve((request, response) => {
      if (request.method !== "GET") this.writes.push(request);
      if (!this.fault(request, response)) this.#answer(request, response);
    }, options);
    return transport;
  }

  get(kind: Kind, name: string): KubeObject | undefined {
    return this.#stores.get(kind.plural)?.objects.get(name);
  }

  /** Writes as somebody else would. */
  put(kind: Kind, name: string, object: Record<string, unknown>, metadata: Partial<KubeObject["metadata"]> = {}): void {
    const store = this.#storeOf(kind.plural);
    const known = store.objects.get(name)?.metadata ?? { uid: this.#newUid(), generation: 1 };
    const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
    this.#save(store, {
      ...object,
      apiVersion,
      kind: kind.kind,
      metadata: { ...known, ...metadata, name, ...(kind.namespaced ? { namespace: "default" } : {}) },
    });
  }

  /** Deletes as somebody else would: at once, or by its finalizers. */
  delete(kind: Kind, name: string): void {
    const store = this.#storeOf(kind.plural);
    const object = store.objects.get(name);
    if (object !== undefined) this.#delete(store, object);
  }

  /** Events wait until `release`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  #storeOf(plural: string): Store {
    const store = this.#stores.get(plural);
    if (store === undefined) throw new Error(`the small API server has no ${plural}`);
    return store;
  }

  #newUid(): string {
    this.#uid += 1;
    return `uid-${this.#uid}`;
  }

  #answer(request: Seen, response: ServerResponse): true {
    const [, plural = "", name, subresource] =
      /^\/apis?\/(?:[^/]+\/)?v1\w*(?:\/namespaces\/[^/]+)?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(request.path) ??
      [];
    const store = this.#storeOf(plural);
    if (request.query.has("watch")) {
      response.writeHead(200).flushHeaders();
      const from = Number(request.query.get("resourceVersion"));
      for (const { version, line } of store.history) if (version > from) response.write(line);
      store.watchers.set(response, from);
      return true;
    }
    if (request.method === "POST") return this.#create(store, request, response);
    if (name === undefined) {
      return json(response, 200, {
        metadata: { resourceVersion: String(this.#version) },
        items: [...store.objects.values()],
      });
    }
    const object = store.objects.get(name);
    if (object === undefined) return refuse(response, 404, "NotFound");
    if (request.method === "GET") return json(response, 200, object);
    if (request.method === "DELETE") return this.#deleteAsked(store, object, request, response);
    return this.#patch(store, object, { ...request, path: subresource ?? "" }, response);
  }

  #create(store: Store, request: Seen, response: ServerResponse): true {
    const body = request.body as KubeObject;
    if (store.objects.has(body.metadata.name)) return refuse(response, 409, "AlreadyExists");
    const managedFields = [{ manager: request.query.get("fieldManager"), operation: "Update" }];
    const given = { uid: this.#newUid(), creationTimestamp: new Date().toISOString(), generation: 1, managedFields };
    const metadata = { ...body.metadata, namespace: "default", ...given };
    const created = this.#save(store, { ...body, metadata });
    this.afterWrite(request);
    return json(response, 201, created);
  }

  #deleteAsked(store: Store, object: KubeObject, request: Seen, response: ServerResponse): true {
    const asked = (request.body["preconditions"] as { uid?: string } | undefined)?.uid;
    if (asked !== object.metadata.uid) return refuse(response, 409, "Conflict");
    const left = this.#delete(store, object);
    this.afterWrite(request);
    return json(response, 200, left ?? { kind: "Status", status: "Success" });
  }

  /** `request.path` is the subresource. */
  #patch(store: Store, object: KubeObject, request: Seen, response: ServerResponse): true {
    const type = request.headers["content-type"];
    if (type === "application/json-patch+json") {
      const [{ value }] = request.body as unknown as [{ value: unknown[] }];
      return json(
        response,
        200,
        this.#save(store, { ...object, metadata: { ...object.metadata, managedFields: value } }),
      );
    }
    const { metadata, ...rest } = request.body as KubeObject;
    const wrongUid = metadata?.uid !== undefined && metadata.uid !== object.metadata.uid;
    const stale =
      metadata?.resourceVersion !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion;
    if (wrongUid || stale) return refuse(response, 409, "Conflict");
    if (request.path === "status") {
      const status = { ...(object["status"] ?? {}), ...(rest["status"] ?? {}) };
      return json(response, 200, this.#save(store, { ...object, status }));
    }
    const merged = { ...object.metadata, ...metadata };
    const pruned = type === "application/apply-patch+yaml" && !isCreatedByPost(object) ? {} : object;
    const saved = this.#save(store, {
      ...pruned,
      ...(type === "application/merge-patch+json" ? mergedInto(object, rest) : rest),
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: merged,
    });
    if (merged.deletionTimestamp !== undefined && merged.finalizers?.length === 0) this.#remove(store, saved);
    this.afterWrite(request);
    return json(response, 200, saved);
  }

  #delete(store: Store, object: KubeObject): KubeObject | undefined {
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#remove(store, object);
      return undefined;
    }
    return this.#save(store, {
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: "2026-11-23T00:00:00Z" },
    });
  }

  #remove(store: Store, object: KubeObject): void {
    store.objects.delete(object.metadata.name);
    this.#version += 1;
    this.#tell(store, "DELETED", {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    });
  }

  #save(store: Store, object: KubeObject): KubeObject {
    const before = store.objects.get(object.metadata.name);
    // A write that changes nothing makes no version and no event.
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(object)) return before;
    this.#version += 1;
    const saved = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    store.objects.set(object.metadata.name, saved);
    this.#tell(store, before === undefined ? "ADDED" : "MODIFIED", saved);
    return saved;
  }

  #tell(store: Store, type: string, object: KubeObject): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    const version = this.#version;
    const send = () => {
      store.history.push({ version, line });
      for (const [watcher, from] of store.watchers) if (version > from) watcher.write(line);
    };
    if (this.#held === undefined) send();
    else this.#held.push(send);
  }
}

/** A merge patch of fields one level deep, such as spec's. */
function mergedInto(object: KubeObject, patch: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(patch).map(([name, value]) => [name, { ...recordOf(object[name]), ...recordOf(value) }]),
  );
}

function isCreatedByPost(object: KubeObject): boolean {
  return (object.metadata.managedFields ?? []).some(
    (entry) => typeof entry === "object" && entry !== null && "operation" in entry && entry.operation === "Update",
  );
}
