import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { KINDS, messageOf, objectPath } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import { planCluster } from "../cluster/index.ts";
import { cacheFolder } from "../cluster/layout.ts";
import { freePortFrom } from "../cluster/ports.ts";
import { nodeRequirements } from "../cluster/requirements.ts";
import { planDatabase } from "../database/ladder.ts";
import { apiProgram, findApi, usualPort } from "./api.ts";
import { connectTo } from "./credentials.ts";
import { findOperator, operatorFiles } from "./operator.ts";
import { DEV_CLUSTER } from "./part.ts";
import { answers } from "./process.ts";
import type { Reporter } from "./terminal.ts";

/** One thing that `npm start` may need: what was found, and what to do where it is not enough. */
type Finding = { name: string; state: "ok" | "note" | "fault"; found: string; fix?: string };

type Check = () => Finding | Promise<Finding>;

/** A Go build, its modules and the cluster's own data. */
const DISK_NEEDED_GB = 8;

/** Checks in the order in which `npm start` meets them. False when it could not work here. */
export async function doctor(reporter: Reporter): Promise<boolean> {
  const checks: readonly Check[] = [
    node,
    plannedDatabase,
    api,
    plannedCluster,
    docker,
    go,
    realNodes,
    disk,
    operator,
    network,
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await check());
  const healthy = findings.every(({ state }) => state !== "fault");
  const marks = { ok: "✓", note: "·", fault: "✗" } as const;
  const lines = findings.flatMap(({ name, state, found, fix }) => [
    `  ${marks[state]} ${name.padEnd(12)} ${found}`,
    ...(fix === undefined ? [] : [`    ${" ".repeat(12)} -> ${fix}`]),
  ]);
  reporter.result({ healthy, findings }, [
    ...lines,
    "",
    healthy ? "npm start can work here." : "npm start cannot work here yet.",
  ]);
  return healthy;
}

function node(): Finding {
  return { name: "Node", state: "ok", found: process.versions.node };
}

async function plannedDatabase(): Promise<Finding> {
  const name = "database";
  try {
    const options = { name: DEV_CLUSTER, lifetime: "detached", env: process.env, progress: () => undefined } as const;
    const plan = await planDatabase(options);
    const passed = plan.passedOver.map(({ rung, why }) => `not ${rung}: ${why}`).join("; ");
    return { name, state: "ok", found: `${plan.why}${passed === "" ? "" : ` (${passed})`}` };
  } catch (error) {
    return { name, state: "fault", found: messageOf(error), fix: "name one by DATABASE_URL, or start Docker" };
  }
}

async function api(): Promise<Finding> {
  const name = "API";
  const running = findApi(DEV_CLUSTER, process.env);
  if (running === undefined) return { name, state: "note", found: `not running; ${await portFound()}` };
  const found = `running on ${running.url}, pid ${running.pid}`;
  if (await answers(`${running.url}/health/ready`)) return { name, state: "ok", found };
  const { log } = apiProgram(DEV_CLUSTER, process.env);
  return { name, state: "note", found: `${found}; it does not answer`, fix: `npm start, or look into ${log}` };
}

async function portFound(): Promise<string> {
  const wanted = usualPort(process.env);
  const free = await freePortFrom(wanted);
  return free === wanted ? `port ${wanted} is free` : `port ${wanted} is taken, it would take ${free}`;
}

async function plannedCluster(): Promise<Finding> {
  try {
    const options = { name: DEV_CLUSTER, purpose: "dev", lifetime: "detached", progress: () => undefined } as const;
    const plan = await planCluster(options);
    const passed = plan.passedOver.map(({ rung, why }) => `not ${rung}: ${why}`).join("; ");
    return { name: "cluster", state: "ok", found: `${plan.why}${passed === "" ? "" : ` (${passed})`}` };
  } catch (error) {
    return { name: "cluster", state: "fault", found: messageOf(error) };
  }
}

function docker(): Finding {
  const { status, stdout } = run("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (status === 0) return { name: "Docker", state: "ok", found: `daemon ${stdout}` };
  return { name: "Docker", state: "note", found: "no daemon answers; needed only for the Docker rung" };
}

function go(): Finding {
  const { status, stdout } = run("go", ["env", "GOVERSION"]);
  if (status === 0) return { name: "Go", state: "ok", found: stdout };
  return {
    name: "Go",
    state: "note",
    found: "not installed; needed only to build a local Kubernetes",
    fix: "https://go.dev/dl",
  };
}

async function realNodes(): Promise<Finding> {
  const name = "real nodes";
  if (process.platform !== "linux")
    return { name, state: "note", found: "only on Linux; elsewhere use Docker, kind or minikube" };
  if (process.getuid?.() !== 0) {
    return {
      name,
      state: "note",
      found: "need root; without it a local Kubernetes has simulated nodes",
      fix: "sudo npm start, or use kind",
    };
  }
  const { impossible, packages } = await nodeRequirements(process.env);
  if (impossible !== undefined) return { name, state: "note", found: impossible };
  if (packages.length === 0) return { name, state: "ok", found: "root, and all programs are here" };
  return {
    name,
    state: "note",
    found: `missing: ${packages.join(", ")}; npm start installs them with apt-get`,
  };
}

async function disk(): Promise<Finding> {
  const cache = cacheFolder(process.env);
  const { bavail, bsize } = await statfs(existsSync(cache) ? cache : dirname(dirname(cache))).catch(() => statfs("/"));
  const gigabytes = Math.floor((bavail * bsize) / 1e9);
  const found = `${gigabytes} GB free where the cache is`;
  if (gigabytes >= DISK_NEEDED_GB) return { name: "disk", state: "ok", found };
  return {
    name: "disk",
    state: "fault",
    found,
    fix: `free ${DISK_NEEDED_GB - gigabytes} GB, or point XDG_CACHE_HOME and XDG_DATA_HOME at a larger disk`,
  };
}

function operator(): Finding {
  const running = findOperator(operatorFiles(DEV_CLUSTER, process.env));
  return {
    name: "operator",
    state: "note",
    found: running === undefined ? "not running" : `running, pid ${running.pid}`,
  };
}

const probeResult = z.object({ data: z.object({ verdict: z.string(), message: z.string() }) });

/** What the running operator found about its cluster's network; the message brings the fix. */
async function network(): Promise<Finding> {
  const name = "network";
  const files = operatorFiles(DEV_CLUSTER, process.env);
  if (findOperator(files) === undefined) return { name, state: "note", found: "not probed: no operator runs" };
  try {
    const transport = await connectTo(files.kubeconfig);
    const path = objectPath(KINDS.ConfigMap, { name: NETWORK_PROBE, namespace: SYSTEM_NAMESPACE });
    const answer = await transport.send({ method: "GET", path }).finally(() => transport.close());
    const { verdict, message } = probeResult.parse(answer).data;
    return { name, state: verdict === "Enforced" ? "ok" : "note", found: message };
  } catch (error) {
    return { name, state: "note", found: `not known yet: ${messageOf(error)}` };
  }
}

function run(command: string, args: string[]): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 3_000 });
  return { status, stdout: (stdout ?? "").trim() };
}
