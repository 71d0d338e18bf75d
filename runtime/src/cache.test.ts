import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cache, type Change } from "./cache.ts";
import type { KubeObject } from "./kubernetes.ts";
import { configMap } from "./testing/faulty-server.ts";

const KEY = "default/a";
const version = (object: KubeObject | undefined) => object?.metadata.resourceVersion;

/** One life after the other of one name: [what happened, object], oldest first, versions counting up. */
type Event = { type: "PUT" | "DELETED"; object: KubeObject };

function history(lives: readonly number[], endsDeleted: boolean): Event[] {
  let at = 8; // Crosses 9 -> 10, where text and number compare differently.
  return lives.flatMap((changes, life) => {
    const uid = `life-${life}`;
    const events: Event[] = [];
    for (let change = 0; change < changes; change += 1) {
      events.push({ type: "PUT", object: configMap("a", at++, { uid }) });
    }
    const last = life === lives.length - 1;
    if (!last || endsDeleted) events.push({ type: "DELETED", object: configMap("a", at++, { uid }) });
    return events;
  });
}

const anyDisorder = fc
  .record({
    lives: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    endsDeleted: fc.boolean(),
  })
  .chain(({ lives, endsDeleted }) => {
    const events = history(lives, endsDeleted);
    const withDuplicates = [...events, ...events];
    return fc.record({
      events: fc.constant(events),
      disorder: fc.shuffledSubarray(withDuplicates, { minLength: withDuplicates.length }),
    });
  });

function feed(cache: Cache, { type, object }: Event) {
  return type === "PUT" ? cache.put(object) : cache.remove(object);
}

/** Feeds the events; those marked as our own are first taken in as the answer to a write. */
function changesOf(cache: Cache, events: readonly Event[], own: readonly boolean[]): Change[] {
  return events.flatMap((event, index) => {
    if (own[index] === true && event.type === "PUT") cache.wrote(event.object);
    return feed(cache, event) ?? [];
  });
}

describe("a cache", () => {
  it("ends in the newest state, in whatever order and however often the events come", () => {
    fc.assert(
      fc.property(anyDisorder, ({ events, disorder }) => {
        const cache = new Cache();
        for (const event of disorder) feed(cache, event);
        const last = events.at(-1);
        expect(version(cache.get(KEY))).toBe(last?.type === "PUT" ? version(last.object) : undefined);
      }),
    );
  });

  it("tells changes that join: each begins with the state in which the one before ended", () => {
    const ownWrites = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(anyDisorder, ownWrites, ({ disorder }, own) => {
        const cache = new Cache();
        let told: string | undefined;
        for (const change of changesOf(cache, disorder, own)) {
          // A deletion may be the first that is told of an object which we made ourselves.
          if (change.after !== undefined) expect(version(change.before)).toBe(told);
          told = version(change.after);
        }
        expect(version(cache.get(KEY))).toBe(told);
      }),
    );
  });

  it("finds by index exactly the objects that carry the value now", () => {
    const step = fc.record({ name: fc.constantFrom("a", "b", "c"), owner: fc.option(fc.constantFrom("x", "y")) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const cache = new Cache({
          owner: ({ metadata }) => [metadata.labels?.["owner"]].flatMap((owner) => owner ?? []),
        });
        const owners = new Map<string, string | null>();
        steps.forEach(({ name, owner }, at) => {
          cache.put(configMap(name, at + 1, { labels: owner === null ? {} : { owner } }));
          owners.set(name, owner);
        });
        for (const owner of ["x", "y"]) {
          const expected = [...owners].flatMap(([name, held]) => (held === owner ? [name] : []));
          expect(
            cache
              .by("owner", owner)
              .map(({ metadata }) => metadata.name)
              .sort(),
          ).toEqual(expected.sort());
        }
      }),
    );
  });

  it("names the index that it does not have", () => {
    expect(() => new Cache().by("owner", "x")).toThrow("no index owner");
  });

  it("stays as it was when an index function throws", () => {
    const cache = new Cache({
      owner: ({ metadata }) => {
        if (metadata.labels?.["poison"] !== undefined) throw new Error("poison");
        return ["x"];
      },
    });
    cache.put(configMap("a", 1));
    expect(() => cache.put(configMap("a", 2, { labels: { poison: "yes" } }))).toThrow("poison");
    expect(version(cache.get(KEY))).toBe("1");
    expect(cache.by("owner", "x")).toHaveLength(1);
    expect(version(cache.put(configMap("a", 3))?.before)).toBe("1");
  });

  it("drops managedFields and kubectl's copy, and leaves the object it was given alone", () => {
    const given = configMap("a", 1, {
      managedFields: [{ manager: "kubectl" }],
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", kept: "yes" },
    });
    const copy = structuredClone(given);
    const cache = new Cache();
    cache.put(given);
    expect(cache.get(KEY)?.metadata).not.toHaveProperty("managedFields");
    expect(cache.get(KEY)?.metadata.annotations).toEqual({ kept: "yes" });
    expect(given).toEqual(copy);
  });
});

