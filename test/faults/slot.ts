import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KINDS } from "@leanvibe/runtime";
import { SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { type Api, kubeconfigPath, Operator } from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";
import { Interceptor } from "./interceptor.ts";

/** So short that a killed leader is replaced in seconds, and long enough for several operators on a busy machine. */
const PACE = { LEASE_SECONDS: "4", RENEW_DEADLINE_SECONDS: "3", RETRY_SECONDS: "0.3" };
/** Operators are started hundreds of times: what Node makes of their text is kept, and halves what a start costs. */
const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), "leanvibe-faults-compiled") };

/** Requests about a Lease are never tampered with here: only a machine that is too busy makes them late. */
const STARVED = /"the Lease was not renewed for 3 s"/;

type Started = { env?: NodeJS.ProcessEnv; program?: string };

/** One operator, unmodified and as a process of its own, in a world of its own; it is started again when it is killed. */
export class Slot {
  readonly token: string;
  readonly interceptor: Interceptor;
  /** Ends that no plan asked for, and starts that failed. */
  readonly unplanned: string[] = [];
  /** How often the machine was too slow for an operator to renew its Lease in time: it rightly ended then. */
  starved = 0;
  readonly #api: Api;
  #proxy: RecordingProxy | undefined;
  #operator: Operator | undefined;
  #kills = 0;
  #restarting: Promise<void> = Promise.resolve();
  #read = 0;

  private constructor(api: Api, token: string) {
    this.#api = api;
    this.token = token;
    this.interceptor = new Interceptor(token, () => this.kill());
  }

  static async open(api: Api, token: string, { env, program }: Started = {}): Promise<Slot> {
    const slot = new Slot(api, token);
    slot.#proxy = await recordingProxy(kubeconfigPath(), slot.interceptor);
    slot.#operator = await Operator.start(api.transport, {
      env: { ...PACE, ...COMPILED, ...env },
      server: slot.#proxy.url,
      ...(program === undefined ? {} : { program }),
    });
    slot.#guard(slot.#operator, slot.#kills);
    return slot;
  }

  /** As a power cut; the next one is started at once. */
  kill(): void {
    const operator = this.#operator;
    if (operator === undefined) return;
    this.#kills += 1;
    operator.kill();
    this.#restarting = this.#restart(operator);
  }

  /** Resolves when the operator that was killed last has a successor. */
  get restarted(): Promise<void> {
    return this.#restarting;
  }

  /** What its log says since the last time we looked that no healthy operator says. */
  complaints(): string[] {
    const news = this.#lastLog();
    this.#read += news.length;
    // A stack trace of Node's own is no JSON.
    const lines = news.split("\n").filter((line) => line !== "");
    return lines.filter((line) => !line.startsWith("{") || (/^\{"level":[5-9]0/.test(line) && !STARVED.test(line)));
  }

  /** What it says about failures that it retries: why something did not converge. */
  warnings(): string[] {
    return this.#lastLog()
      .split("\n")
      .filter((line) => /^\{"level":40/.test(line));
  }

  async close(): Promise<void> {
    await this.#restarting;
    this.#kills += 1;
    await this.#operator?.stop();
    await this.#proxy?.close();
    await this.#api.remove(KINDS.Lease, { name: `leanvibe-operator-${this.token}`, namespace: SYSTEM_NAMESPACE });
  }

  #lastLog(): string {
    return this.#operator === undefined ? "" : readFileSync(this.#operator.log, "utf8").slice(this.#read);
  }

  async #restart(operator: Operator): Promise<void> {
    await operator.ended;
    try {
      await operator.restart();
      this.#guard(operator, this.#kills);
    } catch (error) {
      this.unplanned.push(`not started again: ${String(error)}`);
    }
  }

  /** Ends of themselves are noted, and mended so that the next plan finds an operator. */
  #guard(operator: Operator, kills: number): void {
    void operator.ended.then((code) => {
      if (kills !== this.#kills) return;
      if (code === 1 && this.#lastLog().match(STARVED)) this.starved += 1;
      else this.unplanned.push(`the operator ended by itself with ${code ?? "a signal"}`);
      this.#restarting = this.#restart(operator);
    });
  }
}

/** The operator's own rights name its one Lease; here every slot has another. */
export async function allowLeases(api: Api): Promise<void> {
  const metadata = { name: "leanvibe-fault-leases", namespace: SYSTEM_NAMESPACE };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const rules = [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "patch", "create"] }];
  const role = { ...KINDS.RoleBinding, kind: "Role", plural: "roles" };
  const subjects = [{ kind: "ServiceAccount", name: SERVICE_ACCOUNTS.operator, namespace: SYSTEM_NAMESPACE }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name };
  if ((await api.find(role, metadata.name, SYSTEM_NAMESPACE)) !== undefined) return;
  await api.create(role, { apiVersion, kind: "Role", metadata, rules });
  await api.create(KINDS.RoleBinding, { apiVersion, kind: "RoleBinding", metadata, roleRef, subjects });
}
