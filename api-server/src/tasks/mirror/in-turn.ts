let last: Promise<unknown> = Promise.resolve();

/**
 * What is unpacked, parsed and stored is in memory several times over: of all that this process is to collect, one at a time
 * is. That an earlier one failed keeps nobody.
 */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const own = last.then(work, work);
  last = own;
  return own;
}
