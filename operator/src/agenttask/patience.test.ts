import { describe, expect, it } from "vitest";
import { PATIENCE_MILLISECONDS } from "./patience.ts";
import {
  ago,
  complete,
  container,
  decided,
  exited,
  failed,
  HOME,
  job,
  pod,
  said,
  task,
  world,
} from "./testing/cases.ts";
import type { Job, World } from "./world.ts";

const BUSY: Partial<World> = { jobsComeFirst: true };
const SIMULATED = pod({ containers: [container({ id: "" })] });
const SCHEDULED = pod({ phase: "Pending", containers: [] });

/** Of a task, the status that stood, and what is seen. */
type Seen = [what: string, about: Partial<World>, status?: object, spec?: object, of?: Partial<Job>];

function patience([, about, status = {}, spec = {}, of = {}]: Seen) {
  return decided(task(spec, status), world({ ...BUSY, ...about }), job(of));
}

const said50 = { phase: "Running", observedGeneration: 1, podUID: "pod-1", attempt: 1, stage: "code", progress: 50 };
const progressing = (reason: string) => ({
  conditions: [
    { type: "Progressing", status: "False", reason, message: "", lastTransitionTime: ago(10), observedGeneration: 1 },
  ],
});

describe("while Jobs of others are to be made", () => {
  it.each<Seen>([
    ["its Job was made", {}],
    ["its pod is there and no runtime has taken it", { pods: [SCHEDULED] }],
    ["its pod is simulated: nobody in it calls", { pods: [SIMULATED] }],
    ["its simulated pod ended, and its Job has yet to say so", { pods: [{ ...SIMULATED, phase: "Succeeded" }] }],
    [
      "its agent is at work, and the status names its pod",
      { pods: [pod()] },
      { ...said50, stage: undefined, progress: 0 },
    ],
  ])("a status waits, and two minutes at most, that only says: %s", (...seen) => {
    const { settled, patienceMilliseconds } = patience(seen);
    expect([settled, patienceMilliseconds]).toEqual([false, PATIENCE_MILLISECONDS]);
    expect(PATIENCE_MILLISECONDS).toBe(120_000);
  });

  it.each<Seen>([
    ["how far the agent is", { pods: [pod()], said: said({ progress: 65, stage: "tests" }) }, said50],
    ["what the agent does, in its words", { pods: [pod()], said: said({ activity: "Tests" }) }, said50],
    ["that another pod came after one that was lost", { pods: [{ ...SIMULATED, uid: "pod-2" }] }, said50],
    ["that its pod ended well, which is not seen twice", { pods: [pod(exited(0))] }, said50],
    ["that no node has room", { pods: [pod({ phase: "Pending", unschedulable: "0/1", containers: [] })] }],
    ["that this is over", { pods: [SCHEDULED] }, { phase: "Running", ...progressing("Unschedulable") }],
    ["what its agent writes is not believed", { pods: [pod()], said: { refused: "no JSON" } }, said50],
    ["that it is being cancelled", { pods: [pod()] }, said50, { desiredState: "Cancel" }],
    ["that its Tenant was suspended", { pods: [SIMULATED], home: { ...HOME, isSuspended: true } }],
    ["that the fence is torn", { fence: { missing: ["RoleBinding leanvibe-agent"], network: undefined } }],
    [
      "that a change of its spec was seen",
      { pods: [SCHEDULED] },
      { ...said50, podUID: undefined, observedGeneration: 0 },
    ],
  ])("no status waits longer than ever that says: %s", (...seen) => {
    expect(patience(seen).patienceMilliseconds).toBeUndefined();
  });

  it.each<Seen>([
    ["Succeeded", { pods: [pod(exited(0))] }, said50, {}, complete()],
    ["Failed", { pods: [pod(exited(1))] }, said50, {}, failed("BackoffLimitExceeded")],
    ["Failed on simulated nodes", { pods: [SIMULATED] }, {}, {}, complete()],
  ])("an end never waits: %s", (...seen) => {
    const { settled, patienceMilliseconds } = patience(seen);
    expect([settled, patienceMilliseconds]).toEqual([true, undefined]);
  });
});

it.each<Seen>([
  ["whose agent runs", { pods: [pod()] }],
  ["whose first report is there already", { pods: [pod()], said: said() }],
  ["whose sandbox runs", { pods: [pod({ phase: "Pending", containers: [container({ name: "sandbox" })] })] }],
  ["that came after another", { pods: [pod({ uid: "pod-2" })] }, said50],
])("the gateway lets in the pod that the status names: one is named at once %s", (_what, about, status = {}) => {
  for (const jobsComeFirst of [true, false]) {
    const named = decided(task({}, status), world({ ...about, jobsComeFirst }), job());
    expect([named.patienceMilliseconds, named.status["podUID"]]).toEqual([0, about.pods?.[0]?.uid]);
  }
});

it("a pod that no runtime has taken is no attempt yet, and costs no status of its own", () => {
  const { status } = decided(task(), world(), job());
  expect(decided(task({}, status), world({ pods: [SCHEDULED] }), job()).status).toEqual(status);
});

it("nothing waits when no Job is to be made", () => {
  expect(decided(task(), world({ pods: [SIMULATED] }), job()).patienceMilliseconds).toBeUndefined();
});

it("who leads next says the same of a task whose status waited: it is decided by what is there", () => {
  const [held, anew] = [true, false].map((jobsComeFirst) => decided(task(), world({ jobsComeFirst }), job()));
  expect(held?.status).toEqual(anew?.status);
  expect(held?.status).toMatchObject({ phase: "Running", jobUID: "job" });
});

it("what stands already is not waited with", () => {
  const { status } = decided(task(), world({ ...BUSY }), job());
  expect(decided(task({}, status), world({ ...BUSY }), job()).patienceMilliseconds).toBeUndefined();
});
