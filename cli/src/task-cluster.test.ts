import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Transport } from "@leanvibe/runtime";
import { AGENT_KEYS, ANNOTATIONS } from "@leanvibe/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { line } from "./command-line.ts";
import { cancelInCluster, codeInCluster, inCluster, placeOf, watchInCluster } from "./task-cluster.ts";
import { lineOf, type Told } from "./task-progress.ts";
import { artifactOf } from "./testing/made.ts";
import { type Asked, type Said, SmallServer } from "./testing/small-server.ts";

/** Nobody presses Ctrl-C. */
const NEVER = new AbortController().signal;

const AT = { namespace: "acme-dev", name: "report" };
const TASK = `/apis/leanvibe.io/v1alpha1/namespaces/${AT.namespace}/agenttasks/${AT.name}`;
const HELD = `/api/v1/namespaces/${AT.namespace}/configmaps/job-artifact`;

const MADE = artifactOf({ path: "main.ts", content: "export {};\n" });

/** What it leaves without an answer. */
let silent: Set<string>;

/** What the cluster says, by path. */
let said: Record<string, Said>;
const answer = ({ method, path, query }: Asked) =>
  silent.has(`${method} ${path}`)
    ? undefined
    : (said[query.has("watch") ? "watch" : path] ?? { status: 404, body: refusal(404) });
const cluster = new SmallServer(answer);
let folder: string;
let env: NodeJS.ProcessEnv;

