import { OPERATOR_SOURCE } from "../../cli/src/operator.ts";
import type { Plan } from "./plan.ts";

/** A change of the program's text as it is loaded; its files stay as they are. */
export type Bug = {
  name: string;
  file: string;
  find: string;
  put: string;
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
    find: "preconditions: { uid: live.metadata.uid }",
    put: "",
    plan: { workload: "delete", seed: 0, faults: [] },
    seen: /^DELETE Namespace \$-a #1 without preconditions\.uid$/,
  },
  {
    name: "rights that do not wait for their fences",
    file: "operator/src/tenant/desired.ts",
    find: "namespace.fenced ?",
    put: "true ?",
    plan: { workload: "create", seed: 0, faults: [] },
    seen: /^after write \d+ of RoleBinding .*: rights without .*quota in force$/,
  },
  {
    name: "a start that does not look at what is there already",
    file: "runtime/src/controller.ts",
    find: "for (const [key, priority] of waiting) queue.add(key, priority);",
    put: "",
    plan: {
      workload: "create",
      seed: 0,
      faults: [{ write: "POST ResourceQuota $-a/leanvibe #1", when: "before", action: kill }],
    },
    seen: /^RoleBinding \$-a\/leanvibe-owners is missing$/,
  },
];

/** How a process with this bug is started: from its sources. A text that is not found any more ends it at once. */
export function withBug({ file, find, put }: Bug): { env: NodeJS.ProcessEnv; program: string } {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        const loaded = next(url, context);
        if (!url.endsWith(${JSON.stringify(file)})) return loaded;
        const text = String(loaded.source);
        if (!text.includes(${JSON.stringify(find)})) throw new Error("the bug no longer fits " + url);
        return { ...loaded, source: text.replace(${JSON.stringify(find)}, () => ${JSON.stringify(put)}) };
      },
    });`;
  const hooks = `--import=data:text/javascript,${encodeURIComponent(program)}`;
  return { env: { NODE_OPTIONS: hooks }, program: OPERATOR_SOURCE };
}
