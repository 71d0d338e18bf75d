import { AGENT_KEYS, AGENT_LIMITS } from "./agent-report.ts";
import { AGENT_NAME, AGENT_PREFIX, LABELS, OPERATOR_USERNAME } from "./names.ts";
import { IS_PLATFORM_ADMIN, NOT_A_CLUSTER_CONTROLLER, NOT_THE_OPERATOR, type Policy } from "./policy.ts";

/**
 * Who may be an agent, and what an agent may be. An agent runs in its Tenant's own namespace, whose owners may write pods,
 * Jobs and ConfigMaps: they must not run their code under its identity, open a shell in it, or say in its place that a
 * task is done. And it runs beside code that a model wrote: it must not write what is another task's.
 */

const inTenants = (group: string, resources: readonly string[], ...operations: readonly string[]) => ({
  selector: "namespaceSelector" as const,
  resourceRules: [{ apiGroups: [group], apiVersions: ["v1"], operations, resources }],
});

const labelled = (metadata: string) => `'${LABELS.agent}' in ${metadata}.?labels.orValue({})`;
const named = (name: string) => `${name}.startsWith('${AGENT_PREFIX}')`;
const runsAs = (spec: string) => `${spec}.?serviceAccountName.orValue('') == '${AGENT_NAME}'`;

const whole = (object: string) => `${object}.metadata`;
const isAgentsPod = (object: string) =>
  [
    named(`${whole(object)}.?name.orValue('')`),
    named(`${whole(object)}.?generateName.orValue('')`),
    labelled(whole(object)),
    runsAs(`${object}.spec`),
  ].join(" || ");
const isAgentsJob = (object: string) =>
  [
    named(`${whole(object)}.?name.orValue('')`),
    named(`${whole(object)}.?generateName.orValue('')`),
    labelled(whole(object)),
    `${object}.spec.template.?metadata.?labels.orValue({}).exists(key, key == '${LABELS.agent}')`,
    runsAs(`${object}.spec.template.spec`),
  ].join(" || ");

/** Of a new object or of one that changes; what loses the label was an agent's before. */
const before = (is: (object: string) => string) => `(${is("object")}) || (oldObject != null && (${is("oldObject")}))`;

const IS_JOB_CONTROLLER =
  "request.userInfo.username in ['system:serviceaccount:kube-system:job-controller', 'system:kube-controller-manager']";

/** Where the cluster's controllers are one user, the name alone could be a ReplicaSet's; the owner is what each writes itself. */
const OF_AN_AGENTS_JOB = `object.metadata.?ownerReferences.orValue([]).exists(each, each.?controller.orValue(false) && each.kind == 'Job' && each.apiVersion == 'batch/v1' && ${named("each.name")})`;

const PODS: Policy = {
  ...inTenants("", ["pods"], "CREATE", "UPDATE"),
  name: "leanvibe-agent-pods",
  matchConditions: [{ name: "an-agents", expression: before(isAgentsPod) }],
  variables: [
    {
      name: "byTheCluster",
      // Later the cluster's controllers take a finalizer off; whoever else changes a pod of an agent changes what it runs.
      expression: `request.operation == 'CREATE' ? ${IS_JOB_CONTROLLER} && ${OF_AN_AGENTS_JOB} : !(${NOT_A_CLUSTER_CONTROLLER.expression})`,
    },
  ],
  validations: [
    {
      expression: `variables.byTheCluster || ${IS_PLATFORM_ADMIN}`,
      message: `pods named ${AGENT_PREFIX}*, labelled ${LABELS.agent} or of ServiceAccount ${AGENT_NAME} are agents' and are made from an AgentTask only; create an AgentTask, or use another name and account`,
      reason: "Forbidden",
    },
  ],
};

const JOBS: Policy = {
  ...inTenants("batch", ["jobs"], "CREATE", "UPDATE"),
  name: "leanvibe-agent-jobs",
  matchConditions: [NOT_THE_OPERATOR, { name: "an-agents", expression: before(isAgentsJob) }],
  variables: [],
  validations: [
    {
      expression: `(request.operation == 'UPDATE' && !(${NOT_A_CLUSTER_CONTROLLER.expression})) || ${IS_PLATFORM_ADMIN}`,
      message: `Jobs named ${AGENT_PREFIX}*, labelled ${LABELS.agent} or with pods of ServiceAccount ${AGENT_NAME} are agents' and are made by the operator only; create an AgentTask, or use another name and account`,
      reason: "Forbidden",
    },
  ],
};

const IS_AN_AGENT = `request.userInfo.username == 'system:serviceaccount:' + request.namespace + ':${AGENT_NAME}'`;
const POD_NAME = "request.userInfo.?extra[?'authentication.kubernetes.io/pod-name'].orValue([''])[0]";
/** Of the suffix that the Job controller gives a pod's name: a hyphen and five more. */
const SUFFIX = 6;

const holdsOnly = (field: "data" | "binaryData", key: string, bytes: number) =>
  `object.?${field}.orValue({}).all(key, key == '${key}' && object.${field}[key].size() <= ${bytes})`;

/** As which the API server shows bytes to a policy. */
const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3);

