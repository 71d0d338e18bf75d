import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { latenciesOf } from "./latencies.ts";
import type { Asking, Load } from "./load.ts";

/**
 * Asks at a steady rate, whatever is answered when: requests come at random moments, as many people's do, and their time
 * counts from the moment at which they were due, as pgbench's --rate has it. @param rate requests a second, of all
 * connections together; one that finds none free waits for it
 */
export async function paced({ url, requests, connections, seconds, rate }: Asking & { rate: number }): Promise<Load> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const milliseconds: number[] = [];
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const under: Promise<boolean>[] = [];
  for (let due = begun; due < end; due += (-Math.log(1 - Math.random()) * 1000) / rate) {
    while (performance.now() < due) await sleep(1);
    const asked = requests[under.length % requests.length];
    if (asked === undefined) throw new Error("nothing to ask");
    const since = due;
    under.push(answered(pool, asked).finally(() => milliseconds.push(performance.now() - since)));
  }
  const answers = await Promise.all(under);
  const failures = answers.filter((isGood) => !isGood).length;
  await pool.close();
  return { perSecond: (answers.length - failures) / seconds, ...latenciesOf(milliseconds), failures };
}

/** @returns whether it was a 2xx, once all of it is there */
function answered(pool: Pool, { method, path, headers, body }: Asking["requests"][number]): Promise<boolean> {
  return new Promise((resolve) => {
    let status = 0;
    pool.dispatch(
      { method, path, headers, body: body ?? null },
      {
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseEnd: () => resolve(status >= 200 && status < 300),
        onResponseError: () => resolve(false),
      },
    );
  });
}
