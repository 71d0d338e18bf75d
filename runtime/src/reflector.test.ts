import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { Cache, type Change } from "./cache.ts";
import { KINDS, type KubeObject } from "./kubernetes.ts";
import { type ReflectorOptions, reflect } from "./reflector.ts";
import { configMap, eventually, json, refuse, type Seen, serve, silentLog } from "./testing/faulty-server.ts";

const FAST = { openMilliseconds: 1, firstBackoffMilliseconds: 1, mostBackoffMilliseconds: 20 };

/** What a server does with the nth list (from 0), and the nth watch. */
type Script = {
  list?: (nth: number, request: Seen, response: ServerResponse) => void;
  watch: (nth: number, response: ServerResponse, request: Seen) => void;
  silence?: number;
};

async function reflected(script: Script, options: Partial<ReflectorOptions> = {}) {
  const lists: Seen[] = [];
  const watches: Seen[] = [];
  const answerList = script.list ?? ((_nth, _request, response) => sendList(response, 1, []));
  const server = await serve(
    (request, response) => {
      if (request.query.has("watch")) {
        response.writeHead(200, { "content-type": "application/json" });
        script.watch(watches.push(request) - 1, response, request);
      } else answerList(lists.push(request) - 1, request, response);
    },
    script.silence === undefined ? {} : { watchSilenceMilliseconds: script.silence },
  );
  const cache = new Cache();
  const changes: Change[] = [];
  const log = silentLog();
  const onChange = (change: Change) => void changes.push(change);
  const { transport } = server;
  const reflector = reflect({ kind: KINDS.ConfigMap, cache, transport, log, onChange, pace: FAST, ...options });
  onTestFinished(() => reflector.stop());
  const told = () =>
    changes.map(
      ({ before, after }) => `${before?.metadata.resourceVersion ?? "-"}>${after?.metadata.resourceVersion ?? "-"}`,
    );
  return { lists, watches, cache, log, reflector, told };
}