describe("an object deleted and made anew under the same name", () => {
  const old = configMap("a", 1, { uid: "old" });
  const young = configMap("a", 5, { uid: "young" });

  it("survives the DELETED of the old one that comes late", () => {
    const cache = new Cache();
    cache.put(old);
    expect(cache.put(young)).toMatchObject({
      before: { metadata: { uid: "old" } },
      after: { metadata: { uid: "young" } },
    });
    expect(cache.remove(configMap("a", 4, { uid: "old" }))).toBeUndefined();
    expect(cache.get(KEY)?.metadata.uid).toBe("young");
  });

  it("is not taken for deleted because we deleted the old one", () => {
    const cache = new Cache();
    cache.put(young);
    cache.deleted(old);
    expect(cache.get(KEY)?.metadata.uid).toBe("young");
  });
});

describe("a write of our own", () => {
  it("is seen at once and told when the watch confirms it, with the state that was told before", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.wrote(configMap("a", 2));
    cache.wrote(configMap("a", 3));
    expect(version(cache.get(KEY))).toBe("3");
    expect(cache.put(configMap("a", 2))).toBeUndefined();
    const change = cache.put(configMap("a", 3));
    expect([version(change?.before), version(change?.after)]).toEqual(["1", "3"]);
    expect(cache.put(configMap("a", 3))).toBeUndefined();
  });

  it("whose event came before its answer is told once", () => {
    const cache = new Cache();
    expect(cache.put(configMap("a", 1))).toBeDefined();
    cache.wrote(configMap("a", 1));
    expect(cache.put(configMap("a", 1))).toBeUndefined();
  });

  it("whose answer comes after the object was made and deleted again raises no dead", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.remove(configMap("a", 2));
    cache.wrote(configMap("a", 1));
    expect(cache.get(KEY)).toBeUndefined();
  });

  it("that put a label back is not undone by the DELETED which the watch says of the label's loss", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.wrote(configMap("a", 3));
    expect(cache.remove(configMap("a", 2))).toBeUndefined();
    expect(version(cache.get(KEY))).toBe("3");
  });

  it("that deleted is seen at once, told by DELETED, and not undone by events on their way", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.deleted(configMap("a", 1));
    expect(cache.get(KEY)).toBeUndefined();
    expect(cache.put(configMap("a", 2))).toBeUndefined();
    expect(cache.get(KEY)).toBeUndefined();
    expect(version(cache.remove(configMap("a", 3))?.before)).toBe("1");
  });

  it("of an object that may come back (a label lost and restored) is not refused for ever", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.remove(configMap("a", 2));
    expect(cache.put(configMap("a", 3))).toBeDefined();
  });
});

describe("a fresh list", () => {
  it("reports only what differs", () => {
    const cache = new Cache();
    for (const name of ["same", "changed", "gone"]) cache.put(configMap(name, 1));
    const changes = listed(cache, [configMap("same", 1), configMap("changed", 4), configMap("new", 3)], "5");
    expect(changes.map(({ before, after }) => [before?.metadata.name, after?.metadata.name])).toEqual([
      ["changed", "changed"],
      [undefined, "new"],
      ["gone", undefined],
    ]);
  });

  it("does not take away what we wrote after it was made", () => {
    const cache = new Cache();
    cache.wrote(configMap("a", 7));
    expect(listed(cache, [], "5")).toEqual([]);
    expect(version(cache.get(KEY))).toBe("7");
    expect(listed(cache, [], "9")).toHaveLength(1);
    expect(cache.get(KEY)).toBeUndefined();
  });

  it("does not bring back what we deleted after it was made", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.deleted(configMap("a", 1));
    expect(listed(cache, [configMap("a", 1)], "5")).toEqual([]);
    expect(cache.get(KEY)).toBeUndefined();
  });

  it("tells of our own deletion whose event was lost with the watch", () => {
    const cache = new Cache();
    cache.put(configMap("a", 1));
    cache.deleted(configMap("a", 1));
    expect(listed(cache, [], "5").map(({ before, after }) => [version(before), after])).toEqual([["1", undefined]]);
    expect(listed(cache, [], "6")).toEqual([]);
  });

  it("of several pages takes nothing away before the last, and brings back nothing that went meanwhile", () => {
    const cache = new Cache();
    for (const name of ["a", "b"]) cache.put(configMap(name, 1));
    const listing = cache.listing();
    expect(listing.page([configMap("a", 1)])).toEqual([]);
    cache.remove(configMap("b", 9));
    cache.remove(configMap("a", 10));
    expect(listing.page([configMap("b", 1)])).toEqual([]);
    expect(listing.end("7")).toEqual([]);
    expect(cache.size).toBe(0);
  });
});

function listed(cache: Cache, objects: KubeObject[], resourceVersion: string): Change[] {
  const listing = cache.listing();
  return [...listing.page(objects), ...listing.end(resourceVersion)];
}
