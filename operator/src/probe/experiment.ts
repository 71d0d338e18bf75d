import {
  collectionPath,
  isApiError,
  KINDS,
  type Kind,
  type KubeObject,
  type Manifest,
  objectPath,
  type Transport,
} from "@leanvibe/runtime";
import { FIELD_MANAGERS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { clientManifest, PROBE_NAMES, policyManifest, serverManifest } from "./manifests.ts";
import { attemptOf, hasEnded, isSimulated, type ProbePod, readPod, servingAddress, situationOf } from "./pod.ts";
import { type Attempt, type Finding, inconclusive, verdictOf } from "./verdict.ts";

/** What the experiment needs of the world. */
export type Lab = {
  transport: Transport;
  image: string;
  now: () => Date;
  /** Rejects when the operator stops. */
  sleep: (milliseconds: number) => Promise<void>;
};

/** Nothing can be learned now; the message says why. */
class Unlearned extends Error {}

const POLL_MILLISECONDS = 500;
/** An image may have to be pulled; what takes longer is said, and tried again later. */
const LIMIT_SECONDS = 150;
/** A plugin needs a moment to put a policy in force: what is not as hoped for is tried again before it is believed. */
const TRY_AFTER_SECONDS = [1, 5, 10];

/**
 * Two pods and one policy: does the cluster enforce what it is told? Begins by removing what a killed operator left, and
 * leaves nothing itself, however it ends. @throws what a later try may mend: the API server out of reach, a stop.
 */
export async function probeNetwork(lab: Lab): Promise<Finding> {
  try {
    return await experiment(lab, lab.now().getTime() + LIMIT_SECONDS * 1000);
  } catch (error) {
    if (error instanceof Unlearned) return inconclusive(error.message);
    if (isApiError(error, 400, 403, 422)) return inconclusive(`the API server refused: ${error.message}`);
    throw error;
  } finally {
    await clear(lab.transport);
  }
}

async function experiment(lab: Lab, deadline: number): Promise<Finding> {
  await until(lab, deadline, async () => {
    const left = await clear(lab.transport);
    return left.length === 0 ? { answer: true } : { waitsFor: `${left.join(", ")} of an earlier probe is still there` };
  });
  await applyPolicy(lab.transport, policyManifest(["open", "shut"]));
  const server = await create(lab.transport, serverManifest(lab.image));
  const address = await until(lab, deadline, async () => {
    const pod = await living(lab.transport, server);
    const serving = servingAddress(pod);
    return serving === undefined ? { waitsFor: `the server is not ready: ${situationOf(pod)}` } : { answer: serving };
  });
  const connect = () => attempt(lab, deadline, address);
  const before = await repeated(lab, connect, bothPass);
  // Nothing that comes after could prove anything any more.
  if (!bothPass(before)) return verdictOf(before, before);
  await applyPolicy(lab.transport, policyManifest(["open"]));
  const after = await repeated(lab, connect, ({ open, shut }) => open === "passed" && shut === "refused");
  // A server that died meanwhile refuses as well.
  if (servingAddress(await living(lab.transport, server)) !== address)
    throw new Unlearned("the server did not stay ready while it was tried");
  return verdictOf(before, after);
}

function bothPass({ open, shut }: Attempt): boolean {
  return open === "passed" && shut === "passed";
}

async function repeated(
  lab: Lab,
  connect: () => Promise<Attempt>,
  asHoped: (seen: Attempt) => boolean,
): Promise<Attempt> {
  let seen: Attempt = { open: "unknown", shut: "unknown" };
  for (const seconds of TRY_AFTER_SECONDS) {
    await lab.sleep(seconds * 1000);
    seen = await connect();
    if (asHoped(seen)) break;
  }
  return seen;
}

/** One client, from its making to its end. */
async function attempt(lab: Lab, deadline: number, address: string): Promise<Attempt> {
  const client = await create(lab.transport, clientManifest(lab.image, address));
  const seen = await until(lab, deadline, async () => {
    const pod = await look(lab.transport, client);
    const answer = attemptOf(pod);
    if (answer !== undefined) return { answer };
    if (hasEnded(pod)) throw new Unlearned(`the client ended before it had tried: ${situationOf(pod)}`);
    return { waitsFor: `the client is not done: ${situationOf(pod)}` };
  });
  await until(lab, deadline, async () => {
    const gone = await remove(lab.transport, KINDS.Pod, PROBE_NAMES.client);
    return gone ? { answer: true } : { waitsFor: "the client does not go" };
  });
  return seen;
}

type Progress<T> = { answer: T } | { waitsFor: string };

/** Asks until there is an answer. @throws Unlearned with what it waited for at the deadline. */
async function until<T>(lab: Lab, deadline: number, ask: () => Promise<Progress<T>>): Promise<T> {
  for (;;) {
    const progress = await ask();
    if ("answer" in progress) return progress.answer;
    if (lab.now().getTime() > deadline) throw new Unlearned(`after ${LIMIT_SECONDS} s ${progress.waitsFor}`);
    await lab.sleep(POLL_MILLISECONDS);
  }
}

/** @throws Unlearned where nothing really runs, or the pod is not the one that was made: somebody else probes. */
async function look(transport: Transport, made: KubeObject): Promise<ProbePod> {
  const found = await find(transport, KINDS.Pod, made.metadata.name);
  if (found === undefined || found.metadata.uid !== made.metadata.uid)
    throw new Unlearned(`pod ${made.metadata.name} was taken away`);
  const pod = readPod(found);
  if (isSimulated(pod))
    throw new Unlearned("the nodes are simulated: pods are said to run, but nothing runs that could connect");
  return pod;
}

async function living(transport: Transport, server: KubeObject): Promise<ProbePod> {
  const pod = await look(transport, server);
  if (hasEnded(pod)) throw new Unlearned(`the server ended: ${situationOf(pod)}`);
  return pod;
}

/** Deletes whatever of the probe is there. @returns what is not gone yet. */
async function clear(transport: Transport): Promise<string[]> {
  const left: string[] = [];
  for (const name of [PROBE_NAMES.client, PROBE_NAMES.server])
    if (!(await remove(transport, KINDS.Pod, name))) left.push(`pod ${name}`);
  if (!(await remove(transport, KINDS.NetworkPolicy, PROBE_NAMES.policy))) left.push("its network policy");
  return left;
}

/** @returns true when it is gone; a pod takes a moment. */
async function remove(transport: Transport, kind: Kind, name: string): Promise<boolean> {
  const found = await find(transport, kind, name);
  if (found === undefined) return true;
  if (found.metadata.deletionTimestamp === undefined) {
    await ignoring(
      transport.send({
        method: "DELETE",
        path: objectPath(kind, found.metadata),
        // What was looked at, and no newer one of its name.
        body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: found.metadata.uid } },
      }),
      404,
      409,
    );
  }
  return (await find(transport, kind, name)) === undefined;
}

async function find(transport: Transport, kind: Kind, name: string): Promise<KubeObject | undefined> {
  const path = objectPath(kind, { name, namespace: SYSTEM_NAMESPACE });
  const answer = await ignoring(transport.send({ method: "GET", path }), 404);
  return answer as KubeObject | undefined;
}

async function ignoring(answer: Promise<unknown>, ...statuses: number[]): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (!isApiError(error, ...statuses)) throw error;
    return undefined;
  });
}

async function create(transport: Transport, pod: Manifest): Promise<KubeObject> {
  const path = collectionPath(KINDS.Pod, pod.metadata.namespace);
  return (await transport.send({ method: "POST", path, body: pod })) as KubeObject;
}

async function applyPolicy(transport: Transport, policy: Manifest): Promise<void> {
  await transport.send({
    method: "PATCH",
    path: objectPath(KINDS.NetworkPolicy, policy.metadata),
    query: { fieldManager: FIELD_MANAGERS.operator, force: true },
    contentType: "application/apply-patch+yaml",
    body: policy,
  });
}
