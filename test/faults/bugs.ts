import { OPERATOR_SOURCE } from "../../cli/src/operator.ts";
import type { Plan } from "./plan.ts";
import type { Started } from "./seat.ts";

/** Changes of the program's text as it is loaded; its files stay as they are. */
export type Bug = {
  name: string;
  file: string;
  /** What stands there, and what is put in its place. */
  changes: readonly (readonly [find: string, put: string])[];
  /** Where it shows, and how. */
  plan: Plan;
  seen: RegExp;
};

const kill = { do: "kill" } as const;

/** Oracles that cannot fail are worth nothing: each of these bugs must be seen. */
export const BUGS: readonly Bug[] = [
  {
    name: "a delete that does not say whom it means",
    file: "runtime/src/apply.ts",
    changes: [["preconditions: { uid: live.metadata.uid },", ""]],
    plan: { workload: "delete", seed: 0, faults: [] },
    seen: /^DELETE Namespace \$-a #1 without preconditions\.uid$/,
  },
  {
    name: "rights that do not wait for their fences",
    file: "operator/src/tenant/desired.ts",
    changes: [["namespace.fenced ?", "true ?"]],
    plan: { workload: "create", seed: 0, faults: [] },
    seen: /^after write \d+ of RoleBinding .*: rights without .*quota in force$/,
  },
  {
    name: "a start that does not look at what is there already",
    file: "runtime/src/controller.ts",
    changes: [["for (const [key, priority] of waiting) queue.add(key, priority);", ""]],
    plan: {
      workload: "create",
      seed: 0,
      faults: [{ write: "POST ResourceQuota $-a/leanvibe #1", when: "before", action: kill }],
    },
    seen: /^RoleBinding \$-a\/leanvibe-owners is missing$/,
  },
  {
    name: "a leader that goes on when it has lost its Lease",
    file: "operator/src/assemble.ts",
    changes: [
      ["lead.leading() && !stop.signal.aborted", "!stop.signal.aborted"],
      ["process.exit(1);", ""],
    ],
    plan: {
      workload: "suspend",
      seed: 0,
      standby: true,
      faults: [{ write: "POST Namespace tenant-$ #1", when: "after", action: { do: "pause", seconds: 5 } }],
    },
    seen: /: \w+ led by then$/,
  },
  {
    name: "a watch that is opened again at once",
    file: "runtime/src/reflector.ts",
    changes: [["openMilliseconds: 1_000", "openMilliseconds: 0"]],
    plan: { workload: "create", seed: 0, faults: [{ closing: 1, action: { do: "close" } }] },
    seen: /was watched anew after \d+ ms$/,
  },
  {
    name: "a fight without an end",
    file: "runtime/src/contest.ts",
    changes: [["const AT_ONCE = 3;", "const AT_ONCE = 3_000;"]],
    plan: {
      workload: "create",
      seed: 0,
      faults: [
        { write: "POST LimitRange $-a/leanvibe #1", when: "after", action: { do: "edit", edit: "spec", times: 5 } },
      ],
    },
    seen: /was fought about in silence$/,
  },
];

/** How a process with this bug is started: from its sources. A text that is not found any more ends it at once. */
export function withBug({ file, changes }: Bug): Started {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        const loaded = next(url, context);
        if (!url.endsWith(${JSON.stringify(file)})) return loaded;
        let text = String(loaded.source);
        for (const [find, put] of ${JSON.stringify(changes)}) {
          if (!text.includes(find)) throw new Error("the bug no longer fits " + url);
          text = text.replace(find, () => put);
        }
        return { ...loaded, source: text };
      },
    });`;
  const hooks = `--import=data:text/javascript,${encodeURIComponent(program)}`;
  return { env: { NODE_OPTIONS: hooks }, program: OPERATOR_SOURCE };
}
