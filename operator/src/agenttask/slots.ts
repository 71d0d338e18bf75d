import { TASK_PRIORITIES, type TaskPriority } from "@leanvibe/schema";
import { Line, Ring, TOLD_AT_MOST } from "./line.ts";
import type { Turn } from "./world.ts";

/** What is known of a task that waits for its turn. */
export type Claim = { tenant: string; priority: TaskPriority; createdAt: string };

/** Positions are told no more often, so that a queue that moves is not a write to each of its tasks. */
const TELL_MILLISECONDS = 30_000;

type Entry = Claim & {
  state: "waiting" | "starting" | "running";
  told: { position: number; at: number } | undefined;
};

type Lane = { used: number; lines: Record<TaskPriority, Line> };

export type SlotsOptions = {
  /** How many tasks the Tenant's plan lets run at the same time. */
  limitOf: (tenant: string) => number;
  /** How many run at the same time in the whole cluster. */
  slots: number;
  /**
   * How many may be on their way to a Job at the same time, urgent ones apart. What comes next is decided only then: a
   * Tenant that has just come never waits behind more than these.
   */
  starting: number;
  /** It is this task's turn. */
  grant: (key: string) => void;
  /** A task is on its way to a Job, and none was before. */
  begun: () => void;
  /** No task is on its way to a Job any more. */
  rested: () => void;
  /** This task has come so far to the front that its position is told. */
  moved: (key: string) => void;
};

