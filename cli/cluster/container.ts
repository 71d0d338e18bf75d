/** A container by its id, where testcontainers' own handle is gone with the process that had it. */
async function containerOf(id: string) {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return (await getContainerRuntimeClient()).container.getById(id);
}

/** False also for one that is not there any more. */
export async function isRunning(id: string): Promise<boolean> {
  return await (await containerOf(id)).inspect().then(
    ({ State }) => State.Running,
    () => false,
  );
}

/** Stops it, which keeps what it holds, or removes both. @returns whether it ran */
export async function stopContainer(id: string, { remove }: { readonly remove: boolean }): Promise<boolean> {
  const container = await containerOf(id);
  const wasRunning = await isRunning(id);
  if (wasRunning) await container.stop();
  if (remove) await container.remove({ v: true, force: true }).catch(() => undefined);
  return wasRunning;
}
