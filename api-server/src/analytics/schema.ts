import { z } from "zod";
import { momentOf } from "../http/moment.ts";
import { MINUTES_KEPT_DAYS } from "./roll.ts";

export const RESOLUTIONS = ["minute", "hour", "day"] as const;

export type Resolution = (typeof RESOLUTIONS)[number];

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;

/** How far one answer goes: more points than that are looked at by nobody. */
const AT_MOST: Readonly<Record<Resolution, number>> = {
  minute: 6 * HOUR_MILLISECONDS,
  hour: MINUTES_KEPT_DAYS * DAY_MILLISECONDS,
  day: 366 * DAY_MILLISECONDS,
};

const USUAL: Readonly<Record<Resolution, number>> = {
  minute: HOUR_MILLISECONDS,
  hour: DAY_MILLISECONDS,
  day: 30 * DAY_MILLISECONDS,
};

const time = z.iso.datetime({ offset: true, error: "must be a time such as 2030-01-01T00:00:00Z" }).optional();

export const analyticsQuery = z.object({
  resolution: z.enum(RESOLUTIONS).default("hour").describe("How long a point is; days and hours are those of UTC."),
  from: time.describe("The first moment; an hour, a day or thirty days before `to`, by the resolution."),
  to: time.describe("The first moment that is not asked about any more; now, where it is left out."),
});

export type Span = { resolution: Resolution; from: Date; to: Date };

/** @returns the fault in words, where the span is none */
export function spanOf(query: z.output<typeof analyticsQuery>, now: Date): Span | { path: string; message: string } {
  const { resolution } = query;
  const to = query.to === undefined ? now : momentOf(query.to);
  const from = query.from === undefined ? new Date(to.getTime() - USUAL[resolution]) : momentOf(query.from);
  if (from >= to) return { path: "querystring.from", message: "must be before to" };
  if (to.getTime() - from.getTime() > AT_MOST[resolution]) {
    const days = AT_MOST[resolution] / DAY_MILLISECONDS;
    const most = days < 1 ? `${AT_MOST[resolution] / HOUR_MILLISECONDS} hours` : `${days} days`;
    return { path: "querystring.from", message: `must be at most ${most} before to, by the ${resolution}` };
  }
  return { resolution, from, to };
}

const point = z.object({
  at: z.iso.datetime().describe("When it begins."),
  calls: z.int(),
  client_errors: z.int().describe("Answers 4xx."),
  server_errors: z.int().describe("Answers 5xx."),
  p95_milliseconds: z.number().nullable().describe("95 of 100 answers took no longer, as near as a histogram tells."),
  users: z.int().describe("People who asked, each once."),
});

const byRoute = z.object({ route: z.string(), calls: z.int(), client_errors: z.int(), server_errors: z.int() });

export const analytics = z
  .object({
    resolution: z.enum(RESOLUTIONS),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    points: z.array(point).describe("Where nobody asked there is none. The minute that runs comes when it is over."),
    routes: z
      .array(byRoute)
      .describe(`By route, the most called first; only for what is less than ${MINUTES_KEPT_DAYS} days ago.`),
  })
  .meta({ id: "Analytics", description: "How the API was used: calls, errors, latency and people." });

export type Analytics = z.output<typeof analytics>;
