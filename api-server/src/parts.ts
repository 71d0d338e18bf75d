import type { FastifyBaseLogger } from "fastify";
import { Callers } from "./accounts/callers.ts";
import { type Keys, loadKeys } from "./accounts/keys.ts";
import { Passwords } from "./accounts/passwords.ts";
import { derivedKey } from "./accounts/sealing.ts";
import { Requests } from "./analytics/collect.ts";
import { type Audit, auditing } from "./audit/audit.ts";
import { PERSONAL_KEYS } from "./audit/personal.ts";
import { type Cluster, openCluster } from "./cluster/connection.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./db/database.ts";
import { createHttpMetrics, type HttpMetrics } from "./health/metrics.ts";
import { type Mailer, openMailer } from "./mail/mailer.ts";
import { type Mirror, mirrorOf } from "./mirror/mirror.ts";
import { Authority } from "./platform/authority.ts";
import { TaskNews } from "./tasks/news.ts";

/** Often enough that a new key is known long before it signs. */
const KEYS_MILLISECONDS = 600_000;

/** What the routes stand on. */
export type Parts = {
  config: Config;
  log: FastifyBaseLogger;
  database: Database;
  metrics: HttpMetrics;
  passwords: Passwords;
  /** Those that hold now. */
  keys: () => Keys;
  callers: Callers;
  audit: Audit;
  /** Not there where no mail server is named. */
  mailer: Mailer | undefined;
  /** Not there where the API works without a cluster. */
  cluster: Cluster | undefined;
  authority: Authority;
  /** What this process answers, until it is written down. */
  requests: Requests;
  /** Of tasks, for those who watch them. */
  news: TaskNews;
  /** Not there without a cluster. */
  mirror: Mirror | undefined;
};

/** @throws UnsafeDatabaseError; Error when the database cannot be reached or the kubeconfig cannot be read */
export async function openParts(
  config: Config,
  log: FastifyBaseLogger,
): Promise<{ parts: Parts; close(): Promise<void> }> {
  const database = await openDatabase({
    ...config.database,
    onError: (error) => log.warn({ err: error }, "a database connection was lost"),
  });
  const load = () => loadKeys(database.worker, config.secret, new Date());
  let held = await load().catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const timer = setInterval(() => {
    load().then(
      (loaded) => {
        held = loaded;
      },
      // Those at hand go on for a day at least.
      (error: unknown) => log.warn({ err: error }, "the signing keys were not read; trying again"),
    );
  }, KEYS_MILLISECONDS).unref();
  const cluster = await openCluster(config, log).catch(async (error: unknown) => {
    clearInterval(timer);
    await database.close();
    throw error;
  });
  const parts = await partsOn({ config, log, database, cluster, keys: () => held });
  return {
    parts,
    close: async () => {
      clearInterval(timer);
      parts.mailer?.close();
      await parts.news.close();
      await cluster?.close();
      await database.close();
    },
  };
}

/** Everything else, for which nothing needs to be asked. */
export async function partsOn(base: Pick<Parts, "config" | "log" | "database" | "cluster" | "keys">): Promise<Parts> {
  const { config, database, cluster, keys } = base;
  const metrics = createHttpMetrics();
  const audit = auditing(derivedKey(config.secret, PERSONAL_KEYS));
  return {
    ...base,
    metrics,
    requests: new Requests(),
    audit,
    news: new TaskNews({ listenUrl: config.database.listenUrl, worker: database.worker, log: base.log }),
    mirror: cluster === undefined ? undefined : mirrorOf({ ...base, metrics, audit }, cluster),
    passwords: await Passwords.open(derivedKey(config.secret, "leanvibe password pepper")),
    authority: new Authority(database, base.cluster?.transport),
    callers: new Callers(database, keys, config.tokens),
    mailer: config.mail === undefined ? undefined : openMailer(config.mail),
  };
}
