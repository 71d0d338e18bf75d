import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, objectPath } from "@leanvibe/runtime";
import { API_VERSION, TENANTS } from "@leanvibe/schema";
import { z } from "zod";
import { type Recorded, recordingProxy } from "../harness/recording-proxy.ts";
import type { BenchCluster } from "./cluster.ts";
import { type Command, startProcess } from "./process.ts";

/** One request that a Tenant takes, as rawwrite sends it for others: their name, uid and resourceVersion come in. */
export type Step = {
  user: "admin" | "operator";
  method: string;
  path: string;
  contentType: string;
  body: string;
  identifies: boolean;
};

/** As long as those of the benchmarks, so that each request is as long as the recorded one. */
const RECORDED = "bench-00000";

export function tenantNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${String(index + 1).padStart(5, "0")}`);
}

/** The Tenant of the benchmarks: a plan's defaults and one owner, so that rights have something to wait for. */
export function tenantStep(): Step {
  const body = {
    apiVersion: API_VERSION,
    kind: "Tenant",
    metadata: { name: "@NAME@" },
    spec: {
      organizationName: "Benchmark",
      adminEmail: "jane@bench.example",
      owners: [{ kind: "User", name: "jane@bench.example" }],
    },
  };
  return {
    user: "admin",
    method: "POST",
    path: collectionPath(TENANTS),
    contentType: "application/json",
    body: JSON.stringify(body),
    identifies: true,
  };
}

const tenantAnswer = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }).optional(),
});

/** Lets our operator work on one Tenant and gives what it wrote, the Tenant's own creation first. */
export async function recordSteps(cluster: BenchCluster, command: Command): Promise<Step[]> {
  const proxy = await recordingProxy(cluster.operatorKubeconfig);
  const kubeconfig = join(cluster.folder, "recorded-kubeconfig");
  writeFileSync(kubeconfig, pointedTo(proxy.url, readFileSync(cluster.operatorKubeconfig, "utf8")));
  const operator = await startProcess(command, kubeconfig, join(cluster.folder, "recorded.log"));
  try {
    const create = tenantStep();
    const body: unknown = JSON.parse(create.body.replaceAll("@NAME@", RECORDED));
    await cluster.admin.send({ method: "POST", path: create.path, body });
    const { metadata } = await ready(cluster);
    // Its Event comes right behind the status.
    await sleep(1_000);
    return [create, ...proxy.writes().map((write) => templateOf(write, metadata))];
  } finally {
    await operator.stop();
    await proxy.close();
  }
}

async function ready({ admin }: BenchCluster): Promise<z.output<typeof tenantAnswer>> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const path = objectPath(TENANTS, { name: RECORDED });
    const tenant = tenantAnswer.parse(await admin.send({ method: "GET", path }));
    if (tenant.status?.conditions.some(({ type, status }) => type === "Ready" && status === "True")) return tenant;
  }
  throw new Error("the recorded Tenant was not Ready within 30 s");
}

function templateOf(write: Recorded, { uid }: { uid: string }): Step {
  const general = (text: string) => text.replaceAll(RECORDED, "@NAME@").replaceAll(uid, "@UID@");
  const ofTenant = new RegExp(`/tenants/${RECORDED}(/status)?$`).test(write.path);
  const body = general(write.body);
  return {
    user: "operator",
    method: write.method,
    path: general(write.path + write.query),
    contentType: write.contentType,
    // The finalizer's patch and the status name the version they are about; an Event's says nothing to the API server.
    body: ofTenant ? body.replace(/"resourceVersion":"\d+"/, '"resourceVersion":"@VERSION@"') : body,
    identifies: ofTenant,
  };
}

const kubeconfigText = z.looseObject({
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })),
});

/** A kubeconfig whose programs find the API server at that address. */
export function pointedTo(server: string, text: string): string {
  const config = kubeconfigText.parse(JSON.parse(text));
  // The library takes plain HTTP for a mistake unless it is told so; only this machine hears the token.
  const clusters = config.clusters.map((entry) => ({
    ...entry,
    cluster: { server, "insecure-skip-tls-verify": true },
  }));
  return JSON.stringify({ ...config, clusters });
}
