import { join } from "node:path";
import type { Program } from "../programs.ts";

const OPERATOR = join(import.meta.dirname, "..", "..", "..", "operator");

/** Fences what an agent's sandbox runs. */
export const LV_EXEC: Program = {
  module: "lv-exec",
  source: join(OPERATOR, "agent", "lv-exec"),
  packages: ["."],
  outputs: ["lv-exec"],
  flags: ["-ldflags", "-s -w"],
  coldSeconds: 15,
};
