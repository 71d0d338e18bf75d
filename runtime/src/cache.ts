import { isNewer, type KubeObject, keyOf } from "./kubernetes.ts";

/** A change of the cache: `before` is undefined for a new object, `after` for a deleted one. */
export type Change = { before: KubeObject | undefined; after: KubeObject | undefined };

/** Index name -> the values under which an object is found. */
export type Indexes = Record<string, (object: KubeObject) => string[]>;

/**
 * All objects of one kind, as the watch and our own writes have shown them. Never hand an object out to be changed.
 *
 * Our own writes are recorded at once, and an event that is older than what is held is dropped: so a reconcile that
 * follows a write never sees the state before it, and can never make a second child because the watch is late.
 */
export class Cache {
  readonly #objects = new Map<string, KubeObject>();
  readonly #indexes: ReadonlyMap<
    string,
    { valuesOf: (object: KubeObject) => string[]; keys: Map<string, Set<string>> }
  >;
  /** uids that we deleted ourselves and whose DELETED event is still on its way. */
  readonly #gone = new Set<string>();

  constructor(indexes: Indexes = {}) {
    this.#indexes = new Map(
      Object.entries(indexes).map(([name, valuesOf]) => [name, { valuesOf, keys: new Map<string, Set<string>>() }]),
    );
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  /** Objects that the index files under this value. @throws TypeError when the cache has no such index. */
  by(index: string, value: string): KubeObject[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new TypeError(`no index ${index} on this cache`);
    return [...(found.keys.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes in an object that the watch or an answer to a write brought. Undefined when it was old news. */
  put(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    const { uid, resourceVersion } = object.metadata;
    if (uid !== undefined && this.#gone.has(uid)) return undefined;
    if (before !== undefined && !isNewer(resourceVersion, before.metadata.resourceVersion)) return undefined;
    const after = stripped(object);
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, after);
    this.#index(key, after);
    return { before, after };
  }

  /** A DELETED event. Undefined when the name has since been taken by a newer object. */
  remove(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const { uid, resourceVersion } = object.metadata;
    if (uid !== undefined) this.#gone.delete(uid);
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    const other = uid !== undefined && before.metadata.uid !== uid;
    if (other && !isNewer(resourceVersion, before.metadata.resourceVersion)) return undefined;
    return this.#drop(key, before);
  }

  /** Our own DELETE was answered with success: the object is gone although its event has not come yet. */
  deleted(object: KubeObject): void {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (before === undefined || before.metadata.uid !== object.metadata.uid) return;
    if (object.metadata.uid !== undefined) this.#gone.add(object.metadata.uid);
    this.#drop(key, before);
  }

  /** A fresh list: everything absent from it is gone. Returns only what differs, so a relist costs no reconciles. */
  replace(objects: readonly KubeObject[]): Change[] {
    this.#gone.clear();
    const listed = new Set(objects.map((object) => keyOf(object.metadata)));
    const removed = [...this.#objects].flatMap(([key, before]) => (listed.has(key) ? [] : [this.#drop(key, before)]));
    return [...removed, ...objects.flatMap((object) => this.put(object) ?? [])];
  }

  #drop(key: string, before: KubeObject): Change {
    this.#objects.delete(key);
    this.#unindex(key, before);
    return { before, after: undefined };
  }

  #index(key: string, object: KubeObject): void {
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(object)) {
        const held = keys.get(value);
        if (held === undefined) keys.set(value, new Set([key]));
        else held.add(key);
      }
    }
  }

  #unindex(key: string, object: KubeObject): void {
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(object)) {
        const held = keys.get(value);
        held?.delete(key);
        if (held?.size === 0) keys.delete(value);
      }
    }
  }
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Without managedFields and kubectl's copy of the whole object: about half the memory, and nothing reads them. */
function stripped(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  if (metadata.annotations?.[LAST_APPLIED] !== undefined) {
    const { [LAST_APPLIED]: _copy, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  return { ...object, metadata };
}
