import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apiClient } from "../../cli/cluster/apiclient.ts";
import { apiServer, type Component, controllerManager, etcd } from "../../cli/cluster/components.ts";
import { cacheFolder, layoutOf } from "../../cli/cluster/layout.ts";
import { writeFiles } from "../../cli/cluster/localcluster.ts";
import { plainPlace } from "../../cli/cluster/places.ts";
import { outputPaths, programsFor } from "../../cli/cluster/programs.ts";
import type { Order } from "../../cli/cluster/site.ts";

/** Test files that start an API server of their own. */
export const MINORS_TESTS = "**/test/minors/*.test.ts";

/**
 * Minor versions that the API server we build can behave like, besides its own. Another build of it, of an older
 * Kubernetes, reaches further back: LEANVIBE_TEST_KUBERNETES=/path/of/kubernetes LEANVIBE_TEST_MINORS=1.33.
 */
export const MINORS = (process.env["LEANVIBE_TEST_MINORS"] ?? "1.34,1.35,1.36").split(",");

/** The program that holds etcd, API server and controller manager. */
function kubernetesProgram(env: NodeJS.ProcessEnv): string {
  const own = outputPaths(programsFor("simulated"), cacheFolder(env))["kubernetes"];
  return env["LEANVIBE_TEST_KUBERNETES"] ?? own ?? "kubernetes";
}

/** Is there none, and will the run's own cluster not build it either? */
export function kubernetesMissing(rung: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (rung === "local" || existsSync(kubernetesProgram(env))) return undefined;
  return `they need the API server that we build, and the cluster here is another (${rung})`;
}

export interface ControlPlane {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

const START_SECONDS = 60;

/** etcd, an API server that behaves like that minor version, and its controller manager: no node, no scheduler. */
export async function startControlPlane(minor: string, env: NodeJS.ProcessEnv = process.env): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-minor-"));
  const order: Order = {
    name: `minor-${minor.replace(".", "-")}`,
    purpose: "test",
    nodes: "simulated",
    lifetime: "parent",
    programs: { kubernetes: kubernetesProgram(env) },
    cache: cacheFolder(env),
    emulatedVersion: minor,
  };
  const layout = layoutOf(order.name, { XDG_DATA_HOME: folder });
  const { site, processes, leave } = await plainPlace(order, layout);
  const stop = async () => {
    await leave();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const server = `https://${site.address}:${site.ports.api}`;
    const token = await writeFiles(order, layout, site, server);
    const client = apiClient(server, readFileSync(join(layout.pki, "ca.crt"), "utf8"), { token });
    processes.start(etcd(site));
    processes.start(apiServer(site));
    const ready = until(async () => (await client.call("GET", "/readyz")).status === 200);
    await Promise.race([processes.failed, ready]);
    processes.start(emulated(controllerManager(site), minor));
    return { kubeconfig: layout.kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The controller manager judges the policies' types, by the same version's rules. */
function emulated(component: Component, minor: string): Component {
  return { ...component, args: [...component.args, `--emulated-version=${minor}`] };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await sleep(100)) {
    if (await condition().catch(() => false)) return;
  }
  throw new Error(`the API server was not ready within ${START_SECONDS} s`);
}
