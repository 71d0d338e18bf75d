import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * One folder for all that a run of the tests puts down, gone when the run ends: test processes are ended by a signal, at
 * which they take nothing away, and kubeconfigs with tokens are among it. With LEANVIBE_TEST_KEEP=1 it stays, for who wants
 * to read an operator's log.
 */
export default function setUp(): void {
  // For the tests of another kind too, which began before.
  if (process.env["LEANVIBE_TEST_RUN_FOLDER"] !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-test-"));
  // A database is run by a user of its own, who has to reach its folder; what is in others is not theirs to read.
  chmodSync(folder, 0o711);
  process.env["LEANVIBE_TEST_RUN_FOLDER"] = folder;
  process.env["TMPDIR"] = folder;
  if (process.env["LEANVIBE_TEST_KEEP"] !== undefined) return;
  // When everybody's own end is through, which still needs what is there.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}
