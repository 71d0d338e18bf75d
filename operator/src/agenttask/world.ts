import type { Cache, KubeObject } from "@leanvibe/runtime";
import type { AgentReport, AgentTask } from "@leanvibe/schema";
import type { AgentSettings } from "../config.ts";
import type { Verdict } from "../probe/verdict.ts";

/** The task's Job, as far as it is read. */
export type Job = {
  /** As it was seen, and where, to be patched. */
  object: KubeObject;
  cache: Cache;
  name: string;
  uid: string;
  createdAt: string;
  /** How long the Job controller lets it run, from {@link startedAt}. */
  deadlineSeconds: number | undefined;
  /** What it may work yet, as it was noted when it was last told to rest; undefined before that. */
  timeLeft: TimeLeft | undefined;
  /**
   * When it was last let run, by the Job controller, which counts its deadline from then; undefined before it has seen it.
   * Of a Job that rests Kubernetes keeps the start of the work before up to 1.35, and takes it away from 1.36 on.
   */
  startedAt: number | undefined;
  /** Is it asked to rest? */
  suspended: boolean;
  /** Has the Job controller seen that, and ended its pods? */
  resting: boolean;
  finished: { how: "Complete" | "Failed"; reason: string; message: string; at: number } | undefined;
};

/** How many seconds, when the work that began at `since` was over. */
export type TimeLeft = { seconds: number; since: number };

/** How a container of a pod fares. */
export type Container = {
  name: string;
  /** Without one no runtime has ever run it. */
  id: string;
  waiting: { reason: string; message: string } | undefined;
  isRunning: boolean;
  ended: { exitCode: number; reason: string } | undefined;
  /** How it ended before it was started again, as the sandbox is. */
  fell: { exitCode: number; reason: string } | undefined;
};

export type Pod = {
  name: string;
  uid: string;
  createdAt: string;
  isGoing: boolean;
  phase: string;
  /** Of the pod itself, such as Evicted. */
  reason: string;
  /** Why the cluster took it away; undefined where it did not. */
  disruption: string | undefined;
  /** Why no node takes it; undefined where one did, or nobody has looked yet. */
  unschedulable: string | undefined;
  containers: readonly Container[];
};

/** What the agent says, once it was looked at: by whom it is, or why it is not believed. */
export type Said = { podUID: string; report: AgentReport } | { refused: string };

/** What stands of the agents' fence in the task's namespace. */
export type Fence = {
  /** What is not there yet, as `Kind name`. */
  missing: readonly string[];
  network: Verdict | undefined;
};

/** Whose the task's namespace is. */
export type Home = {
  tenant: string;
  isSuspended: boolean;
  isGoing: boolean;
  runtimeClassName: string | undefined;
  /** Does the platform's API keep what becomes of its tasks? */
  isMirrored: boolean;
};

/** Is it the task's turn? `soon` says that nothing but the operator itself is in between. */
export type Turn = "granted" | "soon" | { position: number };

/** What a task's decision depends on besides its Job. */
export type World = {
  /** Undefined where the namespace is no Tenant's. */
  home: Home | undefined;
  fence: Fence;
  turn: Turn | undefined;
  pods: readonly Pod[];
  said: Said | undefined;
  settings: AgentSettings;
  /** Are Jobs of other tasks to be made, whose turn it is? What tells nobody anything new waits for them. */
  jobsComeFirst: boolean;
};

/** What a task is decided from, in one piece. */
export type Case = { task: AgentTask; world: World; job: Job | undefined; now: Date };
