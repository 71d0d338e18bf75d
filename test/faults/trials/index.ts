import { outages } from "./outages.ts";
import { poison } from "./poison.ts";
import { quiet } from "./quiet.ts";
import { storm } from "./storm.ts";
import type { Finding, Say } from "./trial.ts";

/** A trial of its own, in the run's own cluster, by the name of its option. */
export type Trial = {
  /** Its size where the option is given without one, and with --all. */
  size: number;
  /** What its size is. */
  unit: string;
  about: string;
  /** It starts what it needs itself. */
  own?: true;
  run(size: number, say: Say): Promise<Finding[]>;
};

const QUIET_TENANTS = 200;

export const TRIALS: Record<string, Trial> = {
  poison: {
    size: 10_000,
    unit: "COUNT",
    about: "objects that no schema has looked at, and healthy ones among them",
    run: (count, say) => poison({ count, say }),
  },
  quiet: {
    size: 300,
    unit: "SECONDS",
    about: `nothing changes for so long, with ${QUIET_TENANTS} Tenants`,
    run: (seconds, say) => quiet({ tenants: QUIET_TENANTS, seconds, say }),
  },
  storm: {
    size: 600,
    unit: "SECONDS",
    about: "a fifth of all answers is an error for so long, while Tenants change",
    run: (seconds, say) => storm({ seconds, say }),
  },
  outages: {
    size: 200,
    unit: "COUNT",
    about: "the API server dies so often, while Tenants change",
    own: true,
    run: (count, say) => outages({ count, say }),
  },
};
