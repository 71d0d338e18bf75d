import type { PassedOver } from "./rungs.ts";
import type { Nodes } from "./site.ts";

export type Rung = "context" | "docker" | "local";

/** One step of a start, for the screen. */
export interface Progress {
  /** Stable id, for example `build-kubernetes`, `control-plane`, `node`. */
  readonly step: string;
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  /** Since the call that reports it. */
  readonly elapsedSeconds: number;
  readonly expectedSeconds?: number;
}

export interface ClusterOptions {
  /** `dev` for npm start, `test` for tests; a busy test cluster gets a suffix. */
  readonly name: string;
  /** A test cluster loses its data at stop, trades durability for speed, and never is a current context. */
  readonly purpose: "dev" | "test";
  /** Use this context and no other rung. */
  readonly context?: string;
  /** `parent`: the cluster ends with this process, however that ends. */
  readonly lifetime: "detached" | "parent";
  /** Asks a person; absent where there is no terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly progress: (event: Progress) => void;
  /** Ends the start, and what it has started, when it aborts. */
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  /** Local rung only: the minor version, for example `1.33`, that the API server behaves like. */
  readonly emulatedVersion?: string;
}

export interface Plan {
  readonly rung: Rung;
  /** Of rung `context`: its name. */
  readonly context?: string;
  readonly nodes: Nodes;
  readonly why: string;
  readonly howToChooseOtherwise: string;
  readonly passedOver: readonly PassedOver[];
  /** From now to a Ready node, with what is cached on this machine. */
  readonly expectedSeconds: number;
}

export interface Cluster {
  readonly name: string;
  readonly rung: Rung;
  readonly nodes: Nodes;
  /** Path of a kubeconfig of our own with one context. */
  readonly kubeconfig: string;
  readonly context: string;
  /** Path of a kubectl that we built or found in PATH; just "kubectl" where there is none. */
  readonly kubectl: string;
  /** It was already up. */
  readonly reused: boolean;
  /** Stops what we started; a cluster of somebody else's is left as it is. A dev cluster keeps its data. */
  stop(): Promise<void>;
}

/** Using that cluster would be a risk that nobody has agreed to. `fix` says what to do; a program exits with `exitCode`. */
export class ClusterRefused extends Error {
  readonly exitCode = 2;
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(`${message} ${fix}`);
    this.name = "ClusterRefused";
    this.fix = fix;
  }
}

/** No rung could be taken; the message names each and why. */
export class NoCluster extends Error {
  readonly passedOver: readonly PassedOver[];
  constructor(passedOver: readonly PassedOver[]) {
    super(`No cluster can be had here. ${passedOver.map(({ rung, why }) => `${rung}: ${why}`).join(" ")}`);
    this.name = "NoCluster";
    this.passedOver = passedOver;
  }
}
