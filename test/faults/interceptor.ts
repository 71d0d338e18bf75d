import { setTimeout as sleep } from "node:timers/promises";
import { type KubeObject, recordOf } from "@leanvibe/runtime";
import { LEASES } from "@leanvibe/schema";
import type { Answer, Interception, Pass, Recorded } from "../harness/recording-proxy.ts";
import { lineAddress, Numbers, targetOf, writeAddress } from "./address.ts";
import { withPauses } from "./lines.ts";
import {
  type Fault,
  isStorm,
  isWatchFault,
  isWriteFault,
  lotOf,
  type Plan,
  type WatchFault,
  type WriteFault,
} from "./plan.ts";

/** A write of the operator's, as the API server answered it (0: it was never asked), and what the fault made of it. */
export type Write = { address: string; object: string; method: string; status: number; at: number; uid: boolean };

/** What one run met, from arming to disarming. */
export type Run = {
  prefix: string;
  plan: Plan;
  writes: Write[];
  /** Addresses of the watches' lines. */
  lines: string[];
  /** Faults that came to pass, each with performance.now(). */
  fired: Map<Fault, number>;
};

type WatchLine = { type: string; object: KubeObject };

/**
 * Stands between one operator and the API server, and makes of the cluster a world of its own: lists and watches show
 * only what carries the slot's token, and the Lease is the slot's. So several unmodified operators work side by side,
 * each on its own workload, and a fault of one is never another's.
 */
export class Interceptor implements Interception {
  readonly #token: string;
  readonly #kill: () => void;
  #run: Run;
  #numbers = new Numbers();
  /** Watches that were cut by a half-open connection wait for this. */
  #release = Promise.withResolvers<void>();

  constructor(token: string, kill: () => void) {
    this.#token = token;
    this.#kill = kill;
    this.#run = emptyRun();
  }

  /** From now on events are numbered anew, and the plan's faults happen. */
  arm(plan: Plan, prefix: string): Run {
    this.#run = { ...emptyRun(), prefix, plan };
    this.#numbers = new Numbers();
    return this.#run;
  }

  /** No fault any more; what was held back half-open breaks. */
  disarm(): void {
    this.#run = { ...emptyRun(), prefix: this.#run.prefix };
    this.#release.resolve();
    this.#release = Promise.withResolvers<void>();
  }

  request = async (request: Recorded, pass: Pass): Promise<Answer | undefined> => {
    if (request.path.includes("/leases")) return pass(this.#leaseOf(request));
    if (request.method === "GET") return this.#mine(request, await pass());
    const run = this.#run;
    const address = this.#numbers.next(writeAddress(request, run.prefix));
    const uid = request.method !== "DELETE" || request.body.includes('"preconditions":{"uid":"');
    const { method } = request;
    const write = { address, object: objectOf(address), method, status: 0, at: performance.now(), uid };
    run.writes.push(write);
    const fault =
      take(run, (one): one is WriteFault => isWriteFault(one) && one.write === address) ?? stormy(run, address);
    if (fault === undefined) {
      const answer = await pass();
      write.status = answer.status;
      return answer;
    }
    const passed = async () => {
      const answer = await pass();
      write.status = answer.status;
      return answer;
    };
    const real = fault.when === "after" ? await passed() : undefined;
    return this.#befall(fault.action, real, passed);
  };

  async #befall(
    action: WriteFault["action"],
    real: Answer | undefined,
    passed: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (action.do === "kill") {
      this.#kill();
      return undefined;
    }
    if (action.do === "drop") return undefined;
    if (action.do === "answer") return refusal(action.status, action.retryAfterSeconds);
    await sleep(action.milliseconds);
    return real ?? passed();
  }

