import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apiClient } from "../../../cli/cluster/apiclient.ts";
import { build } from "../../../cli/cluster/build.ts";
import { ended } from "../../../cli/cluster/command.ts";
import { apiServer, controllerManager, etcd } from "../../../cli/cluster/components.ts";
import { cacheFolder, layoutOf } from "../../../cli/cluster/layout.ts";
import { writeFiles } from "../../../cli/cluster/localcluster.ts";
import { plainPlace } from "../../../cli/cluster/places.ts";
import { outputPaths, programsFor } from "../../../cli/cluster/programs.ts";
import type { Order } from "../../../cli/cluster/site.ts";

const READY_SECONDS = 60;

/** A control plane without nodes whose API server can be killed. */
export type Plane = {
  readonly kubeconfig: string;
  /** kill -9, and at once the next one. Resolves when that one is ready, with the seconds that it took. */
  outage(): Promise<number>;
  stop(): Promise<void>;
};

export async function startPlane(env: NodeJS.ProcessEnv = process.env): Promise<Plane> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-outages-"));
  const [cache, programs] = [cacheFolder(env), programsFor("simulated")];
  for (const program of programs) await build(program, { cache, env, progress: () => undefined, signal: undefined });
  const order: Order = {
    name: "outages",
    purpose: "test",
    nodes: "simulated",
    lifetime: "parent",
    programs: outputPaths(programs, cache),
    cache,
    emulatedVersion: undefined,
  };
  const layout = layoutOf(order.name, { XDG_DATA_HOME: folder });
  const { site, processes, leave } = await plainPlace(order, layout);
  const server = `https://${site.address}:${site.ports.api}`;
  const token = await writeFiles(order, layout, site, server);
  const client = apiClient(server, readFileSync(join(layout.pki, "ca.crt"), "utf8"), { token });
  let running: ChildProcess | undefined;
  const serve = async () => {
    const log = openSync(join(layout.logs, "kube-apiserver.log"), "a");
    const stdio = ["pipe", log, log] as const;
    running = spawn(order.programs["kubernetes"] ?? "kubernetes", apiServer(site).args, {
      stdio: [...stdio],
      // It must not outlive us, however we end.
      env: { ...env, LEANVIBE_LIFELINE: "stdin" },
    });
    closeSync(log);
    running.stdin?.on("error", () => undefined);
    for (const end = performance.now() + READY_SECONDS * 1000; performance.now() < end; await sleep(50)) {
      if (
        await client.call("GET", "/readyz").then(
          ({ status }) => status === 200,
          () => false,
        )
      )
        return;
    }
    throw new Error(`the API server was not ready within ${READY_SECONDS} s; see ${layout.logs}`);
  };
  const kill = async () => {
    const child = running;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = ended(child);
    child.kill("SIGKILL");
    await gone;
  };
  const stop = async () => {
    await kill();
    await leave();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    processes.start(etcd(site));
    await serve();
    processes.start(controllerManager(site));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubeconfig: layout.kubeconfig,
    stop,
    async outage() {
      const since = performance.now();
      await kill();
      await serve();
      return (performance.now() - since) / 1000;
    },
  };
}
