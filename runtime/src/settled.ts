import { askedMilliseconds, Waiting } from "./errors.ts";

/**
 * All of them, when the last one has ended: unlike with Promise.all no failure hides another one, and nothing is still
 * under way when it is told.
 * @throws what `throwWorst` does.
 */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  throwWorst(results);
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** @throws of all failures the one that asks for most patience (Retry-After), else one that is more than a wait. */
export function throwWorst(
  results: readonly PromiseSettledResult<unknown>[],
  isExpected: (error: unknown) => boolean = () => false,
): void {
  const failed = results.filter((result) => result.status === "rejected").map((result): unknown => result.reason);
  const faults = failed.filter((error) => !isExpected(error));
  const first = longest(faults) ?? faults.find((error) => !(error instanceof Waiting)) ?? faults[0];
  if (first !== undefined) throw first;
}

/** Of several refusals that ask for patience the one that asks for most: it speaks for the others too. */
function longest(errors: readonly unknown[]): unknown {
  const asking = errors.filter((error) => askedMilliseconds(error) > 0);
  return asking.toSorted((a, b) => askedMilliseconds(b) - askedMilliseconds(a))[0];
}
