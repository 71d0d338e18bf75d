import { describe, expect, it } from "vitest";
import { createEventRecorder } from "./events.ts";
import { KINDS, type KubeObject } from "./kubernetes.ts";
import { eventually, refuse, silentLog } from "./testing/faulty-server.ts";
import { SmallApiServer } from "./testing/small-api-server.ts";

const about = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default", uid: "u" } };
const news = (message: string) => ({ type: "Normal" as const, reason: "Happened", message });

async function recording() {
  const server = new SmallApiServer([KINDS.Event]);
  const transport = await server.start();
  const log = silentLog();
  const { record, flush } = createEventRecorder({ transport, component: "test", log });
  const told = () => server.writes.map(({ method, body }) => `${method} ${String((body as KubeObject)["message"])}`);
  return { server, log, record, flush, told };
}

describe("Events", () => {
  it("are told one after the other, in the order in which they happened, while the recorder has moved on", async () => {
    const { record, flush, told } = await recording();
    for (const message of ["one", "two", "three"]) record(about, news(message));
    expect(told()).toEqual([]);
    await flush();
    expect(told()).toEqual(["POST one", "POST two", "POST three"]);
    record(about, news("four"));
    await flush();
    expect(told().at(-1)).toBe("POST four");
  });

  it("that are refused are logged, and keep none behind them from being told", async () => {
    const { server, log, record, flush, told } = await recording();
    let refusals = 1;
    server.fault = (_request, response) => refusals-- > 0 && refuse(response, 403, "Forbidden");
    record(about, news("one"));
    record(about, news("two"));
    await flush();
    expect(told()).toEqual(["POST one", "POST two"]);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it("that say the same are one with a count", async () => {
    const { server, record, flush } = await recording();
    record(about, news("one"));
    record(about, news("one"));
    await flush();
    expect(server.writes.map(({ method, body }) => [method, body["count"]])).toEqual([
      ["POST", 1],
      ["POST", 2],
      ["PATCH", 2],
    ]);
  });

  it("are let go when thousands wait already", async () => {
    const { log, record, flush, told } = await recording();
    for (let nth = 0; nth < 4_200; nth += 1) record(about, news(String(nth)));
    await eventually(() => expect(log.warn).toHaveBeenCalled());
    await flush();
    // One is on its way while the others wait.
    expect(told()).toHaveLength(4_097);
    // Thousands of requests one after the other take more than the usual five seconds on a busy machine.
  }, 60_000);
});
