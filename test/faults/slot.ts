import { KINDS } from "@leanvibe/runtime";
import { SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import type { Api } from "../harness/cluster.ts";
import { Interceptor } from "./interceptor.ts";
import { leaseName } from "./leadership.ts";
import type { Plan } from "./plan.ts";
import { Seat, type Started } from "./seat.ts";

/** One operator, or one and another that stands by, in a world of their own. */
export class Slot {
  readonly token: string;
  readonly interceptor: Interceptor;
  readonly #api: Api;
  readonly #start: Started;
  readonly #seats: Seat[] = [];

  private constructor(api: Api, token: string, start: Started) {
    this.#api = api;
    this.#start = start;
    this.token = token;
    this.interceptor = new Interceptor(token, api);
  }

  static async open(api: Api, token: string, start: Started = {}): Promise<Slot> {
    const slot = new Slot(api, token, start);
    await slot.#seat("a");
    return slot;
  }

  /** As many operators as the plan is about; one that stood by stays for the next plan that wants it. */
  async prepare({ standby = false }: Plan): Promise<void> {
    if (standby && this.#seats.length === 1) await this.#seat("b");
    if (!standby && this.#seats.length === 2) await this.#seats.pop()?.close();
  }

  get starved(): number {
    return this.#seats.reduce((sum, { starved }) => sum + starved, 0);
  }

  /** Resolves when every operator that ended has a successor. */
  get restarted(): Promise<unknown> {
    return Promise.all(this.#seats.map(({ restarted }) => restarted));
  }

  /** Ends that no plan asked for, and starts that failed; they are forgotten then. */
  unplanned(): string[] {
    return this.#seats.flatMap(({ unplanned }) => unplanned.splice(0));
  }

  complaints(): string[] {
    return this.#seats.flatMap((seat) => seat.complaints());
  }

  warnings(): string[] {
    return this.#seats.flatMap((seat) => seat.warnings());
  }

  async close(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.close()));
    await this.#api.remove(KINDS.Lease, { name: leaseName(this.token), namespace: SYSTEM_NAMESPACE });
  }

  async #seat(name: string): Promise<void> {
    this.#seats.push(await Seat.open(name, { api: this.#api, interceptor: this.interceptor, ...this.#start }));
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
