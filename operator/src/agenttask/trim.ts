import { type KubeObject, recordOf } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_LIMITS, ANNOTATIONS, TASK_PHASES } from "@leanvibe/schema";
import { isFinal } from "./admission.ts";

/** What is held in memory of thousands of tasks, Jobs and pods: the task's own text stands in each of the three. */

/** The pods' template is fixed, and nobody reads it; nor how many pods there are, which changes more often than the rest. */
export function trimJob(object: KubeObject): KubeObject {
  const { suspend, activeDeadlineSeconds } = recordOf(object["spec"]);
  const { startTime, conditions } = recordOf(object["status"]);
  return { ...object, spec: { suspend, activeDeadlineSeconds }, status: { startTime, conditions } };
}

export function trimPod({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { [ANNOTATIONS.task]: _, ...annotations } = metadata.annotations ?? {};
  const { phase, reason, conditions, initContainerStatuses, containerStatuses } = recordOf(status);
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, annotations },
    status: { phase, reason, conditions: telling(conditions), initContainerStatuses, containerStatuses },
  };
}

/** Of a pod's conditions those that say what is in its way. */
function telling(conditions: unknown): unknown {
  if (!Array.isArray(conditions)) return undefined;
  return conditions.filter((condition) => {
    const { type, status } = recordOf(condition);
    return type === "DisruptionTarget" || (type === "PodScheduled" && status === "False");
  });
}

/** What nobody reads of a report is not held, and of one that is too long so much that it is seen to be. */
export function trimReport({ apiVersion, kind, metadata, data }: KubeObject): KubeObject {
  const { annotations: _annotations, ...kept } = metadata;
  const text = recordOf(data)[AGENT_KEYS.report];
  const report = typeof text === "string" ? { [AGENT_KEYS.report]: text.slice(0, AGENT_LIMITS.reportBytes + 1) } : {};
  return { apiVersion, kind, metadata: kept, data: report };
}

/** Of a task that ended only what it ended as is of use, and when it is to go. */
export function trimTask(object: KubeObject): KubeObject {
  const { phase } = recordOf(object["status"]);
  if (!isFinal(TASK_PHASES.find((each) => each === phase))) return object;
  const { source: _source, acceptance: _acceptance, requirements: _requirements, ...spec } = recordOf(object["spec"]);
  return { ...object, spec: { ...spec, description: "-" } };
}
