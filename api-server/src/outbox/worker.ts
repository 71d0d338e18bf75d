import { messageOf } from "@leanvibe/runtime";
import { type Job, type JobResult, type JobWithMetadata, PgBoss } from "pg-boss";
import { z } from "zod";
import type { Parts } from "../parts.ts";
import type { Handlers } from "./handlers.ts";
import { PERIODIC, PERIODIC_QUEUE } from "./periodic.ts";
import { jobData, relay } from "./relay.ts";
import { repeat } from "./repeat.ts";
import { JOBS_SCHEMA } from "./schema.ts";
import { queueOf } from "./topics.ts";

/** How long an entry waits at most before it is seen. */
const LOOK_MILLISECONDS = 500;
/** Of each queue: as many batches at once, so that a slow one does not keep the next waiting. */
const BATCHES = 2;
/** Small: what is done of a batch is written down when all of it is, and a mail server may take half a minute for each. */
const BATCH = 4;
const POLL_SECONDS = 1;
const STOP_MILLISECONDS = 10_000;

/** After 2 s, 4 s, ... up to an hour, for about a day: a mail server that is down over night loses nothing. */
const QUEUE = {
  retryLimit: 34,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 3_600,
  expireInSeconds: 300,
  // What takes no sign of life for so long was killed, and is done again.
  heartbeatSeconds: 20,
  // Payloads name people: not for longer than somebody may want to look.
  deleteAfterSeconds: 86_400,
} as const;

const WORK = {
  pollingIntervalSeconds: POLL_SECONDS,
  localConcurrency: BATCHES,
  batchSize: BATCH,
  burstWhenBatchFull: true,
  // One that fails must not take its neighbours with it.
  perJobResults: true,
  includeMetadata: true,
} as const;

/** Of one group less at once than there are workers: who answers slowly keeps none but their own waiting. */
const WORK_OF: Readonly<Record<string, object>> = {
  webhook: { batchSize: 4, localConcurrency: 8, localGroupConcurrency: 4 },
};

export type Worker = {
  /** Ends what runs, and takes nothing new. */
  stop(): Promise<void>;
};

/** Does what the outbox asks for, and what comes round again. Of many processes each entry is done by one at a time. */
export async function startWorker(parts: Parts, handlers: Handlers): Promise<Worker> {
  const { database, log } = parts;
  const boss = new PgBoss({
    db: { executeSql: (text, values) => database.worker.query(text, values) },
    schema: JOBS_SCHEMA,
    migrate: false,
    createSchema: false,
    registerInstance: false,
    // How soon what was killed is noticed.
    superviseIntervalSeconds: 15,
    monitorIntervalSeconds: 15,
    reindex: false,
    monitorVacuum: false,
  });
  boss.on("error", (error) => log.warn({ err: error }, "the job queue met an error; it goes on"));
  await boss.start();
  await schedule(boss, parts);
  const topics = Object.keys(handlers);
  for (const queue of new Set(topics.map(queueOf))) {
    await boss.createQueue(queue, QUEUE);
    await boss.work(queue, { ...WORK, ...WORK_OF[queue] }, (jobs) =>
      Promise.all(jobs.map((job) => perform(job, handlers, log))),
    );
  }
  const looking = repeat(LOOK_MILLISECONDS, log, () => relay(database.worker, boss, topics));
  return {
    stop: async () => {
      await looking.stop();
      await boss.stop({ graceful: true, timeout: STOP_MILLISECONDS });
    },
  };
}

/** What comes round by the clock, once for all processes together. */
async function schedule(boss: PgBoss, parts: Parts): Promise<void> {
  await boss.createQueue(PERIODIC_QUEUE, { retryLimit: 0, expireInSeconds: 600, deleteAfterSeconds: 3_600 });
  for (const [name, { cron }] of Object.entries(PERIODIC)) {
    await boss.schedule(PERIODIC_QUEUE, cron, { name }, { key: name });
  }
  const named = z.object({ name: z.string() });
  await boss.work(PERIODIC_QUEUE, { pollingIntervalSeconds: POLL_SECONDS }, (jobs) =>
    each(jobs, async ({ data }) => {
      const { name } = named.parse(data);
      try {
        await PERIODIC[name]?.run(parts);
      } catch (error) {
        parts.log.warn({ name, err: error }, "periodic work failed; it comes round again");
      }
    }),
  );
}

const labels = z.object({ topic: z.string(), tenantId: z.string() }).partial().catch({});

type Tried = JobWithMetadata<unknown>;

async function perform(
  { id, data, retryCount, retryLimit }: Tried,
  handlers: Handlers,
  log: Parts["log"],
): Promise<JobResult> {
  const about = { ...labels.parse(data), id };
  try {
    const { tenantId, topic, payload } = jobData.parse(data);
    const handler = handlers[topic];
    if (handler === undefined) throw new Error(`nobody here does ${topic}`);
    await handler(payload, { tenantId, id });
    return { id, status: "completed" };
  } catch (error) {
    // Never the payload: it may hold what only its receiver may know.
    if (retryCount < retryLimit)
      log.warn({ ...about, err: error }, "what the outbox asked for failed; it is tried again");
    else log.error({ ...about, err: error }, "what the outbox asked for failed for a day; it is given up");
    return { id, status: "failed", output: { error: messageOf(error) } };
  }
}

async function each(jobs: Job<unknown>[], work: (job: Job<unknown>) => Promise<void>): Promise<void> {
  for (const job of jobs) await work(job);
}
