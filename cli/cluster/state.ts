import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Layout } from "./layout.ts";
import { tryLock } from "./lock.ts";

const orderSchema = z.object({
  name: z.string(),
  purpose: z.enum(["dev", "test"]),
  nodes: z.enum(["real", "simulated"]),
  lifetime: z.enum(["detached", "parent"]),
  programs: z.record(z.string(), z.string()),
  cache: z.string(),
  emulatedVersion: z.string().optional(),
});

const stateSchema = z.object({
  pid: z.int().positive(),
  order: orderSchema,
  /** First process of its namespaces, where it has some. */
  inside: z.int().positive().optional(),
});

/** A supervisor that runs, and what it was told. */
export type State = z.output<typeof stateSchema>;

const messageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("progress"), step: z.string(), message: z.string() }),
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
]);

/** What a supervisor tells the process that started it. */
export type SupervisorMessage = z.output<typeof messageSchema>;

export const parseMessage = (message: unknown): SupervisorMessage => messageSchema.parse(message);

/** The order in a file that the starter wrote. Throws when it is not one. */
export const parseOrder = (text: string) => orderSchema.parse(JSON.parse(text));

/** Publishes that the cluster is up: the file is there whole or not at all. */
export function writeState(layout: Layout, state: State): void {
  writeFileSync(`${layout.state}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(`${layout.state}.new`, layout.state);
}

/** The cluster that runs in this folder and is ready, or undefined. A file that a killed supervisor left does not count. */
export function readState(layout: Layout): State | undefined {
  if (!existsSync(layout.state) || !isHeld(layout)) return undefined;
  try {
    return stateSchema.parse(JSON.parse(readFileSync(layout.state, "utf8")));
  } catch {
    return undefined; // It was removed meanwhile, or is of a version that wrote it differently.
  }
}

/** Whether a supervisor lives: it holds the lock from before its first change to after its last. */
export function isHeld(layout: Layout): boolean {
  if (!existsSync(layout.lock)) return false;
  const lock = tryLock(layout.lock);
  lock?.release();
  return !lock;
}
