import { isNewer, type KubeObject, keyOf } from "./kubernetes.ts";

/**
 * A change of the cache: `before` is undefined for a new object, `after` for a deleted one. `own` says that it only
 * confirms a write of ours: what it shows has been in the cache since the write was answered.
 */
export type Change = { before: KubeObject | undefined; after: KubeObject | undefined; own?: true };

/** What a list brings: each page's changes, and at its end those of what was not listed. */
export type Listing = {
  page(objects: readonly KubeObject[]): Change[];
  end(resourceVersion?: string): Change[];
};

/** Index name -> the values under which an object is found. */
export type Indexes = Record<string, (object: KubeObject) => string[]>;

/** A write takes at most half a minute to be answered, so only the names that were freed last matter. */
const FREED_AT_MOST = 4_096;

/**
 * All objects of one kind, as the watch and our own writes have shown them. Never hand an object out to be changed.
 *
 * Our own writes are recorded at once, and an event that is older than what is held is dropped: so a reconcile that
 * follows a write never sees the state before it, and can never make a second child because the watch is late. What we
 * wrote is told to subscribers when its event comes: other keys and other controllers of the process wait for it too.
 */
export class Cache {
  readonly #objects = new Map<string, KubeObject>();
  readonly #trim: (object: KubeObject) => KubeObject;
  readonly #indexes: ReadonlyMap<
    string,
    { valuesOf: (object: KubeObject) => string[]; keys: Map<string, Set<string>> }
  >;
  /** uids that we deleted ourselves and whose DELETED event is still on its way. */
  readonly #gone = new Set<string>();
  /** Keys that we wrote or deleted ourselves, with the state before, until the watch confirms it and it can be told. */
  readonly #untold = new Map<string, KubeObject | undefined>();
  /** resourceVersions at which names became free, so that the late answer to a write raises no dead. */
  readonly #freedAt = new Map<string, string>();

  /** `trim` leaves out what nobody reads, of what comes and of what our own writes are answered with. */
  constructor(indexes: Indexes = {}, trim: (object: KubeObject) => KubeObject = (object) => object) {
    this.#trim = trim;
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

  /** Was an object of this key seen to go lately, and none made since? Then whoever makes it makes it anew. */
  wasFreed(key: string): boolean {
    return this.#freedAt.has(key);
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

  /** Takes in an object that the watch brought. Undefined when it was old news. */
  put(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const held = this.#objects.get(key);
    if (this.#isNews(key, object)) {
      const before = this.#lastTold(key);
      const after = this.#store(key, object);
      this.#untold.delete(key);
      return { before, after };
    }
    if (held?.metadata.resourceVersion !== object.metadata.resourceVersion || !this.#untold.has(key)) return undefined;
    const before = this.#lastTold(key);
    this.#untold.delete(key);
    return { before, after: held, own: true };
  }

  /** Takes in the answer to a write of ours: seen at once, told to others when the watch confirms it. */
  wrote(object: KubeObject): void {
    const key = keyOf(object.metadata);
    if (!this.#isNews(key, object)) return;
    if (!this.#untold.has(key)) this.#untold.set(key, this.#objects.get(key));
    this.#store(key, object);
  }

  /** A DELETED event. Undefined when the name has since been taken by a newer object. */
  remove(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const { uid, resourceVersion } = object.metadata;
    if (uid !== undefined) this.#gone.delete(uid);
    const held = this.#objects.get(key);
    // A watch with a selector says DELETED of an object whose label went, and we may have put the label back since.
    if (held !== undefined && isLater(held.metadata.resourceVersion, resourceVersion)) return undefined;
    if (resourceVersion !== undefined) this.#remember(key, resourceVersion);
    return this.#forget(key);
  }

  /** Our own DELETE was answered with success: the object is gone although its event has not come yet. */
  deleted(object: KubeObject): void {
    const key = keyOf(object.metadata);
    const held = this.#objects.get(key);
    if (held === undefined || held.metadata.uid !== object.metadata.uid) return;
    if (object.metadata.uid !== undefined) this.#gone.add(object.metadata.uid);
    if (!this.#untold.has(key)) this.#untold.set(key, held);
    this.#drop(key, held);
  }

  /**
   * A fresh list, taken in page by page. Tells only what differs, so a list of what is known costs no reconciles; what
   * never came is gone at its end, as of the list's `resourceVersion`, unless we wrote it after the list was made.
   */
  listing(): Listing {
    const listed = new Set<string>();
    const uids = new Set<string | undefined>();
    return {
      page: (objects) =>
        objects.flatMap((object) => {
          listed.add(keyOf(object.metadata));
          uids.add(object.metadata.uid);
          return this.put(object) ?? [];
        }),
      end: (resourceVersion) => {
        for (const uid of this.#gone) if (!uids.has(uid)) this.#gone.delete(uid);
        return [...new Set([...this.#objects.keys(), ...this.#untold.keys()])].flatMap((key) => {
          const held = this.#objects.get(key);
          if (listed.has(key) || isLater(held?.metadata.resourceVersion, resourceVersion)) return [];
          return this.#forget(key) ?? [];
        });
      },
    };
  }

  #isNews(key: string, { metadata: { uid, resourceVersion } }: KubeObject): boolean {
    if (uid !== undefined && this.#gone.has(uid)) return false;
    const freedAt = this.#freedAt.get(key);
    if (freedAt !== undefined && !isNewer(resourceVersion, freedAt)) return false;
    const held = this.#objects.get(key);
    return held === undefined || isNewer(resourceVersion, held.metadata.resourceVersion);
  }

  /** The state that subscribers know. */
  #lastTold(key: string): KubeObject | undefined {
    return this.#untold.has(key) ? this.#untold.get(key) : this.#objects.get(key);
  }

  #forget(key: string): Change | undefined {
    const held = this.#objects.get(key);
    const before = this.#lastTold(key) ?? held;
    this.#untold.delete(key);
    if (held !== undefined) this.#drop(key, held);
    return before === undefined ? undefined : { before, after: undefined };
  }

  #remember(key: string, freedAt: string): void {
    if (isLater(this.#freedAt.get(key), freedAt)) return;
    this.#freedAt.delete(key);
    this.#freedAt.set(key, freedAt);
    const [oldest] = this.#freedAt.keys();
    if (this.#freedAt.size > FREED_AT_MOST && oldest !== undefined) this.#freedAt.delete(oldest);
  }

  #store(key: string, object: KubeObject): KubeObject {
    const after = this.#trim(stripped(object));
    // Before anything is changed: an index function that throws leaves the cache as it was.
    const entries = this.#entriesOf(after);
    const held = this.#objects.get(key);
    if (held !== undefined) this.#drop(key, held);
    this.#freedAt.delete(key);
    this.#objects.set(key, after);
    for (const { keys, value } of entries) {
      const filed = keys.get(value);
      if (filed === undefined) keys.set(value, new Set([key]));
      else filed.add(key);
    }
    return after;
  }

  #drop(key: string, held: KubeObject): void {
    this.#objects.delete(key);
    for (const { keys, value } of this.#entriesOf(held)) {
      const filed = keys.get(value);
      filed?.delete(key);
      if (filed?.size === 0) keys.delete(value);
    }
  }

  #entriesOf(object: KubeObject): { keys: Map<string, Set<string>>; value: string }[] {
    return [...this.#indexes.values()].flatMap(({ valuesOf, keys }) =>
      valuesOf(object).map((value) => ({ keys, value })),
    );
  }
}

/** Certainly later: unlike isNewer, silent about objects without a resourceVersion. */
function isLater(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && isNewer(a, b);
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
