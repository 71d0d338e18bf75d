import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** Held until `release()` or until the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock at `file`, or returns undefined when another process has it.
 * Node has no flock(2) and a file with a process id in it is wrong after kill -9; SQLite's exclusive transaction is a lock
 * that the kernel drops with the process, on every system.
 */
export function tryLock(file: string): Lock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message.includes("locked")) return undefined;
    throw error;
  }
}

/** Waits for the lock at `file`; `onWait` is called once, when somebody else has it. Throws when `signal` aborts. */
export async function takeLock(file: string, onWait: () => void, signal?: AbortSignal): Promise<Lock> {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    const lock = tryLock(file);
    if (lock) return lock;
    if (attempt === 0) onWait();
    await sleep(250, undefined, { signal });
  }
}
