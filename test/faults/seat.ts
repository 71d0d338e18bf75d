import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Api, kubeconfigPath, Operator, type OperatorOptions } from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";
import type { Interceptor, Place } from "./interceptor.ts";
import { PACE } from "./leadership.ts";
import { isDeposing } from "./plan.ts";
import { complaintsIn } from "./trials/trial.ts";

const ENVIRONMENT = {
  LEASE_SECONDS: String(PACE.leaseSeconds),
  RENEW_DEADLINE_SECONDS: String(PACE.renewDeadlineSeconds),
  RETRY_SECONDS: String(PACE.retrySeconds),
  // Operators are started hundreds of times: what Node makes of their text is kept, and halves what a start costs.
  NODE_COMPILE_CACHE: join(tmpdir(), "leanvibe-faults-compiled"),
};

/** Requests about a Lease are never tampered with here: only a machine that is too busy makes them late. */
const STARVED = /"the Lease was not renewed for 3 s"/;
const LOST = /"no longer leading; ending/;
/** Who was deposed looks at its Lease every few hundred milliseconds. */
const DEPOSED_MILLISECONDS = 8_000;

const LAST_BYTES_MILLISECONDS = 300;

/** How an operator is started, when not as everywhere. */
export type Started = Pick<OperatorOptions, "env" | "program">;

export type SeatOptions = Started & { api: Api; interceptor: Interceptor };

/** One operator, unmodified, as a process of its own with its own way to the API server; it is started again when it ends. */
export class Seat implements Place {
  /** Ends that no plan asked for, and starts that failed. */
  readonly unplanned: string[] = [];
  /** How often the machine was too slow for the operator to renew its Lease in time: it rightly ended then. */
  starved = 0;
  readonly #name: string;
  readonly #interceptor: Interceptor;
  #proxy: RecordingProxy | undefined;
  #operator: Operator | undefined;
  #starts = 1;
  /** Ends that are wanted, so that nobody is surprised. */
  #kills = 0;
  #restarting: Promise<void> = Promise.resolve();
  #read = 0;

  private constructor(name: string, interceptor: Interceptor) {
    this.#name = name;
    this.#interceptor = interceptor;
  }

  static async open(name: string, { api, interceptor, env, ...started }: SeatOptions): Promise<Seat> {
    const seat = new Seat(name, interceptor);
    seat.#proxy = await recordingProxy(kubeconfigPath(), interceptor.before(seat));
    seat.#operator = await Operator.start(api.transport, {
      ...started,
      env: { ...ENVIRONMENT, ...env },
      server: seat.#proxy.url,
    });
    seat.#guard(seat.#operator);
    return seat;
  }

  get process(): string {
    return `${this.#name}${this.#starts}`;
  }

  /** As a power cut; the next one is started at once. */
  kill(): void {
    const operator = this.#operator;
    if (operator === undefined) return;
    this.#kills += 1;
    operator.kill();
    this.#restarting = this.#restart(operator);
  }

  async pause(milliseconds: number): Promise<void> {
    this.#operator?.signal("SIGSTOP");
    await sleep(milliseconds);
    this.#operator?.signal("SIGCONT");
    await this.deposed();
  }

  async deposed(): Promise<void> {
    await Promise.race([this.#operator?.ended, sleep(DEPOSED_MILLISECONDS)]);
    await this.#restarting;
  }

  /** Resolves when the process that ended last has a successor. */
  get restarted(): Promise<void> {
    return this.#restarting;
  }

  /** What its log says since the last time we looked that no healthy operator says. */
  complaints(): string[] {
    const news = this.#lastLog();
    this.#read += news.length;
    // Who lost its Lease says so and ends; whether it should have is judged by its end.
    return complaintsIn(news).filter((line) => !LOST.test(line));
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
  }

  #lastLog(): string {
    return this.#operator === undefined ? "" : readFileSync(this.#operator.log, "utf8").slice(this.#read);
  }

  async #restart(operator: Operator): Promise<void> {
    await operator.ended;
    // What it had sent may still be on its way through the proxy, and is its own.
    await sleep(LAST_BYTES_MILLISECONDS);
    this.#starts += 1;
    try {
      await operator.restart();
      this.#guard(operator);
    } catch (error) {
      this.unplanned.push(`not started again: ${String(error)}`);
    }
  }

  /** Ends of themselves are noted, and mended so that the next plan finds an operator. */
  #guard(operator: Operator): void {
    const kills = this.#kills;
    void operator.ended.then((code) => {
      if (kills !== this.#kills) return;
      this.#ended(code);
      this.#restarting = this.#restart(operator);
    });
  }

  #ended(code: number | undefined): void {
    const lost = code === 1 && LOST.test(this.#lastLog());
    if (lost && this.#interceptor.plan.faults.some(isDeposing)) return;
    if (lost && STARVED.test(this.#lastLog())) this.starved += 1;
    else this.unplanned.push(`the operator ended by itself with ${code ?? "a signal"}`);
  }
}
