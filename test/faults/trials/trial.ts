import { type KubeObject, recordOf } from "@leanvibe/runtime";
import { LABELS } from "@leanvibe/schema";
import {
  type Api,
  apiOf,
  CHILD_KINDS,
  conditionOf,
  connectAs,
  kubeconfigPath,
  Operator,
  TENANTS,
  tenantManifest,
} from "../../harness/cluster.ts";
import { type Interception, type RecordingProxy, recordingProxy } from "../../harness/recording-proxy.ts";
import { within } from "../workloads.ts";

/** What a trial found: one figure beside what it must be. */
export type Finding = {
  what: string;
  value: string;
  bar: string;
  holds: boolean;
  /** Does it say how long something took? Then another machine may find otherwise. */
  timed?: boolean;
};

/** Tells how far a trial is; it may take an hour. */
export type Say = (text: string) => void;

export const inSilence: Say = () => undefined;

/** An operator behind a proxy that knows what it sends, and other people's way to the API server. */
export type Stage = { api: Api; proxy: RecordingProxy; operator: Operator; close(): Promise<void> };

export async function openStage(interception?: Interception): Promise<Stage> {
  const api = apiOf(await connectAs());
  const proxy = await recordingProxy(kubeconfigPath(), interception);
  const operator = await Operator.start(api.transport, { server: proxy.url });
  return {
    api,
    proxy,
    operator,
    async close() {
      await operator.stop();
      await proxy.close();
      await api.transport.close();
    },
  };
}

/** Nothing of what a healthy operator never says is in its log; gives what is. */
export function complaintsIn(log: string): string[] {
  const lines = log.split("\n").filter((line) => line !== "");
  // A stack trace of Node's own is no JSON.
  return lines.filter((line) => !line.startsWith("{") || /^\{"level":[5-9]0/.test(line));
}

const SIDE_BY_SIDE = 16;

/** Does it for each, some at once. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  atOnce = SIDE_BY_SIDE,
): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export const OWNERS = [{ kind: "User", name: "jane@example.com" }];

export async function makeTenants(
  api: Api,
  names: readonly string[],
  spec: Record<string, unknown> = {},
): Promise<void> {
  await each(names, (name) => api.create(TENANTS, tenantManifest(name, { owners: OWNERS, ...spec })));
}

/** Is it Ready, as of the spec that stands now? */
export function isReady(tenant: KubeObject | undefined): boolean {
  const fresh = recordOf(tenant?.["status"])["observedGeneration"] === tenant?.metadata.generation;
  return fresh && conditionOf(tenant, "Ready")?.status === "True";
}

/** Waits until all Tenants that there are are Ready; gives those that are not in time. */
export async function unready(api: Api, seconds: number): Promise<string[]> {
  let left: string[] = [];
  await within(
    seconds,
    async () => {
      left = (await api.list(TENANTS, "")).filter((tenant) => !isReady(tenant)).map(({ metadata }) => metadata.name);
      return left.length === 0;
    },
    500,
  );
  return left;
}

/** resourceVersions of all Tenants and of all their children: what is written to, by whomever, has another one. */
export async function versionsOf(api: Api): Promise<Map<string, string>> {
  const lists = await Promise.all([api.list(TENANTS, ""), ...CHILD_KINDS.map((kind) => api.list(kind, LABELS.tenant))]);
  return new Map(
    lists
      .flat()
      .map(({ kind, metadata }) => [
        `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
        `${metadata.uid} ${metadata.resourceVersion}`,
      ]),
  );
}

/** A write of the operator's, for people. */
export function told({ method, path, status }: { method: string; path: string; status: number }): string {
  return `${method} ${path.replace(/^\/apis?\//, "")} ${status}`;
}

/** How many, and the first of them. */
export function list(names: readonly string[]): string {
  return names.length === 0 ? "0" : `${names.length}: ${names.slice(0, 5).join("; ").slice(0, 600)}`;
}

/** Deletes every Tenant with all that is its own. */
export async function leftAfterAll(api: Api): Promise<string[]> {
  const all = await api.list(TENANTS, "");
  for (const { metadata } of all) {
    await api.patch(TENANTS, metadata, { spec: { deletionPolicy: "Delete" } });
    await api.remove(TENANTS, metadata);
  }
  let left: KubeObject[] = [];
  await within(
    60,
    async () => {
      const lists = [api.list(TENANTS, ""), ...CHILD_KINDS.map((kind) => api.list(kind, LABELS.tenant))];
      left = (await Promise.all(lists)).flat();
      return left.length === 0;
    },
    1_000,
  );
  return left.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
}
