import type { Logger } from "pino";

/** The four levels that we use of pino; a test may pass its own. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;