function refusal(code: number) {
  return { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", code, message: "no" };
}

beforeAll(async () => {
  await cluster.start();
  folder = await mkdtemp(join(tmpdir(), "leanvibe-kubeconfig-"));
  env = {
    KUBECONFIG: [kubeconfig("mine", cluster.url), join(folder, "none"), kubeconfig("other", "http://127.0.0.1:1")].join(
      delimiter,
    ),
  };
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  silent = new Set();
  said = { [TASK]: { body: task({ phase: "Running" }) } };
});

/** Of a user and a cluster whose names another file has too. */
function kubeconfig(context: string, server: string): string {
  const file = join(folder, context);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [
      { name: "shared", cluster: { server, "insecure-skip-tls-verify": true } },
      { name: context, cluster: { server, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "shared", user: { token: context } }],
    contexts: [
      { name: context, context: { cluster: context, user: "shared" } },
      { name: "shared", context: { cluster: "shared", user: "shared" } },
      { name: `${context}-open`, context: { cluster: context } },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function task(status: object, annotations = {}) {
  return {
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { ...AT, uid: "u", resourceVersion: "1", annotations },
    spec: { title: "Report", description: "A report." },
    status,
  };
}

/** As an agent leaves it, and as the operator says that it did. */
function artifact(made: unknown, sha256?: string) {
  const bytes = gzipSync(JSON.stringify(made));
  const sum = createHash("sha256").update(bytes).digest("hex");
  const status = { phase: "Succeeded", artifact: { configMap: "job-artifact", sha256: sha256 ?? sum } };
  said[TASK] = { body: task(status, { [ANNOTATIONS.taskId]: "7" }) };
  said[HELD] = { body: { binaryData: { [AGENT_KEYS.artifact]: bytes.toString("base64") } } };
}

const code = (context?: string) => inCluster({ context }, env, (transport) => codeInCluster(transport, AT, NEVER));
const cancel = () => inCluster({}, env, (transport) => cancelInCluster(transport, AT, NEVER));

describe("NAMESPACE/NAME", () => {
  test("is told from an id, and neither takes the other's flags", () => {
    expect(placeOf("acme-dev/report", {})).toEqual(AT);
    expect(placeOf("7", { api: "http://x", token: "t" })).toBeUndefined();
    expect(() => placeOf("acme-dev/report", { token: "t" })).toThrow("without --api and --token");
    expect(() => placeOf("7", { context: "kind" })).toThrow("--context is for an AgentTask of the cluster");
    for (const wrong of ["a/", "/b", "a/b/c"])
      expect(() => placeOf(wrong, {})).toThrow("neither an id nor NAMESPACE/NAME");
  });

  test("is asked of the context that kubectl would take: files are merged, and the first that says a thing counts", async () => {
    artifact(MADE);
    for (const context of [undefined, "mine", "shared"]) {
      expect(await code(context)).toMatchObject({ lines_of_code: 1 });
      expect(cluster.asked.at(-1)?.authorization).toBe("Bearer mine");
    }
    expect(await code("mine-open")).toMatchObject({ lines_of_code: 1 });
    expect(cluster.asked.at(-1)?.authorization).toBe("");
    await expect(code("other")).rejects.toThrow("ECONNREFUSED");
    await expect(code("no-such")).rejects.toThrow(
      "there is no context no-such; there are: mine, shared, mine-open, other",
    );
  });
});

describe("what an agent made, by the cluster alone", () => {
  test("is what the API would tell", async () => {
    artifact(MADE);
    const { files, tests, documentation, truncated } = MADE;
    const rest = { files, tests, documentation, truncated };
    expect(await code()).toEqual({ task: "acme-dev/report", lines_of_code: 1, complexity: 1, ...rest });
  });

  test.each<[string, () => void, string]>([
    ["nothing yet", () => undefined, "acme-dev/report is Running: nothing is there yet"],
    ["an end without anything", () => (said[TASK] = { body: task({ phase: "Cancelled" }) }), "it made nothing"],
    ["other bytes than were seen", () => artifact(MADE, "0".repeat(64)), "it is not what the agent had reported"],
    ["what does not fit", () => artifact({ ...MADE, files: [{ path: "../x", content: "" }] }), "files.0.path"],
    ["what unpacks without end [bomb]", () => artifact("0".repeat(17 * 1024 * 1024)), "does not unpack"],
    [
      "what the API has taken over",
      () => {
        artifact(MADE);
        said[HELD] = undefined;
      },
      line("task", "code", "7"),
    ],
    [
      "what may not be read",
      () => {
        artifact(MADE);
        said[HELD] = { status: 403, body: refusal(403) };
      },
      "kubectl -n acme-dev auth can-i get configmaps",
    ],
    ["no such task", () => (said[TASK] = undefined), "there is no AgentTask report in namespace acme-dev"],
  ])("%s is said", async (_what, prepare, words) => {
    prepare();
    await expect(code()).rejects.toThrow(words);
  });
});

test("cancelled it is by the spec, unless it ended already", async () => {
  expect(await cancel()).toEqual({ task: "acme-dev/report", phase: "Running" });
  const patch = cluster.asked.at(-1);
  expect([patch?.method, JSON.parse(patch?.body ?? "")]).toEqual(["PATCH", { spec: { desiredState: "Cancel" } }]);
  said[TASK] = { body: task({ phase: "Failed" }) };
  await expect(cancel()).rejects.toThrow("is Failed already");
});

describe("a cluster that does not answer is not waited for once Ctrl-C is pressed", () => {
  const watching = { tell: () => undefined, doing: () => undefined, note: () => undefined };
  test.each<[string, string, (transport: Transport, signal: AbortSignal) => Promise<unknown>]>([
    ["watches", `GET ${TASK}`, (transport, signal) => watchInCluster(transport, AT, { ...watching, signal })],
    ["takes the code", `GET ${TASK}`, (transport, signal) => codeInCluster(transport, AT, signal)],
    ["takes the code's ConfigMap", `GET ${HELD}`, (transport, signal) => codeInCluster(transport, AT, signal)],
    ["cancels", `GET ${TASK}`, (transport, signal) => cancelInCluster(transport, AT, signal)],
    ["patches", `PATCH ${TASK}`, (transport, signal) => cancelInCluster(transport, AT, signal)],
  ])("by who %s", async (_who, request, ask) => {
    artifact(MADE);
    if (request.startsWith("PATCH")) said[TASK] = { body: task({ phase: "Running" }) };
    silent.add(request);
    const abort = new AbortController();
    const before = cluster.asked.length;
    const ended = inCluster({}, env, (transport) => ask(transport, abort.signal)).catch(String);
    const isAsked = () => cluster.asked.slice(before).some(({ method, path }) => `${method} ${path}` === request);
    while (!isAsked()) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort(new Error("stopped"));
    expect(await ended).toContain("stopped");
  });
});

test("a watch tells why the task waits, each word once", async () => {
  const condition = (type: string, status: string, message: string) => ({
    type,
    status,
    reason: "R",
    message,
    lastTransitionTime: "2026-11-26T05:00:00Z",
  });
  const statuses = [
    { phase: "Queued", queuePosition: 2, conditions: [condition("Progressing", "False", "It waits for its turn.")] },
    { phase: "Running", conditions: [condition("Progressing", "False", "Image x: ErrImagePull.")] },
    { phase: "Running", conditions: [condition("Progressing", "False", "Image x: back-off.")] },
    { phase: "Running", conditions: [condition("Progressing", "False", "Image x: ErrImagePull.")] },
    { phase: "Running", conditions: [condition("Progressing", "True", "An agent is at work.")] },
    { phase: "Failed", conditions: [condition("Succeeded", "False", "2 of 3 cases passed.")] },
  ];
  said[TASK] = {
    body: task({
      phase: "Pending",
      conditions: [
        condition("Accepted", "False", "The namespace is no Tenant's."),
        condition("Progressing", "False", "x"),
      ],
    }),
  };
  const lines = statuses.map((status) => JSON.stringify({ type: "MODIFIED", object: task(status) }));
  said["watch"] = { text: `${lines.join("\n")}\n` };
  const told: string[] = [];
  const watching = {
    tell: (one: Told) => told.push(lineOf(one)),
    doing: () => undefined,
    note: () => undefined,
    signal: new AbortController().signal,
  };
  expect(await inCluster({}, env, (transport) => watchInCluster(transport, AT, watching))).toBe("Failed");
  expect(told).toEqual([
    "⏳ [0%] Pending: The namespace is no Tenant's.",
    "⏳ [0%] Queued: 2. in the queue",
    "⏳ [0%] Running: Image x: ErrImagePull.",
    "⏳ [0%] Running: Image x: back-off.",
    "❌ [0%] Failed: 2 of 3 cases passed.",
  ]);
});

/** A watch of a cluster that says so from the first news on. */
function watchOnce(status: number, back?: Said): { notes: string[]; ended: Promise<string> } {
  said["watch"] = { status: 500, body: refusal(500) };
  const notes: string[] = [];
  const watching = {
    tell: () => {
      said[TASK] = { status, body: refusal(status) };
    },
    doing: () => undefined,
    note: (line: string) => {
      notes.push(line);
      if (back !== undefined) said[TASK] = back;
    },
    signal: new AbortController().signal,
  };
  const pace = { awayMilliseconds: 100, pauseMilliseconds: 10 };
  const ended = inCluster({}, env, (transport) => watchInCluster(transport, AT, watching, pace));
  return { notes, ended };
}

test.each([503, 429])("a watch asks a cluster that answers %i again, and says so once", async (status) => {
  const { notes, ended } = watchOnce(status);
  await expect(ended).rejects.toThrow("the cluster cannot be reached: ");
  expect(notes).toEqual([expect.stringMatching(/^Out of reach \(the cluster cannot be reached/)]);
});

test("a watch goes on when a cluster with too much to do has time again", async () => {
  const { notes, ended } = watchOnce(429, { body: task({ phase: "Succeeded" }) });
  expect(await ended).toBe("Succeeded");
  expect(notes).toHaveLength(1);
});
