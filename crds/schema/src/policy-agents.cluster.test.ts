import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AGENT_LIMITS } from "./agent-report.ts";
import { API_USERNAME, LABELS, OPERATOR_USERNAME } from "./names.ts";
import { admissionPolicies } from "./policies.ts";
import { type Answer, apply, type Call, call, eventually } from "./testing/api-server.ts";

const RUN = Date.now().toString(36);
const HOME = `agent-test-${RUN}`;
const ELSEWHERE = `agent-test-open-${RUN}`;
const EDITORS = `agent-test-editors-${RUN}`;
const ADMINS = `agent-test-admins-${RUN}`;
const JOB = "agt-dashboard-6f1c2d3e";

const as = (user: string, extra: object = {}) => ({ user, groups: [EDITORS], ...extra });
/** A Tenant's owner, whose rights in the namespace are wide. */
const OWNER = as("jane");
const ADMIN = { user: "root", groups: [EDITORS, ADMINS] };
const OPERATOR = as(OPERATOR_USERNAME);
const API = as(API_USERNAME);
const JOB_CONTROLLER = as("system:serviceaccount:kube-system:job-controller");
const DEPLOYMENTS = as("system:serviceaccount:kube-system:replicaset-controller");
const NODE = as("system:node:one");
const agent = (pod = `${JOB}-x2b4c`, namespace = HOME) => ({
  ...as(`system:serviceaccount:${namespace}:leanvibe-agent`),
  extra: { "authentication.kubernetes.io/pod-name": [pod] },
});

type Who = NonNullable<Call["as"]>;

const dryRun = (path: string) => `${path}?dryRun=All`;
const secured = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const podSpec = (spec: object = {}) => ({
  restartPolicy: "Never",
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [{ name: "main", image: "none", securityContext: secured }],
  ...spec,
});
const AS_AGENT = { serviceAccountName: "leanvibe-agent" };
const LABEL = { [LABELS.agent]: "true" };

const BY_JOB = [{ apiVersion: "batch/v1", kind: "Job", name: JOB, uid: "u", controller: true }];

const pod = (
  who: Who,
  name: string,
  { labels = {}, spec = {}, namespace = HOME, ownerReferences = [] as object[] } = {},
): Call => ({
  method: "POST",
  path: dryRun(`/api/v1/namespaces/${namespace}/pods`),
  body: { apiVersion: "v1", kind: "Pod", metadata: { name, labels, ownerReferences }, spec: podSpec(spec) },
  as: who,
});

const job = (who: Who, name: string, { labels = {}, template = {}, spec = {}, namespace = HOME } = {}): Call => ({
  method: "POST",
  path: dryRun(`/apis/batch/v1/namespaces/${namespace}/jobs`),
  body: {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: { template: { metadata: { labels: template }, spec: podSpec(spec) } },
  },
  as: who,
});

const OWNED = [{ apiVersion: "batch/v1", kind: "Job", name: JOB, uid: "u" }];
const configMap = (who: Who, name: string, body: object = {}, ownerReferences: object[] = OWNED): Call => ({
  method: "POST",
  path: dryRun(`/api/v1/namespaces/${HOME}/configmaps`),
  body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ownerReferences }, ...body },
  as: who,
});
const report = (text: string) => ({ data: { "report.json": text } });
const artifact = (bytes: number) => ({ binaryData: { "artifact.json.gz": Buffer.alloc(bytes).toString("base64") } });

const changed = (who: Who, kind: "pods" | "jobs", labels: object): Call => ({
  method: "PATCH",
  path: dryRun(`${kind === "jobs" ? "/apis/batch/v1" : "/api/v1"}/namespaces/${HOME}/${kind}/agt-there`).concat(
    "&fieldManager=agent-test&force=true",
  ),
  body: {
    apiVersion: kind === "jobs" ? "batch/v1" : "v1",
    kind: kind === "jobs" ? "Job" : "Pod",
    metadata: { name: "agt-there", labels },
  },
  as: who,
});
const entering = (who: Who, name: string, way: string): Call => ({
  method: "POST",
  path: `/api/v1/namespaces/${HOME}/pods/${name}/${way}`,
  as: who,
});
const token = (who: Who, account: string, pods?: string): Call => ({
  method: "POST",
  path: dryRun(`/api/v1/namespaces/${HOME}/serviceaccounts/${account}/token`),
  body: {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: ["a"],
      ...(pods === undefined ? {} : { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pods } }),
    },
  },
  as: who,
});

