import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFrom } from "../config.ts";
import { openCluster } from "./connection.ts";

const NEEDED = {
  DATABASE_URL: "postgresql://lv_app@localhost/nowhere",
  DATABASE_WORKER_URL: "postgresql://lv_worker@localhost/nowhere",
  DATABASE_LOOKUP_URL: "postgresql://lv_lookup@localhost/nowhere",
  SECRET_KEY: Buffer.alloc(32).toString("base64"),
};
const log = pino({ level: "silent" });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leanvibe-kubeconfig-"));
});

afterAll(() => rm(folder, { recursive: true }));

const clusterOf = (env: NodeJS.ProcessEnv) => configFrom({ ...NEEDED, ...env }).cluster;

async function kubeconfig(name: string, server: string): Promise<string> {
  const text = {
    clusters: [{ name, cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name, user: { token: `token-of-${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(text));
  return file;
}

describe("the cluster beside the API", () => {
  it("is the one of KUBECONFIG, else the pod's own, else none, and never one that was not said", () => {
    expect(clusterOf({ KUBECONFIG: "/a/b", KUBERNETES_SERVICE_HOST: "10.0.0.1" })).toEqual({
      kubeconfig: "/a/b",
      mayCome: false,
    });
    expect(clusterOf({ KUBERNETES_SERVICE_HOST: "10.0.0.1" })).toBe("pod");
    expect(clusterOf({ HOME: "/root" })).toBeUndefined();
    expect(clusterOf({ KUBERNETES: "off", KUBECONFIG: "/a/b" })).toBeUndefined();
    expect(() => clusterOf({ KUBERNETES: "on" })).toThrow("KUBERNETES must be auto, wait or off");
  });

  it("is spoken to as the kubeconfig says, of several files as the first does", async () => {
    const asked: (string | undefined)[][] = [];
    const server = createServer(({ url, headers }, answer) => {
      asked.push([url, headers.authorization, headers["user-agent"]]);
      answer.setHeader("content-type", "application/json").end("{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const files = [await kubeconfig("one", `http://127.0.0.1:${port}`), await kubeconfig("two", "http://127.0.0.1:1")];
    const cluster = await openCluster({ cluster: { kubeconfig: files.join(":"), mayCome: false } }, log);
    expect(await cluster?.transport.send({ method: "GET", path: "/version" })).toEqual({});
    expect(asked).toEqual([["/version", "Bearer token-of-one", expect.stringMatching(/^leanvibe-api\//)]]);
    await cluster?.close();
    server.close();
  });

  it("may be one that comes later, where that is said", async () => {
    const later = join(folder, "later");
    const place = clusterOf({ KUBECONFIG: later, KUBERNETES: "wait" });
    const cluster = await openCluster({ cluster: place }, log);
    await expect(cluster?.transport.send({ method: "GET", path: "/version" })).rejects.toThrow("not there yet");
    expect(cluster?.server()).toBeUndefined();
    await writeFile(later, "half");
    await rename(await kubeconfig("come", "http://127.0.0.1:1"), later);
    expect((await cluster?.there())?.server).toBe("http://127.0.0.1:1");
    await cluster?.close();
    const never = await openCluster({ cluster: { kubeconfig: join(folder, "never"), mayCome: true } }, log);
    await never?.close();
    await expect(never?.there()).rejects.toThrow();
  });

  it("may be down when the API starts, but its kubeconfig must be there", async () => {
    const cluster = await openCluster(
      { cluster: { kubeconfig: await kubeconfig("down", "http://127.0.0.1:1"), mayCome: false } },
      log,
    );
    expect(cluster?.server()).toBe("http://127.0.0.1:1");
    await cluster?.close();
    await expect(openCluster({ cluster: { kubeconfig: join(folder, "absent"), mayCome: false } }, log)).rejects.toThrow(
      "absent",
    );
    expect(await openCluster({ cluster: undefined }, log)).toBeUndefined();
  });
});
