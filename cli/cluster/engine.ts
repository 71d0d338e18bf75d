import { existsSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

const PING_TIMEOUT_MILLISECONDS = 1000;

/** Where a container engine listens. */
export type Engine = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** The Docker daemon of this machine, or the sentence that says why there is none. Takes about 1 s at most. */
export async function dockerEngine(env: NodeJS.ProcessEnv): Promise<Engine | string> {
  const engine = engineOf(env);
  if (typeof engine === "string") return engine;
  return (await get(engine, "/_ping")) === 200 ? engine : "Docker is installed, but its daemon does not answer.";
}

/** Whether it has the image, so that nothing is to be pulled. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  return (await get(engine, `/images/${image}/json`)) === 200;
}

function engineOf(env: NodeJS.ProcessEnv): Engine | string {
  const host = env["DOCKER_HOST"];
  if (host?.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  if (host?.startsWith("tcp://") && URL.canParse(host)) {
    const { hostname, port } = new URL(host);
    return { host: hostname, port: Number(port || 2375) };
  }
  if (host) return `DOCKER_HOST=${host} is not understood here.`;
  const home = env["HOME"] || homedir();
  const candidates = [
    "/var/run/docker.sock",
    join(home, ".docker", "run", "docker.sock"),
    join(env["XDG_RUNTIME_DIR"] || "/run", "docker.sock"),
  ];
  const socketPath = candidates.find((path) => existsSync(path));
  return socketPath ? { socketPath } : "no Docker daemon runs here.";
}

/** Status of a GET, or undefined when there is no answer. */
function get(engine: Engine, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ ...engine, path, timeout: PING_TIMEOUT_MILLISECONDS }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("error", () => resolve(undefined));
    outgoing.end();
  });
}