/**
 * Who runs: never more of a Tenant's tasks than its plan allows, and among those that may start urgent ones first, then
 * Tenants in turn. One view of all tasks, in memory and made anew at each start from what the caches hold; each change
 * costs the same, however many wait.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, Lane>();
  /** Tenants that have something waiting and room for it. */
  readonly #rings = { urgent: new Ring(), others: new Ring() };
  #used = 0;
  #starting = 0;
  /** Urgent ones among these. */
  #urgent = 0;
  /** Has none of them come to rest since the last was let begin? */
  #isBusy = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** The task could start: is it its turn? Asked again it keeps what it got. `now` is of a clock in milliseconds. */
  ask(key: string, claim: Claim, now: number): Turn {
    const known = this.#entries.get(key);
    // Of the same name, and made anew or in a namespace that has another Tenant by now.
    if (known !== undefined && (known.tenant !== claim.tenant || known.createdAt !== claim.createdAt)) this.leave(key);
    const entry = this.#entries.get(key) ?? this.#enter(key, claim);
    if (entry.state === "waiting") this.#pump(key);
    return entry.state === "waiting" ? this.#turnOf(key, entry, now) : "granted";
  }

  /** The task has a Job that works, whoever let it begin. */
  runs(key: string, claim: Claim): void {
    const entry = this.#entries.get(key) ?? { ...claim, state: "waiting", told: undefined };
    if (entry.state === "running") return;
    if (this.#entries.has(key)) this.#drop(key, entry);
    this.#entries.set(key, entry);
    this.#take(entry, "running");
    this.#goOn();
  }

  /** Its turn was used, or came to nothing for now: whoever is next need not wait for it, but its place is kept. */
  tried(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== "starting") return;
    this.#arrived(entry);
    entry.state = "running";
    this.#goOn();
  }

  /** Are others on their way to a Job? */
  othersStart(key: string): boolean {
    return this.#starting > (this.#entries.get(key)?.state === "starting" ? 1 : 0);
  }

  /** The task neither runs nor waits. */
  leave(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#drop(key, entry);
    this.#entries.delete(key);
    this.#enlist(entry.tenant);
    this.#goOn();
  }

  /** The Tenant's plan is another one. */
  reconsider(tenant: string): void {
    this.#enlist(tenant);
    this.#pump();
  }

  /** After one more is out of the way. */
  #goOn(): void {
    this.#pump();
    if (!this.#isBusy || this.#starting > 0) return;
    this.#isBusy = false;
    this.#options.rested();
  }

  #enter(key: string, claim: Claim): Entry {
    const entry: Entry = { ...claim, state: "waiting", told: undefined };
    this.#entries.set(key, entry);
    this.#laneOf(claim.tenant).lines[claim.priority].add({ key, at: claim.createdAt });
    this.#enlist(claim.tenant);
    return entry;
  }

  #turnOf(key: string, entry: Entry, now: number): Turn {
    const lane = this.#laneOf(entry.tenant);
    const position = positionOf(key, entry, lane);
    const room = this.#options.limitOf(entry.tenant) - lane.used;
    if (position <= room && this.#used < this.#options.slots) return "soon";
    if (entry.told === undefined || now - entry.told.at >= TELL_MILLISECONDS) entry.told = { position, at: now };
    return { position: entry.told.position };
  }

  /** Lets begin what may; `asking` is looked at by who asks anyway. */
  #pump(asking?: string): void {
    while (this.#used < this.#options.slots) {
      const urgent = this.#rings.urgent.next();
      // What is urgent does not wait for those that are on their way.
      if (urgent === undefined && this.#starting >= this.#width) return;
      const tenant = urgent ?? this.#rings.others.next();
      if (tenant === undefined) return;
      const key = this.#nextOf(tenant, urgent !== undefined);
      if (key === undefined) continue;
      if (key !== asking) this.#options.grant(key);
      const moved = nth(this.#laneOf(tenant), TOLD_AT_MOST);
      if (moved !== undefined) this.#options.moved(moved);
    }
  }

  /** Takes the next of a Tenant's queue, if there is room for it. */
  #nextOf(tenant: string, isUrgent: boolean): string | undefined {
    const lane = this.#lanes.get(tenant);
    if (lane === undefined || lane.used >= this.#options.limitOf(tenant)) return undefined;
    const key = isUrgent ? lane.lines.urgent.first : nth(lane, 1);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined) return undefined;
    this.#drop(key, entry);
    this.#take(entry, "starting");
    this.#enlist(tenant);
    return key;
  }

  #take(entry: Entry, state: "starting" | "running"): void {
    entry.state = state;
    entry.told = undefined;
    this.#laneOf(entry.tenant).used += 1;
    this.#used += 1;
    if (state !== "starting") return;
    this.#starting += 1;
    if (entry.priority === "urgent") this.#urgent += 1;
    if (!this.#isBusy) this.#options.begun();
    this.#isBusy = true;
  }

  /**
   * How many may be on their way: with a few beside it the API server answers what is urgent in a fraction of the time. Never
   * none, so that whoever sends one urgent task after the other does not stop everybody else's.
   */
  get #width(): number {
    const { starting } = this.#options;
    return this.#urgent > 0 ? Math.ceil(starting / 4) : starting;
  }

  /** It is on its way no more. */
  #arrived({ state, priority }: Entry): void {
    if (state !== "starting") return;
    this.#starting -= 1;
    if (priority === "urgent") this.#urgent -= 1;
  }

  /** Out of where it is, wherever that is. */
  #drop(key: string, entry: Entry): void {
    const lane = this.#laneOf(entry.tenant);
    if (entry.state === "waiting") {
      lane.lines[entry.priority].remove({ key, at: entry.createdAt });
    } else {
      lane.used -= 1;
      this.#used -= 1;
      this.#arrived(entry);
    }
    if (lane.used === 0 && waiting(lane) === 0) this.#lanes.delete(entry.tenant);
  }

  /** Puts the Tenant where it is looked for, if it has something to look for. What it no longer has is seen in its turn. */
  #enlist(tenant: string): void {
    const lane = this.#lanes.get(tenant);
    if (lane === undefined || lane.used >= this.#options.limitOf(tenant)) return;
    if (lane.lines.urgent.size > 0) this.#rings.urgent.add(tenant);
    if (waiting(lane) > 0) this.#rings.others.add(tenant);
  }

  #laneOf(tenant: string): Lane {
    const known = this.#lanes.get(tenant);
    if (known !== undefined) return known;
    const lines = { urgent: new Line(), high: new Line(), medium: new Line(), low: new Line() };
    const lane = { used: 0, lines };
    this.#lanes.set(tenant, lane);
    return lane;
  }
}

function waiting({ lines }: Lane): number {
  return TASK_PRIORITIES.reduce((sum, priority) => sum + lines[priority].size, 0);
}

function positionOf(key: string, { priority, createdAt }: Entry, { lines }: Lane): number {
  const before = TASK_PRIORITIES.slice(0, TASK_PRIORITIES.indexOf(priority));
  const ahead = before.reduce((sum, each) => sum + lines[each].size, 0);
  return ahead + lines[priority].indexOf({ key, at: createdAt }) + 1;
}

function nth({ lines }: Lane, position: number): string | undefined {
  let left = position - 1;
  for (const priority of TASK_PRIORITIES) {
    if (left < lines[priority].size) return lines[priority].at(left);
    left -= lines[priority].size;
  }
  return undefined;
}
