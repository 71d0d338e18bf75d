import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics, Informers, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { AGENT_NAME, AGENT_TASKS, agentJobName, FIELD_MANAGERS, LABELS, TENANTS } from "@leanvibe/schema";
import { expect, it, onTestFinished } from "vitest";
import { agentTaskController } from "../../operator/src/agenttask/controller.ts";
import { parseConfig } from "../../operator/src/config.ts";
import { eventually, refuse, silentLog } from "../../runtime/src/testing/faulty-server.ts";
import { SmallApiServer } from "../../runtime/src/testing/small-api-server.ts";

/** The AgentTask controller as it ships, while the API server takes its time with another task's Job. */

const { Job, Pod, ConfigMap, Namespace, ServiceAccount, NetworkPolicy, RoleBinding } = KINDS;
/** A status that waits for nothing is written half a second after it is first decided. */
const USUAL_MILLISECONDS = 1_500;

/** With its end the test's: `release` lets go what it waits for. */
async function operatorOn(server: SmallApiServer, release: () => void) {
  const transport = await server.start();
  const [log, metrics] = [silentLog(), createMetrics()];
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const controller = agentTaskController({
    informers,
    applier: { transport, fieldManager: FIELD_MANAGERS.operator, sameValue: () => false },
    record: async () => undefined,
    log,
    metrics,
    now: () => new Date(),
    workers: 4,
    networkProbeImage: "",
    agents: parseConfig({}).agents,
  });
  await informers.start();
  await controller.start(true);
  const stop = async () => {
    await controller.stop();
    await informers.stop();
  };
  onTestFinished(() => {
    release();
    return stop();
  });
  return stop;
}

/** A Tenant's namespace with its fence, and a Job of the task `stuck` that is not answered before `release`. */
function busyServer() {
  const kinds = [AGENT_TASKS, TENANTS, Job, Pod, ConfigMap, Namespace, ServiceAccount, NetworkPolicy, RoleBinding];
  const server = new SmallApiServer(kinds);
  server.put(TENANTS, "acme", { spec: { plan: "enterprise" } });
  server.put(Namespace, "default", {}, { labels: { [LABELS.tenant]: "acme" } });
  for (const kind of [ServiceAccount, NetworkPolicy, RoleBinding]) server.put(kind, AGENT_NAME, {});
  server.put(NetworkPolicy, "leanvibe-isolation", {});
  let isStuck = true;
  const refusals: (() => void)[] = [];
  server.fault = ({ method, body }, response) => {
    if (!isStuck || method !== "POST" || !String(recordOf(body["metadata"])["name"]).includes("stuck")) return false;
    refusals.push(() => refuse(response, 503, "ServiceUnavailable"));
    return true;
  };
  const release = () => {
    isStuck = false;
    for (const refuseNow of refusals.splice(0)) refuseNow();
  };
  return { server, release, asked: () => refusals.length };
}

const submit = (server: SmallApiServer, name: string, priority = "medium") =>
  server.put(AGENT_TASKS, name, { spec: { title: "Adds", description: "Adds two numbers.", priority } });

const statusOf = (server: SmallApiServer, name: string) => recordOf(server.get(AGENT_TASKS, name)?.["status"]);

function jobOf(server: SmallApiServer, name: string): KubeObject | undefined {
  return server.get(Job, agentJobName(name, server.get(AGENT_TASKS, name)?.metadata.uid ?? ""));
}

/** `early` has its Job, and `stuck` is on its way to one. */
async function begun() {
  const { server, release, asked } = busyServer();
  submit(server, "stuck");
  const stop = await operatorOn(server, release);
  await eventually(() => expect(asked()).toBe(1));
  const at = performance.now();
  submit(server, "early");
  await eventually(() => expect(jobOf(server, "early")).toBeDefined());
  return { server, release, stop, since: () => performance.now() - at };
}

/** The pod of the task `early`. */
function putPod(server: SmallApiServer, { name, uid }: { name: string; uid: string }, status: object): void {
  const owner = { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true };
  const labels = { [LABELS.agent]: "true", [LABELS.agentTask]: "early" };
  const metadata = { labels, ownerReferences: [owner], creationTimestamp: "2026-11-23T12:00:00Z" };
  server.put(Pod, `${name}-aaaaa`, { status }, metadata);
}

it("lets a status wait that says nothing new while another's Job is made and for as long again, in which its pod may come", async () => {
  const { server, release, since } = await begun();
  await sleep(2_000);
  expect(statusOf(server, "early")).toEqual({});
  release();
  await sleep(1_000);
  expect(statusOf(server, "early")).toEqual({});
  await eventually(() => expect(statusOf(server, "early")).toMatchObject({ phase: "Running" }));
  expect(since()).toBeLessThan(2 * 2_000 + USUAL_MILLISECONDS);
});

it("writes an end at once, and nothing before it that it made superfluous", async () => {
  const { server, since } = await begun();
  const { name = "", uid = "" } = jobOf(server, "early")?.metadata ?? {};
  putPod(server, { name, uid }, { phase: "Running", containerStatuses: [{ name: "agent", state: { running: {} } }] });
  putPod(
    server,
    { name, uid },
    { phase: "Succeeded", containerStatuses: [{ name: "agent", state: { terminated: { exitCode: 0 } } }] },
  );
  const complete = { type: "Complete", status: "True", lastTransitionTime: "2026-11-23T12:00:01Z" };
  server.put(Job, name, { ...jobOf(server, "early"), status: { conditions: [complete] } });
  await eventually(() => expect(statusOf(server, "early")).toMatchObject({ phase: "Failed" }));
  expect(since()).toBeLessThan(USUAL_MILLISECONDS);
  const written = server.writes.filter(({ path }) => path.endsWith("/agenttasks/early/status"));
  expect(written.length).toBe(1);
});

it("names at once the pod that a runtime has taken", async () => {
  const { server, since } = await begun();
  const { name = "", uid = "" } = jobOf(server, "early")?.metadata ?? {};
  putPod(
    server,
    { name, uid },
    { phase: "Running", containerStatuses: [{ name: "agent", containerID: "cri://1", state: { running: {} } }] },
  );
  await eventually(() => expect(statusOf(server, "early")).toMatchObject({ podName: `${name}-aaaaa` }));
  expect(since()).toBeLessThan(USUAL_MILLISECONDS);
});

it("makes an urgent task's Job beside what is stuck, and whoever leads next writes what waited", async () => {
  const { server, release, stop } = await begun();
  submit(server, "urgent", "urgent");
  await eventually(() => expect(jobOf(server, "urgent")).toBeDefined());
  expect(statusOf(server, "early")).toEqual({});
  void stop();
  await operatorOn(server, release);
  release();
  await eventually(() => expect(statusOf(server, "early")["jobUID"]).toBe(jobOf(server, "early")?.metadata.uid));
  expect(jobOf(server, "urgent")).toBeDefined();
});