const CASES: readonly { attack: string; refusal: string; refused: readonly Call[]; accepted: readonly Call[] }[] = [
  {
    attack: "a pod that passes for an agent's",
    refusal: "are made from an AgentTask only",
    refused: [
      pod(OWNER, "agt-mine"),
      pod(OWNER, "mine", { labels: LABEL }),
      pod(OWNER, "mine", { spec: AS_AGENT }),
      pod(DEPLOYMENTS, "mine", { spec: AS_AGENT }),
      // Where all controllers are one user, a ReplicaSet of an owner's makes its pods under that name too.
      pod(as("system:kube-controller-manager"), `${JOB}-x2b4c`, {
        labels: LABEL,
        spec: AS_AGENT,
        ownerReferences: [{ ...BY_JOB[0], apiVersion: "apps/v1", kind: "ReplicaSet" }],
      }),
      changed(OWNER, "pods", { mine: "true" }),
    ],
    accepted: [
      pod(OWNER, "mine"),
      pod(JOB_CONTROLLER, `${JOB}-x2b4c`, { labels: LABEL, spec: AS_AGENT, ownerReferences: BY_JOB }),
      pod(OWNER, "agt-mine", { namespace: ELSEWHERE }),
      changed(JOB_CONTROLLER, "pods", { theirs: "true" }),
    ],
  },
  {
    attack: "a Job that runs as an agent",
    refusal: "are made by the operator only",
    refused: [
      job(OWNER, "agt-mine"),
      job(OWNER, "mine", { labels: LABEL }),
      job(OWNER, "mine", { template: LABEL }),
      job(OWNER, "mine", { spec: AS_AGENT }),
      // The task stands in its pods' template, which can be changed while a Job is suspended.
      changed(OWNER, "jobs", { mine: "true" }),
    ],
    accepted: [job(OWNER, "mine"), job(OPERATOR, JOB, { labels: LABEL, template: LABEL, spec: AS_AGENT })],
  },
  {
    attack: "an operator's stolen token that runs something else",
    refusal: "makes Jobs of agents only",
    refused: [job(OPERATOR, "agt-mine"), job(OPERATOR, "mine", { spec: AS_AGENT })],
    accepted: [changed(OPERATOR, "jobs", { ours: "true" })],
  },
  {
    attack: "a report by somebody else",
    refusal: "are written by agents only",
    refused: [
      configMap(OWNER, `${JOB}-report`, report("{}")),
      // The operator holds whatever carries it in memory.
      {
        ...configMap(OWNER, "mine"),
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine", labels: { [LABELS.agentReport]: "" } } },
      },
      configMap(OWNER, "agt-other-artifact", artifact(1)),
    ],
    accepted: [configMap(OWNER, "mine", report("{}"), [])],
  },
  {
    attack: "an agent that writes for another",
    refusal: "writes the two ConfigMaps of its own Job",
    refused: [
      configMap(agent(), "agt-other-6f1c2d3e-report", report("{}")),
      configMap(agent(), "settings", { data: { a: "b" } }),
      configMap(agent(""), "x-report", report("{}")),
      configMap(agent("x2b4c"), `${JOB}-report`, report("{}")),
    ],
    accepted: [configMap(agent(), `${JOB}-report`, report("{}")), configMap(agent(), `${JOB}-artifact`, artifact(9))],
  },
  {
    attack: "an agent's object that outlives its task",
    refusal: "is owned by its Job",
    refused: [
      configMap(agent(), `${JOB}-report`, report("{}"), []),
      configMap(agent(), `${JOB}-report`, report("{}"), [{ ...OWNED[0], name: "agt-other" }]),
      configMap(agent(), `${JOB}-report`, report("{}"), [...OWNED, { ...OWNED[0], uid: "v" }]),
      configMap(agent(), `${JOB}-report`, report("{}"), [{ ...OWNED[0], kind: "Pod", apiVersion: "v1" }]),
    ],
    accepted: [],
  },
  {
    attack: "an agent that fills the cluster's memory",
    refusal: "and nothing else",
    refused: [
      configMap(agent(), `${JOB}-report`, report("x".repeat(AGENT_LIMITS.reportBytes + 1))),
      configMap(agent(), `${JOB}-report`, { data: { "report.json": "{}", more: "x" } }),
      configMap(agent(), `${JOB}-report`, artifact(9)),
      configMap(agent(), `${JOB}-artifact`, artifact(AGENT_LIMITS.artifactBytes + 3)),
      configMap(agent(), `${JOB}-artifact`, report("{}")),
    ],
    accepted: [
      configMap(agent(), `${JOB}-report`, report("x".repeat(AGENT_LIMITS.reportBytes))),
      configMap(agent(), `${JOB}-artifact`, artifact(AGENT_LIMITS.artifactBytes)),
    ],
  },
  {
    attack: "a shell in an agent's pod",
    refusal: "nobody enters an agent's pod",
    refused: ["exec?command=sh", "attach", "portforward", "proxy"].map((way) => entering(OWNER, "agt-there", way)),
    accepted: [],
  },
  {
    attack: "an agent's token for somebody else",
    refusal: "are given to agents' pods by their nodes",
    refused: [
      token(OWNER, "leanvibe-agent"),
      token(OWNER, "leanvibe-agent", "agt-there"),
      token(OPERATOR, "leanvibe-agent", "agt-there"),
      token(NODE, "leanvibe-agent"),
    ],
    accepted: [token(OWNER, "default"), token(NODE, "leanvibe-agent", "agt-there")],
  },
  {
    attack: "the API's stolen token on others' ConfigMaps",
    refusal: "the API's account deletes agents' ConfigMaps",
    refused: [
      { method: "DELETE", path: dryRun(`/api/v1/namespaces/${HOME}/configmaps/kube-root-ca.crt`), as: API },
      { method: "DELETE", path: dryRun(`/api/v1/namespaces/${ELSEWHERE}/configmaps/agt-there`), as: API },
      configMap(API, "mine", report("{}"), []),
    ],
    accepted: [{ method: "DELETE", path: dryRun(`/api/v1/namespaces/${HOME}/configmaps/agt-there`), as: API }],
  },
];

