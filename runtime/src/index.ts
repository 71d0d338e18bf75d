export { APPLIED_ANNOTATION, type Applier, deleteChild, holds, stamped } from "./apply.ts";
export { Cache, type Change, type Indexes } from "./cache.ts";
export {
  type Condition,
  type ConditionDraft,
  conditionsFrom,
  type EventDraft,
  eventsOfTransitions,
  secondsPrecision,
} from "./conditions.ts";
export {
  type AskedController,
  byKey,
  byLabel,
  type Controller,
  controller,
  type Source,
  unlessOwn,
} from "./controller.ts";
export { type Credentials, credentialsOf } from "./credentials.ts";
export { ELECTION_PACE, type Election, type ElectionPace, election } from "./election.ts";
export {
  ApiError,
  askedMilliseconds,
  failureLevel,
  isApiError,
  messageOf,
  NotLeading,
  Stalled,
  Waiting,
} from "./errors.ts";
export { createEventRecorder, type EventRecorder } from "./events.ts";
export { serveHealth } from "./health.ts";
export { type Informer, Informers } from "./informers.ts";
export type { Intervention, MergePatch } from "./intervene.ts";
export { sameJson, stableJson } from "./json.ts";
export {
  apiVersionOf,
  collectionPath,
  isNewer,
  KINDS,
  type Kind,
  type KubeObject,
  keyOf,
  labelOf,
  type Manifest,
  type ObjectMeta,
  objectPath,
  recordOf,
} from "./kubernetes.ts";
export { onStarterGone } from "./lifeline.ts";
export type { Log } from "./log.ts";
export { createMetrics, type Metrics } from "./metrics.ts";
export { type Outcome, type Priority, Queue } from "./queue.ts";
export { type Decision, type Definition, reconciler } from "./reconcile.ts";
export { allOf } from "./settled.ts";
export { type ApiRequest, connect, type Transport } from "./transport.ts";
