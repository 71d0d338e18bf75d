import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { climb, firstOffer, NoRungLeft, type Step } from "../cluster/rungs.ts";
import type { Database, DatabaseOffer, DatabaseOptions, DatabasePlan } from "./database.ts";
import { hasContainer, offerDocker, startDocker, stopDocker } from "./docker.ts";
import { startEmbedded, stopEmbedded } from "./embedded.ts";
import { databaseFolder } from "./folder.ts";
import { programsMissing } from "./programs.ts";

const HOW_TO_CHOOSE = "DATABASE_URL=postgresql://... of a role that may make roles uses another PostgreSQL";
const FIRST_START_SECONDS = 3;
const START_SECONDS = 1;

/** No database can be had; the message names each rung and why. */
export class NoDatabase extends Error {
  override readonly name = "NoDatabase";
}

/** The rungs, in order: what was asked for, what holds data of an earlier start, then what can be had. */
export function ladder(options: DatabaseOptions): Step<DatabaseOffer, Database>[] {
  const { name, env } = options;
  const folder = databaseFolder(name, env);
  const docker = { rung: "docker", probe: () => dockerOffer(folder, options, { pull: false }) };
  const pulled = { rung: "docker", probe: () => dockerOffer(folder, options, { pull: true }) };
  const embedded = { rung: "embedded", probe: async () => embeddedOffer(folder, options) };
  return [
    { rung: "DATABASE_URL", probe: async () => urlOffer(env) },
    // Who has data there and starts Docker later would else find it gone.
    ...(existsSync(join(folder, "data")) && !hasContainer(folder) ? [embedded, docker] : [docker, embedded]),
    pulled,
  ];
}

/** What startDatabase would do, without doing it; about a second at most. @throws NoDatabase */
export async function planDatabase(options: DatabaseOptions): Promise<DatabasePlan> {
  const { offer, passedOver } = await firstOffer(ladder(options)).catch(asNoDatabase);
  return { ...offer.plan, howToChooseOtherwise: HOW_TO_CHOOSE, passedOver };
}

/** Takes the first rung that works; one that runs is found. @throws NoDatabase, or the reason of an aborted signal */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const { progress, signal } = options;
  const how = {
    isAskedFor: (rung: string) => rung === "DATABASE_URL",
    passed: ({ rung, why }: { rung: string; why: string }) =>
      progress({ step: "passed-over", message: `${rung}: ${why}`, elapsedSeconds: 0 }),
    signal,
  };
  return await climb(ladder(options), how).catch(asNoDatabase);
}

/** Stops what startDatabase started under that name. @returns whether it ran */
export async function stopDatabase(
  name: string,
  { deleteData }: { deleteData: boolean },
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const folder = databaseFolder(name, env);
  const docker = await stopDocker(folder, { deleteData }, env);
  const embedded = await stopEmbedded(folder);
  if (deleteData) rmSync(folder, { recursive: true, force: true });
  return docker || embedded;
}

function asNoDatabase(error: unknown): never {
  throw error instanceof NoRungLeft ? new NoDatabase(`No database can be had here. ${error.message}`) : error;
}

function urlOffer(env: NodeJS.ProcessEnv) {
  const ownerUrl = env["DATABASE_URL"];
  if (!ownerUrl) return "it is not set.";
  if (!URL.canParse(ownerUrl) || !/^postgres(ql)?:$/.test(new URL(ownerUrl).protocol)) {
    throw new NoDatabase(
      "DATABASE_URL is no URL of PostgreSQL; for example DATABASE_URL=postgresql://postgres:PASSWORD@localhost:5432/leanvibe",
    );
  }
  const { host, pathname, username } = new URL(ownerUrl);
  if (username === "lv_app") {
    throw new NoDatabase(
      "DATABASE_URL is the one of role lv_app, with which a server connects; here it must be of a role that may make roles. Unset it, or name that one.",
    );
  }
  // Without the password, which must not come to the screen.
  const plan = { rung: "url", why: `${host}${pathname}, which DATABASE_URL names`, expectedSeconds: 1 } as const;
  return { plan, take: async () => ({ rung: "url", ownerUrl }) as const };
}

async function dockerOffer(folder: string, options: DatabaseOptions, how: { pull: boolean }) {
  const plan = await offerDocker(options.env, how);
  return typeof plan === "string" ? plan : { plan, take: () => startDocker(folder, options) };
}

function embeddedOffer(folder: string, { lifetime }: DatabaseOptions) {
  const missing = programsMissing();
  if (missing !== undefined) return missing;
  const known = existsSync(join(folder, "data"));
  const plan = {
    rung: "embedded",
    why: "a PostgreSQL of its own, from npm",
    expectedSeconds: known ? START_SECONDS : FIRST_START_SECONDS,
  } as const;
  const take = async (): Promise<Database> => {
    const { url } = await startEmbedded({ folder, lifetime, durable: true });
    return { rung: "embedded", ownerUrl: url };
  };
  return { plan, take };
}