const CONFIG_MAPS: Policy = {
  ...inTenants("", ["configmaps"], "CREATE", "UPDATE"),
  name: "leanvibe-agent-configmaps",
  matchConditions: [
    {
      name: "an-agents",
      expression: `${IS_AN_AGENT} || '${LABELS.agentReport}' in object.metadata.?labels.orValue({}) || ${named("object.metadata.?name.orValue('')")} || ${named("object.metadata.?generateName.orValue('')")}`,
    },
  ],
  variables: [
    { name: "isAgent", expression: IS_AN_AGENT },
    { name: "pod", expression: POD_NAME },
    {
      name: "job",
      expression: `variables.pod.size() > ${SUFFIX} ? variables.pod.substring(0, variables.pod.size() - ${SUFFIX}) : ''`,
    },
    { name: "isReport", expression: "object.metadata.name == variables.job + '-report'" },
  ],
  validations: [
    {
      expression: `variables.isAgent || !(${NOT_A_CLUSTER_CONTROLLER.expression}) || ${IS_PLATFORM_ADMIN}`,
      message: `ConfigMaps named ${AGENT_PREFIX}* or labelled ${LABELS.agentReport} are written by agents only, and say how far a task is; use another name, without that label`,
      reason: "Forbidden",
    },
    {
      expression:
        "!variables.isAgent || (variables.job != '' && (variables.isReport || object.metadata.name == variables.job + '-artifact'))",
      message: "an agent writes the two ConfigMaps of its own Job, JOB-report and JOB-artifact, and no other",
      reason: "Forbidden",
    },
    {
      expression:
        "!variables.isAgent || (object.metadata.?ownerReferences.orValue([]).size() == 1 && object.metadata.ownerReferences.all(each, each.kind == 'Job' && each.apiVersion == 'batch/v1' && each.name == variables.job))",
      message: "an agent's ConfigMap is owned by its Job, so that it goes with it",
      reason: "Forbidden",
    },
    {
      expression: `!variables.isAgent || (variables.isReport ? ${holdsOnly("data", AGENT_KEYS.report, AGENT_LIMITS.reportBytes)} && !has(object.binaryData) : ${holdsOnly("binaryData", AGENT_KEYS.artifact, base64Length(AGENT_LIMITS.artifactBytes))} && !has(object.data))`,
      message: `an agent's report holds ${AGENT_KEYS.report} of at most ${AGENT_LIMITS.reportBytes} bytes, its artifact ${AGENT_KEYS.artifact} of at most ${AGENT_LIMITS.artifactBytes}, and nothing else`,
      reason: "Forbidden",
    },
  ],
};

/** On CONNECT a policy sees no more than the name; nobody else may use such a name. */
const DOORS: Policy = {
  ...inTenants("", ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy"], "CONNECT"),
  name: "leanvibe-agent-doors",
  matchConditions: [{ name: "an-agents", expression: named("request.name") }],
  variables: [],
  validations: [
    {
      expression: IS_PLATFORM_ADMIN,
      message:
        "nobody enters an agent's pod: it holds tokens and what its task is judged by; kubectl logs shows what it does",
      reason: "Forbidden",
    },
  ],
};

const CHANGES: Policy = {
  ...inTenants("", ["pods/ephemeralcontainers", "pods/resize"], "UPDATE"),
  name: "leanvibe-agent-changes",
  matchConditions: [{ name: "an-agents", expression: named("request.name") }],
  variables: [],
  validations: [
    {
      expression: IS_PLATFORM_ADMIN,
      message: "nobody adds to or resizes an agent's pod; spec.resources of the AgentTask says what it gets",
      reason: "Forbidden",
    },
  ],
};

const TOKENS: Policy = {
  ...inTenants("", ["serviceaccounts/token"], "CREATE"),
  name: "leanvibe-agent-tokens",
  matchConditions: [{ name: "an-agents", expression: `request.name == '${AGENT_NAME}'` }],
  variables: [],
  validations: [
    {
      // A node asks for the pods that it runs, and the API server has it ask for no other.
      expression: `(request.userInfo.username.startsWith('system:node:') && object.spec.?boundObjectRef.?kind.orValue('') == 'Pod' && ${named("object.spec.boundObjectRef.?name.orValue('')")}) || ${IS_PLATFORM_ADMIN}`,
      message: `tokens of ServiceAccount ${AGENT_NAME} are given to agents' pods by their nodes, and to nobody else`,
      reason: "Forbidden",
    },
  ],
};

/** The operator runs agents, and nothing else; of what is somebody else's it may change no more than whether it rests. */
const OPERATOR_JOBS: Policy = {
  selector: "everything",
  resourceRules: [{ apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["jobs"] }],
  name: "leanvibe-operator-jobs",
  matchConditions: [{ name: "the-operator", expression: `request.userInfo.username == '${OPERATOR_USERNAME}'` }],
  variables: [],
  validations: [
    {
      expression: `request.operation == 'UPDATE' ? object.spec.template == oldObject.spec.template : (${named("object.metadata.name")} && ${runsAs("object.spec.template.spec")})`,
      message: `the operator's account makes Jobs of agents only, under ServiceAccount ${AGENT_NAME}, and changes no Job's pods`,
      reason: "Forbidden",
    },
  ],
};

export const AGENT_POLICIES: readonly Policy[] = [PODS, JOBS, CONFIG_MAPS, DOORS, CHANGES, TOKENS, OPERATOR_JOBS];
