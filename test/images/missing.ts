import type { Rung } from "../../cli/cluster/index.ts";
import { findBuilder } from "../../cli/src/builder.ts";

/** Those that build: minutes, and not what a changed line is waited for. */
export const IMAGES_TESTS = "test/images/*.pods.kubelet.test.ts";

/** Why the images cannot be built and run here, or undefined. */
export async function imagesMissing(rung: Rung): Promise<string | undefined> {
  if (process.env["LEANVIBE_VERIFY_IMAGES"] !== "1") return "they take minutes: npm run verify:images";
  if (rung === "context" || process.platform !== "linux")
    return "the database that the pods need is reached from a cluster that the tests made, on Linux";
  return await findBuilder(process.env).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}
