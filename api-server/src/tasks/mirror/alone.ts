import { Waiting } from "@leanvibe/runtime";

const AGAIN_SECONDS = 1;

let isTaken = false;

/**
 * What is read, unpacked, parsed and stored of an agent's artifact is in memory several times over: of all that this process
 * is to collect, one at a time is. Who comes meanwhile comes again, and keeps no worker from the tasks of others.
 * @throws Waiting
 */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (isTaken) throw new Waiting(`what the agent of ${name} made is collected behind another's`, AGAIN_SECONDS);
  isTaken = true;
  try {
    return await work();
  } finally {
    isTaken = false;
  }
}
