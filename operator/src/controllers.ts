import type { Applier, Controller, EventRecorder, Informers, Kind, Log, Metrics } from "@leanvibe/runtime";
import { AGENT_TASK_OWNS, agentTaskController } from "./agenttask/controller.ts";
import type { AgentSettings } from "./config.ts";
import { networkProbe } from "./probe/controller.ts";
import { TENANT_OWNS, tenantController } from "./tenant/controller.ts";

/** What every controller is given. */
export type ControllerEnvironment = {
  informers: Informers;
  applier: Applier;
  record: EventRecorder;
  log: Log;
  metrics: Metrics;
  now: () => Date;
  /** Keys worked at the same time. */
  workers: number;
  /** Image of the pods that prove the cluster's network; empty where nothing shall be probed. */
  networkProbeImage: string;
  agents: AgentSettings;
};

/** What a controller does in the API, from which its rights are made: nothing it does not own, no wildcards. */
export type Owns = {
  kind: Kind;
  children: readonly Kind[];
  binds: readonly string[];
  reads: readonly Right[];
};

/** Verbs on objects of these names, or of all where none is named. */
export type Right = { kind: Kind; names: readonly string[]; verbs: readonly string[] };

/** All controllers of the operator. What owns nothing has its rights in its own folder. */
export const CONTROLLERS: readonly { create: (environment: ControllerEnvironment) => Controller; owns?: Owns }[] = [
  { create: tenantController, owns: TENANT_OWNS },
  { create: agentTaskController, owns: AGENT_TASK_OWNS },
  { create: networkProbe },
];