  async *watch({ path }: Recorded, lines: AsyncIterable<string>): AsyncGenerator<string> {
    let overtaken: string[] = [];
    for await (const line of withPauses(this.#ownLines(path, lines), () => overtaken.length > 0)) {
      const fault = line === undefined ? undefined : this.#faultOf(line);
      if (line !== undefined && fault?.action.do === "swap") {
        overtaken = [line];
        continue;
      }
      if (line !== undefined && (yield* this.#passed(line, fault)) === "end") return;
      yield* overtaken;
      overtaken = [];
    }
  }

  async *#ownLines(path: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const line of lines) {
      const { type, object } = JSON.parse(line) as WatchLine;
      // Of no object's are where the watch stands, and why it ends.
      if (type === "BOOKMARK" || type === "ERROR" || this.#isMine(object, path)) yield line;
    }
  }

  #faultOf(line: string): WatchFault | undefined {
    const run = this.#run;
    const { type, object } = JSON.parse(line) as WatchLine;
    const base = lineAddress(type, object, run.prefix);
    if (base === undefined) return undefined;
    const address = this.#numbers.next(base);
    run.lines.push(address);
    return take(run, (one): one is WatchFault => isWatchFault(one) && one.watch === address);
  }

  async *#passed(line: string, fault: WatchFault | undefined): AsyncGenerator<string, "end" | "on"> {
    if (fault === undefined) {
      yield line;
      return "on";
    }
    const { action } = fault;
    if (action.do === "close") return "end";
    if (action.do === "halfOpen") {
      await this.#release.promise;
      return "end";
    }
    if (action.do === "gone") {
      yield JSON.stringify({
        type: "ERROR",
        object: { kind: "Status", code: 410, reason: "Expired", message: "gone" },
      });
      return "end";
    }
    if (action.do === "garbage") yield line.slice(0, line.length / 2);
    if (action.do === "duplicate") yield line;
    if (action.do === "hold") await sleep(action.milliseconds);
    yield line;
    return "on";
  }

  #isMine({ metadata }: KubeObject, path: string): boolean {
    // What concerns nobody in particular is everybody's.
    if (path.includes("customresourcedefinitions")) return true;
    return `${metadata.namespace ?? ""}/${metadata.name}`.includes(this.#token);
  }

  #mine({ path }: Recorded, answer: Answer): Answer {
    if (answer.status !== 200) return answer;
    const body = recordOf(JSON.parse(answer.body));
    if (!Array.isArray(body["items"])) return answer;
    const items = body["items"].filter((item: KubeObject) => this.#isMine(item, path));
    return { ...answer, body: JSON.stringify({ ...body, items }) };
  }

  #leaseOf({ path, body }: Recorded): { path: string; body: string } {
    const mine = `${LEASES.operator}-${this.#token}`;
    const { name } = targetOf(path);
    if (name === LEASES.operator) return { path: path.replace(/[^/]+$/, mine), body };
    const lease = JSON.parse(body) as KubeObject;
    return { path, body: JSON.stringify({ ...lease, metadata: { ...lease.metadata, name: mine } }) };
  }
}

/** Finds the fault and notes that it happened: each happens once. */
function take<F extends Fault>({ plan, fired }: Run, isIt: (fault: Fault) => fault is F): F | undefined {
  const fault = plan.faults.find((one): one is F => !fired.has(one) && isIt(one));
  if (fault !== undefined) fired.set(fault, performance.now());
  return fault;
}

const STORM_STATUSES = [409, 429, 500, 503, 504];

/** What a storm does to this write, by the plan's seed and the write's address alone. */
function stormy({ plan, fired }: Run, address: string): WriteFault | undefined {
  const storm = plan.faults.find(isStorm);
  if (storm === undefined) return undefined;
  const since = fired.get(storm) ?? performance.now();
  fired.set(storm, since);
  const lot = lotOf(`${plan.seed} ${address}`);
  if (performance.now() - since > storm.seconds * 1000 || lot % 100 >= storm.storm) return undefined;
  const status = STORM_STATUSES[Math.floor(lot / 100) % STORM_STATUSES.length] ?? 500;
  const when = Math.floor(lot / 1000) % 2 === 0 ? "before" : "after";
  return {
    write: address,
    when,
    action: { do: "answer", status, ...(status === 429 ? { retryAfterSeconds: 1 } : {}) },
  };
}

function emptyRun(): Run {
  return { prefix: "\u0000", plan: { workload: "", seed: 0, faults: [] }, writes: [], lines: [], fired: new Map() };
}

/** `POST RoleBinding $-a/leanvibe-owners #2` is about `RoleBinding $-a/leanvibe-owners`. */
function objectOf(address: string): string {
  return address.split(" ").slice(1, 3).join(" ");
}

const REASONS: Record<number, string> = {
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function refusal(status: number, retryAfterSeconds: number | undefined): Answer {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason: REASONS[status] ?? "" };
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
    body: JSON.stringify({ ...body, message: `a fault was injected: ${status}` }),
  };
}
