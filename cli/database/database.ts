import type { PassedOver, Progress } from "../cluster/index.ts";

/** `url`: the one that DATABASE_URL names. */
export type DatabaseRung = "url" | "docker" | "embedded";

export type DatabaseOptions = {
  /** Of the cluster beside which it serves. */
  name: string;
  /** `parent`: it ends with this process, however that ends. `detached`: it goes on until it is stopped. */
  lifetime: "parent" | "detached";
  env: NodeJS.ProcessEnv;
  progress(event: Progress): void;
  signal?: AbortSignal;
};

export type DatabasePlan = {
  rung: DatabaseRung;
  why: string;
  expectedSeconds: number;
  howToChooseOtherwise: string;
  passedOver: readonly PassedOver[];
};

/** A PostgreSQL that answers. */
export type Database = {
  rung: DatabaseRung;
  /** Of a role that may make roles. */
  ownerUrl: string;
};

/** What a rung says of itself before it is taken. */
export type DatabaseOffer = Pick<DatabasePlan, "rung" | "why" | "expectedSeconds">;