function sendList(response: ServerResponse, version: number, items: KubeObject[], token?: string): void {
  // The items of a real list carry neither apiVersion nor kind.
  const bare = items.map(({ metadata }) => ({ metadata }));
  json(response, 200, {
    kind: "ConfigMapList",
    metadata: { resourceVersion: String(version), continue: token },
    items: bare,
  });
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

const added = (name: string, version: number) => line("ADDED", configMap(name, version));
const bookmark = (version: number) => line("BOOKMARK", { metadata: { resourceVersion: String(version) } });
const from = (request: Seen | undefined) => request?.query.get("resourceVersion");

describe("a reflector", () => {
  it("fills the cache page by page before it says that it is synced, and watches from where the list ended", async () => {
    const { lists, watches, cache, reflector } = await reflected({
      list: (nth, _request, response) =>
        nth === 0 ? sendList(response, 7, [configMap("a", 1)], "next") : sendList(response, 7, [configMap("b", 2)]),
      watch: (_nth, response) => response.write(added("c", 8)),
    });
    await reflector.synced;
    expect(cache.get("default/a")).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    expect(cache.get("default/b")).toBeDefined();
    await eventually(() => expect(cache.get("default/c")).toBeDefined());
    expect(lists.map(({ query }) => query.get("continue"))).toEqual([null, "next"]);
    expect(from(watches[0])).toBe("7");
    expect(Object.fromEntries(watches[0]?.query ?? [])).toMatchObject({ allowWatchBookmarks: "true" });
  });

  it.each([
    { kind: KINDS.ConfigMap, atLeast: 300, below: 600 },
    // No bookmarks come of them: the server is to end it before the transport takes its silence for death.
    { kind: KINDS.Event, atLeast: 45, below: 60 },
  ])("asks for a watch of $kind.kind that lasts $atLeast to $below seconds", async ({ kind, atLeast, below }) => {
    const { watches } = await reflected({ watch: () => undefined }, { kind });
    await eventually(() => expect(watches).toHaveLength(1));
    const seconds = Number(watches[0]?.query.get("timeoutSeconds"));
    expect(seconds).toBeGreaterThanOrEqual(atLeast);
    expect(seconds).toBeLessThan(below);
  });

  it("resumes a watch that the server ended behind the last event or bookmark, without a second list", async () => {
    const { lists, watches, told } = await reflected({
      watch: (nth, response) => {
        if (nth === 0) response.end(added("a", 5) + bookmark(9));
        else if (nth === 1) response.write(added("b", 12));
      },
    });
    await eventually(() => expect(told()).toEqual(["->5", "->12"]));
    expect(watches.map(from)).toEqual(["1", "9"]);
    expect(lists).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    [
      "an ERROR event",
      (response) => response.end(added("b", 5) + line("ERROR", { kind: "Status", code: 410, reason: "Expired" })),
    ],
    ["a line that is no JSON", (response) => response.end(`${added("b", 5)}<html>\n`)],
    [
      "a line that is no event",
      (response) => response.end(`${added("b", 5)}{"type":"ADDED","object":{"metadata":{}}}\n`),
    ],
    [
      "an event of a type that nobody knows",
      (response) => response.end(added("b", 5) + line("MOVED", configMap("a", 2))),
    ],
    ["a bookmark of nothing", (response) => response.end(added("b", 5) + line("BOOKMARK", {}))],
    ["a JSON null", (response) => response.end(`${added("b", 5)}null\n`)],
  ])("lists anew after %s, and tells only the differences", async (_name, fault) => {
    const { lists, watches, told } = await reflected({
      list: (nth, _request, response) =>
        nth === 0
          ? sendList(response, 3, [configMap("same", 1), configMap("gone", 2)])
          : sendList(response, 9, [configMap("same", 1), configMap("b", 5), configMap("new", 8)]),
      watch: (nth, response) => {
        if (nth === 0) fault(response);
        else response.write(bookmark(10));
      },
    });
    await eventually(() => expect(watches).toHaveLength(2));
    expect(lists).toHaveLength(2);
    expect(from(watches[1])).toBe("9");
    expect(told()).toEqual(["->1", "->2", "->5", "->8", "2>-"]);
  });

  it("lists anew when the watch itself is answered with 410, and begins a list again whose pages expired", async () => {
    let gone = 1;
    const lists: (string | null)[] = [];
    const { transport } = await serve((request, response) => {
      if (request.query.has("watch")) {
        if (gone-- > 0) refuse(response, 410, "Expired");
        else response.writeHead(200).write(added("late", 20));
        return;
      }
      lists.push(request.query.get("continue"));
      if (lists.length === 2) sendList(response, 5, [configMap("a", 1)], "old page");
      else if (lists.length === 3) refuse(response, 410, "Expired");
      else sendList(response, 4, [configMap("a", 1)]);
    });
    const cache = new Cache();
    const reflector = reflect({
      kind: KINDS.ConfigMap,
      cache,
      transport,
      log: silentLog(),
      onChange: () => undefined,
      pace: FAST,
    });
    onTestFinished(() => reflector.stop());
    await eventually(() => expect(cache.get("default/late")).toBeDefined());
    expect(lists).toEqual([null, null, "old page", null]);
  });

  it("loses nothing to a connection that falls silent", async () => {
    const { watches, told, lists } = await reflected({
      silence: 200,
      watch: (nth, response) => response.write(nth === 0 ? added("a", 5) : added("b", 6)),
    });
    await eventually(() => expect(told()).toEqual(["->5", "->6"]));
    expect(from(watches[1])).toBe("5");
    expect(lists).toHaveLength(1);
  });

  it("loses nothing to a reset in the middle of an event", async () => {
    const { watches, told } = await reflected({
      watch: (nth, response) => {
        if (nth > 0) response.write(added("b", 6));
        else
          response.write(added("a", 5) + added("b", 6).slice(0, 30), () =>
            setTimeout(() => response.socket?.resetAndDestroy(), 20),
          );
      },
    });
    await eventually(() => expect(told()).toEqual(["->5", "->6"]));
    expect(from(watches[1])).toBe("5");
  });

  it("opens at most one watch a second when each is closed at once", async () => {
    const { watches } = await reflected({ watch: (_nth, response) => response.end() }, { pace: {} });
    await eventually(() => expect(watches).toHaveLength(3));
    const gaps = watches.slice(1).map(({ at }, nth) => at - (watches[nth]?.at ?? 0));
    // Timers may be a few milliseconds early, never half a second.
    expect(Math.min(...gaps)).toBeGreaterThan(950);
  });

  it("catches up by a list while its watch lags, tells what that brings, and watches from there", async () => {
    const { lists, watches, cache, reflector, told } = await reflected({
      list: (nth, _request, response) =>
        nth === 0
          ? sendList(response, 3, [configMap("changed", 1), configMap("gone", 2)])
          : sendList(response, 9, [configMap("changed", 5)]),
      // Never heard of meanwhile: made and deleted between the two lists.
      watch: (nth, response) => void (nth > 0 && response.write(added("late", 12))),
    });
    await eventually(() => expect(watches).toHaveLength(1));
    await reflector.catchUp();
    expect([...cache.all()].map(({ metadata }) => metadata.resourceVersion)).toEqual(["5"]);
    await eventually(() => expect(told()).toEqual(["->1", "->2", "1>5", "2>-", "->12"]));
    expect(watches.map(from)).toEqual(["3", "9"]);
    expect(lists).toHaveLength(2);
  });

  it("catches up by a list that was begun after it was asked, however often that takes, and all who ask by one", async () => {
    let answerFirst = () => {};
    const { lists, cache, reflector, log } = await reflected({
      list: (nth, _request, response) => {
        if (nth === 0) answerFirst = () => sendList(response, 3, [configMap("old", 1)]);
        else if (nth === 1) refuse(response, 503, "ServiceUnavailable");
        else sendList(response, 9, [configMap("new", 5)]);
      },
      watch: () => undefined,
    });
    await eventually(() => expect(lists).toHaveLength(1));
    const caughtUp = Promise.all([reflector.catchUp(), reflector.catchUp()]);
    answerFirst();
    await caughtUp;
    expect([...cache.all()].map(({ metadata }) => metadata.name)).toEqual(["new"]);
    expect(lists).toHaveLength(3);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it("opens at most one watch a second when it is to catch up again and again", async () => {
    const { watches, lists, reflector } = await reflected({ watch: () => undefined }, { pace: {} });
    await eventually(() => expect(watches).toHaveLength(1));
    for (let nth = 0; nth < 3; nth += 1) await reflector.catchUp();
    await eventually(() => expect(watches).toHaveLength(2));
    expect(lists).toHaveLength(4);
    expect((watches[1]?.at ?? 0) - (watches[0]?.at ?? 0)).toBeGreaterThan(950);
  });

  it("keeps nobody waiting who asked it to catch up when it is stopped", async () => {
    const { reflector, watches } = await reflected({
      list: (nth, _request, response) => void (nth === 0 && sendList(response, 3, [])),
      watch: () => undefined,
    });
    await eventually(() => expect(watches).toHaveLength(1));
    const caughtUp = reflector.catchUp();
    await reflector.stop();
    await caughtUp;
    await reflector.catchUp();
  });

  it("waits as long as 429 asks, and takes no event for lost", async () => {
    const times: number[] = [];
    const { transport } = await serve((request, response) => {
      if (!request.query.has("watch")) return sendList(response, 1, []);
      times.push(request.at);
      if (times.length === 1) refuse(response, 429, "TooManyRequests", { "retry-after": "1" });
      else response.writeHead(200).write(added("a", 2));
    });
    const cache = new Cache();
    const reflector = reflect({
      kind: KINDS.ConfigMap,
      cache,
      transport,
      log: silentLog(),
      onChange: () => undefined,
      pace: FAST,
    });
    onTestFinished(() => reflector.stop());
    await eventually(() => expect(cache.size).toBe(1));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  });

  it("explains a kind that the API server does not serve, and goes on when it does", async () => {
    let installed = false;
    const { log, reflector } = await reflected({
      list: (_nth, _request, response) =>
        installed ? sendList(response, 1, []) : response.writeHead(404).end("404 page not found\n"),
      watch: () => undefined,
    });
    await eventually(() => expect(log.warn).toHaveBeenCalled());
    expect(log.warn.mock.calls[0]?.[0]).toMatchObject({
      error: expect.stringContaining("does not serve configmaps.core/v1; install it (kubectl apply -f crds/)"),
    });
    installed = true;
    await reflector.synced;
  });

  it("survives a list that is none", async () => {
    const { reflector, log } = await reflected({
      list: (nth, _request, response) => {
        if (nth === 0) json(response, 200, { kind: "Status" });
        else if (nth === 1) response.end("<html>");
        else sendList(response, 1, []);
      },
      watch: () => undefined,
    });
    await reflector.synced;
    expect(log.warn).toHaveBeenCalledTimes(2);
  });

  it("ends at once when it is stopped, in the middle of a watch", async () => {
    let closed = false;
    const { reflector, watches } = await reflected({
      watch: (_nth, response) => {
        response.on("close", () => {
          closed = true;
        });
        response.write(bookmark(2));
      },
    });
    await eventually(() => expect(watches).toHaveLength(1));
    await reflector.stop();
    await eventually(() => expect(closed).toBe(true));
    expect(watches).toHaveLength(1);
  });

  it("ends at once when it is stopped while it waits for a server that is away", async () => {
    const { reflector, log } = await reflected(
      { list: (_nth, _request, response) => response.socket?.resetAndDestroy(), watch: () => undefined },
      { pace: { firstBackoffMilliseconds: 60_000, mostBackoffMilliseconds: 60_000 } },
    );
    await eventually(() => expect(log.warn).toHaveBeenCalled());
    await reflector.stop();
  });
});

describe("a reflector is fresh", () => {
  it("not before its first list", async () => {
    const { reflector, log } = await reflected({
      list: (_nth, _request, response) => response.socket?.resetAndDestroy(),
      watch: () => undefined,
    });
    await eventually(() => expect(log.warn.mock.calls.length).toBeGreaterThanOrEqual(2));
    expect(reflector.fresh()).toBe(false);
  });

  it("when it has listed and watches", async () => {
    const { reflector } = await reflected({ watch: (_nth, response) => response.write(bookmark(2)) });
    await reflector.synced;
    expect(reflector.fresh()).toBe(true);
  });
});
