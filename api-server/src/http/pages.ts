import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";

const PAGE_AT_MOST = 100;
const PAGE_USUAL = 50;

/** The query of a list: how many, and after which. */
export const pageQuery = z.object({
  limit: z.coerce
    .number({ error: `must be a whole number from 1 to ${PAGE_AT_MOST}` })
    .int({ error: `must be a whole number from 1 to ${PAGE_AT_MOST}` })
    .min(1, { error: `must be from 1 to ${PAGE_AT_MOST}` })
    .max(PAGE_AT_MOST, { error: `must be from 1 to ${PAGE_AT_MOST}` })
    .default(PAGE_USUAL)
    .describe("How many at most."),
  cursor: z
    .uuid({ error: "must be the X-Next-Cursor of the page before" })
    .optional()
    .describe("X-Next-Cursor of the page before."),
});

export type Page = z.output<typeof pageQuery>;

/** How the rows of a page are asked for, ids growing with time: one more than fit, which says that there is more. */
export function rowsOf({ limit, cursor }: Page) {
  return {
    after: cursor === undefined ? {} : { id: { gt: cursor } },
    order: { orderBy: { id: "asc" }, take: limit + 1 } as const,
  };
}

/**
 * A page of rows that were asked for with one more than fit: where there is more, its address goes into `Link` and
 * `X-Next-Cursor`, since lists are bare arrays.
 */
export function pageOf<T extends { id: string }>(
  rows: T[],
  limit: number,
  request: FastifyRequest,
  reply: FastifyReply,
): T[] {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length > limit && last !== undefined) {
    const next = new URL(request.url, "http://host");
    next.searchParams.set("cursor", last.id);
    reply.header("Link", `<${next.pathname}${next.search}>; rel="next"`).header("X-Next-Cursor", last.id);
  }
  return page;
}
