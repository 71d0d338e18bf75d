import { rmSync } from "node:fs";
import { messageOf } from "@leanvibe/runtime";
import { NoCluster, type Plan, planCluster } from "../cluster/index.ts";
import { apiKubeconfig, findApi, gatewayPort } from "./api.ts";
import { clusterOptions, operate } from "./operate.ts";
import { DEV_CLUSTER, type Part, type UpOptions } from "./part.ts";
import { serve } from "./serve.ts";
import { duration } from "./terminal.ts";

/**
 * From nothing to an API that answers and a Ready Tenant. The two come up beside each other, and one that cannot be had
 * does not take the other away. In the foreground it then stays until the signal, and stops what it started.
 * @returns whether all of it is up
 * @throws ClusterRefused; what went wrong when nothing is up; the signal's reason, when what was started has stopped
 */
export async function up(options: UpOptions): Promise<boolean> {
  const begun = performance.now();
  const failures: unknown[] = [];
  const attempt = async (what: string, starting: Promise<Part>): Promise<Part[]> => {
    try {
      return [await starting];
    } catch (error) {
      failures.push(error);
      if (!options.signal.aborted) options.reporter.say(`  ✗ no ${what}: ${messageOf(error)}`);
      return [];
    }
  };
  const plan = await planned(options);
  // One of each a cluster: the local one and each context have their own.
  const name =
    !(plan instanceof NoCluster) && plan.context !== undefined
      ? `context-${encodeURIComponent(plan.context)}`
      : DEV_CLUSTER;
  // An API that begins now waits for the cluster that there will be, not for one of an earlier life.
  if (findApi(name, process.env) === undefined) rmSync(apiKubeconfig(name, process.env), { force: true });
  const both = { ...options, gatewayPort: await gatewayPort(name, process.env) };
  const cluster = plan instanceof NoCluster ? Promise.reject(plan) : operate(name, plan, both);
  // Who names one may be asked for a yes, before anything else happens.
  if (options.context !== undefined) await cluster;
  const parts = (
    await Promise.all([attempt("API", serve(name, both, !(plan instanceof NoCluster))), attempt("cluster", cluster)])
  ).flat();
  if (options.signal.aborted || parts.length === 0) {
    await stopAll(parts);
    throw options.signal.aborted ? options.signal.reason : failures[0];
  }
  tell(parts, { failed: failures.length > 0, seconds: (performance.now() - begun) / 1000 }, options);
  if (!options.detach && !parts.every(({ alreadyUp }) => alreadyUp)) await stay(parts, options);
  return failures.length === 0;
}

/** The plan for the cluster, told; or why there can be none. @throws ClusterRefused */
async function planned(options: UpOptions): Promise<Plan | NoCluster> {
  const { reporter } = options;
  const plan = await planCluster(clusterOptions(options)).catch((error: unknown) => {
    if (error instanceof NoCluster) return error;
    throw error;
  });
  if (plan instanceof NoCluster) return plan;
  reporter.say(`Cluster: ${plan.why}`);
  for (const { rung, why } of plan.passedOver) reporter.say(`  not ${rung}: ${why}`);
  reporter.say(`  expected: about ${duration(plan.expectedSeconds)}. ${plan.howToChooseOtherwise}`);
  return plan;
}

/** What is up, and what to type next. */
function tell(
  parts: readonly Part[],
  { failed, seconds }: { failed: boolean; seconds: number },
  { reporter }: UpOptions,
): void {
  const alreadyUp = parts.every((part) => part.alreadyUp);
  const upNow = alreadyUp ? "LeanVibe is up already." : `LeanVibe is up after ${duration(seconds)}.`;
  const logs = Object.assign({}, ...parts.map((part) => part.logs));
  const result = Object.assign({}, ...parts.map((part) => part.result));
  reporter.result({ ...result, alreadyUp, complete: !failed, seconds }, [
    "",
    `${failed ? "A part of LeanVibe is up; what is missing is said above." : upNow} Next, in another terminal:`,
    "",
    ...parts.flatMap(({ lines }) => [...lines.map((line) => `  ${line}`), ""]),
    ...Object.entries(logs).map(([name, log]) => `  log of ${name}: ${log}`),
  ]);
}

/** In the foreground, until somebody or something ends it. @throws Error when it was no person */
async function stay(parts: readonly Part[], { reporter, signal }: UpOptions): Promise<void> {
  reporter.say(
    "\nRunning in the foreground; Ctrl-C stops it and keeps the data. In the background: npm start -- --detach",
  );
  const reason = await Promise.race([untilAborted(signal), ...parts.map(({ ended }) => ended)]);
  if (!signal.aborted) {
    await stopAll(parts);
    throw new Error(reason ?? "a part ended by itself");
  }
  reporter.say("\nStopping...");
  await stopAll(parts);
  reporter.done("stopped; the data is kept (npm run reset removes it)");
}

async function stopAll(parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => part.stop()));
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