const refusedBy = ({ code, message }: Answer, text: string) => code === 403 && message.includes(text);
const label = ({ as: who, method, path, body }: Call) =>
  `${who?.user} ${method} ${path} ${JSON.stringify(body ?? {}).slice(0, 400)}`;

const namespace = (name: string, labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

describe("policies about agents on a real API server", () => {
  beforeAll(async () => {
    for (const object of admissionPolicies()) {
      const plural = object.kind === "ValidatingAdmissionPolicy" ? "policies" : "policybindings";
      await apply(`/apis/admissionregistration.k8s.io/v1/validatingadmission${plural}`, object);
    }
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const rights = {
      [EDITORS]: { apiGroups: ["", "batch"], resources: ["*"], verbs: ["*"] },
      [ADMINS]: { apiGroups: ["leanvibe.io"], resources: ["tenants"], verbs: ["update"] },
    };
    for (const [name, rule] of Object.entries(rights)) {
      const apiVersion = "rbac.authorization.k8s.io/v1";
      await apply(`${rbac}/clusterroles`, { apiVersion, kind: "ClusterRole", metadata: { name }, rules: [rule] } as {
        metadata: { name: string };
      });
      const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name }];
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
      await apply(`${rbac}/clusterrolebindings`, {
        apiVersion,
        kind: "ClusterRoleBinding",
        metadata: { name },
        roleRef,
        subjects,
      } as { metadata: { name: string } });
    }
    await apply("/api/v1/namespaces", namespace(HOME, { [LABELS.tenant]: "agent-test" }));
    await apply("/api/v1/namespaces", namespace(ELSEWHERE, {}));
    for (const where of [HOME, ELSEWHERE]) {
      const accounts = `/api/v1/namespaces/${where}/serviceaccounts`;
      await apply(accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "leanvibe-agent" } } as {
        metadata: { name: string };
      });
      await eventually(
        async () => (await call({ method: "GET", path: `${accounts}/default` })).code === 200,
        "an account",
      );
      const there = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "agt-there" } };
      await apply(`/api/v1/namespaces/${where}/configmaps`, there);
    }
    const suspended = { suspend: true, template: { spec: podSpec() } };
    const there = { metadata: { name: "agt-there" } };
    await apply(`/apis/batch/v1/namespaces/${HOME}/jobs`, {
      apiVersion: "batch/v1",
      kind: "Job",
      ...there,
      spec: suspended,
    } as typeof there);
    await apply(`/api/v1/namespaces/${HOME}/pods`, {
      apiVersion: "v1",
      kind: "Pod",
      ...there,
      spec: podSpec(AS_AGENT),
    } as typeof there);
    for (const { refused, refusal } of CASES) {
      const [first] = refused;
      if (first !== undefined) await eventually(async () => refusedBy(await call(first), refusal), refusal);
    }
  }, 60_000);

  afterAll(async () => {
    for (const name of [HOME, ELSEWHERE]) await call({ method: "DELETE", path: `/api/v1/namespaces/${name}` });
    for (const name of [EDITORS, ADMINS])
      for (const kind of ["clusterrolebindings", "clusterroles"])
        await call({ method: "DELETE", path: `/apis/rbac.authorization.k8s.io/v1/${kind}/${name}` });
  });

  test.each(CASES)("refuse $attack", async ({ refusal, refused }) => {
    const passed: string[] = [];
    for (const request of refused) {
      const answer = await call(request);
      if (!refusedBy(answer, refusal)) passed.push(`${answer.code} ${answer.message}: ${label(request)}`);
    }
    expect(passed).toEqual([]);
  });

  test.each(CASES.filter(({ accepted }) => accepted.length > 0))(
    "with $attack refused, other work goes on",
    async ({ accepted }) => {
      const stopped: string[] = [];
      for (const request of accepted) {
        const { code, message } = await call(request);
        if (code >= 300) stopped.push(`${label(request)}: ${code} ${message}`);
      }
      expect(stopped).toEqual([]);
    },
  );

  test("a platform admin may do what owners may not", async () => {
    expect(await call(pod(ADMIN, "agt-mine"))).toMatchObject({ code: 201 });
  });
});
