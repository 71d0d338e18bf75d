import { setTimeout as sleep } from "node:timers/promises";
import { type KubeObject, recordOf } from "@leanvibe/runtime";
import type { Api } from "../harness/cluster.ts";
import type { Answer, Interception, Pass, Recorded } from "../harness/recording-proxy.ts";
import { lineAddress, Numbers, objectOf, writeAddress } from "./address.ts";
import { Cuts } from "./cuts.ts";
import { editing } from "./editors.ts";
import { emptyRun, type Run, take, type WatchLine, type Write } from "./events.ts";
import { hadEffect, Leadership, stealLease, toLeaseOf } from "./leadership.ts";
import { Reset, untilCut, withPauses } from "./lines.ts";
import { Past } from "./past.ts";
import { isWatchFault, isWriteFault, type Plan, type WatchFault, type WriteFault } from "./plan.ts";
import { refusal, stormy } from "./storm.ts";

/** One operator's place before the interceptor. */
export type Place = {
  /** Of the process that is there now: another one after each start. */
  readonly process: string;
  kill(): void;
  /** Stops it for a while; resolves when it is awake, or replaced because it had lost its Lease meanwhile. */
  pause(milliseconds: number): Promise<void>;
  /** Resolves when the process that is there now was replaced, having lost its Lease. */
  deposed(): Promise<void>;
};

/** A write on its way: who sent it, and how it is passed on. */
type Sent = { place: Place; run: Run; write: Write; pass: () => Promise<Answer> };

/**
 * Stands between operators and the API server, and makes of the cluster a world of its own: lists and watches show
 * only what carries the slot's token, and the Lease is the slot's. So several unmodified operators work side by side,
 * each on its own workload, and a fault of one is never another's.
 */
export class Interceptor {
  readonly #token: string;
  readonly #api: Api;
  readonly #cuts = new Cuts();
  readonly #past = new Past();
  readonly #leadership = new Leadership(() => this.#past.taken());
  #run = emptyRun();
  #numbers = new Numbers();
  /** Watches that were cut by a half-open connection wait for this. */
  #release = Promise.withResolvers<void>();

  /** `api` is other people's way to the API server. */
  constructor(token: string, api: Api) {
    this.#token = token;
    this.#api = api;
  }

  /** From now on events are numbered anew, and the plan's faults happen. */
  arm(plan: Plan, prefix: string): Run {
    this.#run = emptyRun(plan, prefix);
    this.#numbers = new Numbers();
    this.#cuts.arm(this.#run);
    return this.#run;
  }

  /** No fault any more; what was held back half-open breaks. */
  disarm(): void {
    this.#run = emptyRun(undefined, this.#run.prefix);
    this.#cuts.disarm();
    this.#release.resolve();
    this.#release = Promise.withResolvers<void>();
  }

  get plan(): Plan {
    return this.#run.plan;
  }

  /** What stands in the way of the operator in this place. */
  before(place: Place): Interception {
    return {
      request: (request, pass) => this.#request(place, request, pass),
      watch: (request, lines) => this.#watch(place, request, lines),
    };
  }

  async #request(place: Place, request: Recorded, pass: Pass): Promise<Answer | undefined> {
    const { process } = place;
    if (request.path.includes("/leases")) {
      const answer = await pass(toLeaseOf(this.#token, request));
      this.#leadership.answered(process, request, answer);
      return answer;
    }
    if (request.method === "GET") return this.#mine(request, await this.#read(request, pass));
    const run = this.#run;
    const address = this.#numbers.next(writeAddress(request, run.prefix));
    const { method } = request;
    const uid = method === "DELETE" ? /"preconditions":\{"uid":"([^"]+)"/.exec(request.body)?.[1] : undefined;
    const at = performance.now();
    const write = { address, object: objectOf(address), method, status: 0, at, uid, seen: this.#past.latest };
    run.writes.push(write);
    const fault =
      take(run, (one): one is WriteFault => isWriteFault(one) && one.write === address) ?? stormy(run, address);
    const passed = async () => {
      const { latest } = this.#past;
      const over = this.#leadership.over(process, performance.now());
      const answer = await pass();
      write.status = answer.status;
      if (over !== undefined && hadEffect(answer, latest) && !isBased(request))
        run.trespasses.push(`${address} of ${process}: ${over}`);
      this.#past.sawInBody(answer);
      return answer;
    };
    return fault === undefined ? passed() : this.#befall({ place, run, write, pass: passed }, fault);
  }

  async #read(request: Recorded, pass: Pass): Promise<Answer> {
    const query = this.#past.queryOf(request);
    const past = query === undefined ? undefined : await pass({ query });
    // A version that the API server has forgotten by now is none to show.
    return past?.status === 200 ? past : pass();
  }

  async #befall(sent: Sent, { action, when }: WriteFault): Promise<Answer | undefined> {
    const { place, run, pass } = sent;
    if (action.do === "pause") return this.#paused(sent, action.seconds * 1000, when);
    const real = when === "after" ? await pass() : undefined;
    switch (action.do) {
      case "stale":
        this.#past.show(run.writes.at(-action.back)?.seen ?? run.writes[0]?.seen ?? sent.write.seen);
        place.kill();
        return undefined;
      case "kill":
        place.kill();
        return undefined;
      case "drop":
        return undefined;
      case "answer":
        return refusal(action.status, action.retryAfterSeconds);
      case "delay":
        await sleep(action.milliseconds);
        return real ?? pass();
      case "steal":
        await stealLease(this.#api, this.#token);
        run.pending.push(place.deposed());
        return real ?? pass();
      case "edit":
        if (real !== undefined && real.status < 300)
          run.edits.push(editing(this.#api, JSON.parse(real.body) as KubeObject, action));
        return real ?? pass();
    }
  }

  /** Before: its bytes are under way for as long as the process does not know that time passes. */
  async #paused({ place, run, pass }: Sent, milliseconds: number, when: WriteFault["when"]): Promise<Answer> {
    const real = when === "after" ? await pass() : undefined;
    const awake = place.pause(milliseconds);
    run.pending.push(awake);
    if (real !== undefined) return real;
    await sleep(milliseconds);
    return pass();
  }

  async *#watch(place: Place, request: Recorded, lines: AsyncIterable<string>): AsyncGenerator<string> {
    const { path } = request;
    const cut = this.#cuts.opened(place.process, request);
    await this.#past.over;
    let overtaken: string[] = [];
    const mine = this.#ownLines(path, untilCut(lines, cut));
    for await (const line of withPauses(mine, () => overtaken.length > 0)) {
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
      if (type !== "ERROR") this.#past.sawIn(object);
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
    if (action.do === "reset") throw new Reset("the watch was reset");
    if (action.do === "halfOpen") {
      await this.#release.promise;
      return "end";
    }
    if (action.do === "gone") {
      const object = { kind: "Status", code: 410, reason: "Expired", message: "gone" };
      yield JSON.stringify({ type: "ERROR", object });
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
}

/** Does it say what it is based on? Then it changes nothing that a later leader wrote, however late it arrives. */
function isBased({ body }: Recorded): boolean {
  return /"resourceVersion":"\d+"/.test(body);
}
