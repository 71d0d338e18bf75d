import type { Applier, Controller, EventRecorder, Informers, Kind, Log, Metrics } from "@leanvibe/runtime";
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
};

/** What a controller does in the API, from which its rights are made: nothing it does not own, no wildcards. */
export type Owns = {
  kind: Kind;
  children: readonly Kind[];
  binds: readonly string[];
  reads: readonly { kind: Kind; names: readonly string[]; verbs: readonly string[] }[];
};

/** All controllers of the operator. */
export const CONTROLLERS: readonly { create: (environment: ControllerEnvironment) => Controller; owns: Owns }[] = [
  { create: tenantController, owns: TENANT_OWNS },
];
