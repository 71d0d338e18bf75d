import type { PlanName } from "@leanvibe/schema";

/**
 * What each plan bounds beside what it is sold by: not for somebody to need more, but for nobody to have without end what
 * costs others something, such as names, or mail in our name.
 */
export const LIMITS: Readonly<Record<PlanName, Limits>> = {
  starter: { children: 3, invitationsPerHour: 30, openTasks: 20, tasksPerHour: 200, keptTasks: 1_000 },
  professional: { children: 25, invitationsPerHour: 100, openTasks: 200, tasksPerHour: 2_000, keptTasks: 5_000 },
  enterprise: { children: 100, invitationsPerHour: 1_000, openTasks: 5_000, tasksPerHour: 20_000, keptTasks: 20_000 },
};

type Limits = {
  children: number;
  invitationsPerHour: number;
  openTasks: number;
  /** Of those that the API was asked for, ended ones among them: each is kept, with what was asked for. */
  tasksPerHour: number;
  /** Of those that kubectl made: several times as many as may be in the cluster (operator/src/tenant/quota.ts). */
  keptTasks: number;
};

/** Invitations that wait to be accepted, beyond the plan's seats: some are never opened. */
export const OPEN_BEYOND_SEATS = 20;
