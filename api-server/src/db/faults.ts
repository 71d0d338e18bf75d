import { z } from "zod";

/**
 * System errors of a socket; PostgreSQL's classes 08 (connection) and 57P (shutting down), 53300 (too many connections)
 * and 55P03 (no lock in time); Prisma's P1001 and its like, P2024 and P2028 (no connection, or no transaction, in time), and P2034 (two
 * transactions stood in each other's way).
 */
const CODES =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EPIPE|08...|57P..|53300|55P03|P1001|P1002|P1008|P1017|P2024|P2028|P2034)$/;

/** What pg throws without a code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

const shape = z.object({
  code: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  /** What PostgreSQL said, where Prisma's adapter tells it. */
  originalCode: z.string().optional().catch(undefined),
  cause: z.unknown().optional(),
  meta: z.object({ driverAdapterError: z.unknown() }).optional().catch(undefined),
  errors: z.array(z.unknown()).optional().catch(undefined),
});

/** Whether an error, or what it came from, says that the database could not be reached or gave no answer in time. */
export function isUnavailable(error: unknown, depth = 0): boolean {
  const parsed = shape.safeParse(error);
  if (!parsed.success || depth > 5) return false;
  const { code = "", originalCode = "", message = "", cause, meta, errors = [] } = parsed.data;
  if (CODES.test(code) || CODES.test(originalCode) || MESSAGES.test(message)) return true;
  return [cause, meta?.driverAdapterError, ...errors].some(
    (inner) => inner !== undefined && isUnavailable(inner, depth + 1),
  );
}

const unique = z.object({ code: z.literal("P2002") });

/** As Prisma says it, and as PostgreSQL does. */
const orphan = z.object({ code: z.enum(["P2003", "23503"]) });

/** Whether a row was refused because what it belongs to is gone. */
export function isOrphan(error: unknown): boolean {
  return orphan.safeParse(error).success;
}

/** Whether a row was refused because there is one that must not be there twice. */
export function isTaken(error: unknown): boolean {
  return unique.safeParse(error).success;
}
