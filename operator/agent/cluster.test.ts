import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { podCredentials, type Store, storeOf } from "./cluster.ts";

type Sent = { method: string; path: string; type: string | undefined; body: Record<string, unknown> };

const JOB = { name: "agt-a-1", uid: "job-uid", namespace: "tenant-acme", task: "a" };
const REPORT = "/api/v1/namespaces/tenant-acme/configmaps/agt-a-1-report";

/** As much of an API server as ConfigMaps need: 409 for what is there, 404 for what is not, 500 when it is told to. */
let server: Server;
let objects: Map<string, Record<string, unknown>>;
let sent: Sent[];
let failures: number;
let store: Store;

function handled({ method, path, body }: Sent): { status: number; value: unknown } {
  failures -= 1;
  if (failures >= 0) return { status: 500, value: { message: "busy" } };
  const key = method === "POST" ? `${path}/${nameOf(body["metadata"])}` : path;
  const there = objects.get(key);
  if (method === "POST" && there !== undefined) return { status: 409, value: { reason: "AlreadyExists" } };
  if (method !== "POST" && there === undefined) return { status: 404, value: { reason: "NotFound" } };
  if (method !== "GET") objects.set(key, { ...there, ...body });
  return { status: 200, value: objects.get(key) };
}

function nameOf(metadata: unknown): string {
  return typeof metadata === "object" && metadata !== null && "name" in metadata ? String(metadata.name) : "";
}

beforeEach(async () => {
  objects = new Map();
  sent = [];
  failures = 0;
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const { method = "", url: path = "" } = request;
      const one: Sent = {
        method,
        path,
        type: request.headers["content-type"],
        body: text === "" ? {} : JSON.parse(text),
      };
      sent.push(one);
      const { status, value } = handled(one);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  store = storeOf({ server: `http://127.0.0.1:${port}`, tls: {}, headers: async () => ({}) }, JOB);
});

afterEach(async () => {
  await store.close();
  server.closeAllConnections();
  server.close();
});

describe("the agent's two ConfigMaps", () => {
  test("are made once, owned by the Job, and patched from then on", async () => {
    await store.writeReport("{1}");
    await store.writeReport("{2}");
    expect(sent.map(({ method, path, type }) => [method, path, type])).toEqual([
      ["POST", "/api/v1/namespaces/tenant-acme/configmaps", "application/json"],
      ["PATCH", REPORT, "application/merge-patch+json"],
    ]);
    expect(sent[0]?.body).toMatchObject({
      metadata: {
        name: "agt-a-1-report",
        labels: { "leanvibe.io/agent-task": "a" },
        ownerReferences: [{ kind: "Job", name: "agt-a-1", uid: "job-uid" }],
      },
    });
    expect(objects.get(REPORT)).toMatchObject({ data: { "report.json": "{2}" } });
  });

  test("of an earlier pod are patched, and made anew when somebody deleted them", async () => {
    objects.set(REPORT, { metadata: { name: "agt-a-1-report" } });
    await store.writeReport("{1}");
    objects.clear();
    await store.writeReport("{2}");
    expect(sent.map(({ method }) => method)).toEqual(["POST", "PATCH", "PATCH", "POST"]);
    expect(objects.get(REPORT)).toMatchObject({ data: { "report.json": "{2}" } });
  });

  test("are written although the API server is busy for a moment", async () => {
    failures = 2;
    await store.writeArtifact(Buffer.from("bytes"));
    expect(await store.artifact()).toEqual(Buffer.from("bytes"));
  });

  test("[of another Job with this name are not taken for an earlier pod's work]", async () => {
    await store.writeArtifact(Buffer.from("bytes"));
    const path = REPORT.replace("report", "artifact");
    objects.set(path, { ...objects.get(path), metadata: { ownerReferences: [{ uid: "other" }] } });
    expect(await store.artifact()).toBeUndefined();
  });

  test("may not be there yet", async () => {
    expect(await store.artifact()).toBeUndefined();
  });
});

test("the pod's token is read for each request, because the kubelet replaces it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "account-"));
  try {
    await writeFile(join(folder, "ca.crt"), "ca");
    await writeFile(join(folder, "token"), "one\n");
    const credentials = await podCredentials({ KUBERNETES_SERVICE_HOST: "fd00::1" }, folder);
    expect(credentials.server).toBe("https://[fd00::1]:443");
    expect(await credentials.headers()).toEqual({ authorization: "Bearer one" });
    await writeFile(join(folder, "token"), "two\n");
    expect(await credentials.headers()).toEqual({ authorization: "Bearer two" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
