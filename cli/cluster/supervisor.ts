// The process that a local cluster lives under. Started by local.ts with the path of the cluster's order; it reports to
// its starter over Node's IPC channel, whose end also tells it that the starter is gone.
import { readFileSync, rmSync } from "node:fs";
import { type Layout, layoutOf } from "./layout.ts";
import { bringUp } from "./localcluster.ts";
import { tryLock } from "./lock.ts";
import { namespacedPlace, plainPlace } from "./places.ts";
import { parseOrder, type SupervisorMessage, writeState } from "./state.ts";

const [orderFile = ""] = process.argv.slice(2);
const order = parseOrder(readFileSync(orderFile, "utf8"));

const stopping = new AbortController();
const stop = Promise.withResolvers<void>();
const requestStop = () => {
  stopping.abort();
  stop.resolve();
};
let ready = false;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, requestStop);
// Before the cluster is up nobody but the starter can know of it, so its end is the end of a detached one too.
process.on("disconnect", () => {
  if (order.lifetime === "parent" || !ready) requestStop();
});

const exitCode = await supervise(layoutOf(order.name, process.env));
// Everything is cleaned up; a request that still waits for an API server that is gone must not keep us.
process.exit(exitCode);

function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function supervise(files: Layout): Promise<number> {
  const lock = tryLock(files.lock);
  if (!lock) {
    tell({ kind: "failed", reason: `the cluster ${order.name} is already running` });
    return 1;
  }
  try {
    const place = await (order.nodes === "real" ? namespacedPlace(order, files) : plainPlace(order, files));
    try {
      const report = (step: string, message: string) => tell({ kind: "progress", step, message });
      await Promise.race([
        bringUp(order, files, place, { report, signal: stopping.signal }),
        stop.promise.then(() => Promise.reject(new Error("it was stopped while it started"))),
      ]);
      writeState(files, { pid: process.pid, order, inside: place.inside });
      ready = true;
      tell({ kind: "ready" });
      await Promise.race([place.processes.failed, stop.promise]);
    } finally {
      rmSync(files.state, { force: true });
      await place.leave();
    }
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell({ kind: "failed", reason });
    process.stderr.write(`${new Date().toISOString()} ${reason}\n`);
    return 1;
  } finally {
    if (order.purpose === "test") rmSync(files.root, { recursive: true, force: true });
    lock.release();
  }
}
