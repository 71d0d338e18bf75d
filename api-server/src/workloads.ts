import { createRequire } from "node:module";
import type { Manifest } from "@leanvibe/runtime";
import { GATEWAY_SERVICE, IMAGES, type ImageName, SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { yamlDocuments } from "@leanvibe/schema/generate";

const { version }: { version: string } = createRequire(import.meta.url)("../package.json");

/** All that a person may want otherwise. */
const VALUES = {
  replicas: 2,
  /** Made by a person; the first for the server, the second for migrations alone. */
  secrets: { server: "leanvibe-api", owner: "leanvibe-api-owner" },
  /** Settings that are no secret. TRUSTED_PROXIES is needed: what stands before the API only a person knows. */
  settings: "leanvibe-api",
  ports: { http: 8000, metrics: 9464, gateway: 8001 },
  /** The table of the models that agents may use, and the keys that their servers want: as files, where a person made them. */
  models: { table: "leanvibe-models", keys: "leanvibe-model-keys", folder: "/etc/leanvibe" },
  /** Until every node has heard that a pod is going, and for requests under way after that. */
  seconds: { linger: 5, drain: 20, margin: 5 },
  resources: { requests: { cpu: "100m", memory: "192Mi" }, limits: { memory: "512Mi" } },
} as const;

const NAME = "leanvibe-api";
const PART = { "app.kubernetes.io/part-of": "leanvibe" };
const POD = { "app.kubernetes.io/name": NAME };
const HEADER =
  "# Generated from api-server/src/workloads.ts by `npm run generate`; edit it there. Needs rbac.yaml beside it, and the Secrets that README.md names.\n";

/** api-server/manifests/workloads.yaml: the API as pods. */
export function generateApiWorkloads(): Map<string, string> {
  return new Map([["api-server/manifests/workloads.yaml", yamlDocuments(apiWorkloads(), HEADER)]]);
}

/** The same as values. The server does not start before its migrations have run; Kubernetes tries it again until then. */
export function apiWorkloads(): Manifest[] {
  const labels = { ...PART, ...POD };
  const metadata = { name: NAME, namespace: SYSTEM_NAMESPACE, labels };
  return [
    migration(),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: VALUES.replicas,
        selector: { matchLabels: POD },
        // One more before one less: nobody waits for a new version.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: { metadata: { labels }, spec: serverPod() },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: POD, ports: [{ name: "http", port: 80, targetPort: "http", appProtocol: "http" }] },
    },
    // Apart from the API's: whoever may reach the one need not reach the other.
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, name: GATEWAY_SERVICE },
      spec: { selector: POD, ports: [{ name: "http", port: 80, targetPort: "gateway", appProtocol: "http" }] },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: POD } },
    },
  ];
}

function serverPod() {
  const { ports, seconds, resources, models } = VALUES;
  const spread = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: POD },
  });
  const asked = (path: string) => ({ httpGet: { path, port: "http" } });
  return {
    serviceAccountName: SERVICE_ACCOUNTS.api,
    // Else each Service of the namespace would be a setting.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: seconds.linger + seconds.drain + seconds.margin,
    securityContext: UNPRIVILEGED,
    topologySpreadConstraints: [spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")],
    containers: [
      {
        ...container("api"),
        ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
        env: [
          // A pod's address is known when it starts; others than those of this machine are to reach it.
          { name: "HOST", value: "0.0.0.0" },
          { name: "PORT", value: String(ports.http) },
          { name: "METRICS_PORT", value: String(ports.metrics) },
          { name: "GATEWAY_ADDRESS", value: `0.0.0.0:${ports.gateway}` },
          { name: "GATEWAY_MODELS", value: `${models.folder}/models/models.json` },
          { name: "LINGER_SECONDS", value: String(seconds.linger) },
          { name: "DRAIN_SECONDS", value: String(seconds.drain) },
        ],
        envFrom: [{ configMapRef: { name: VALUES.settings } }, { secretRef: { name: VALUES.secrets.server } }],
        resources,
        volumeMounts: ["models", "keys"].map((name) => ({
          name,
          mountPath: `${models.folder}/${name}`,
          readOnly: true,
        })),
        startupProbe: { ...asked("/health"), periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...asked("/health/ready"), periodSeconds: 5, timeoutSeconds: 4, failureThreshold: 2 },
        // Late on purpose: under load it refuses by itself, and a restart would only add to what the others have to do.
        livenessProbe: { ...asked("/health"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
      },
    ],
    volumes: [
      { name: "models", configMap: { name: models.table, optional: true } },
      { name: "keys", secret: { secretName: models.keys, optional: true } },
    ],
  };
}

/** A Job cannot be changed: each version has its own. It changes nothing where nothing is to be done. */
function migration(): Manifest {
  const name = `leanvibe-migrate-${version.replaceAll(/[^a-z0-9]+/g, "-")}`;
  const labels = { ...PART, "app.kubernetes.io/name": "leanvibe-migrate" };
  const environment = [VALUES.secrets.server, VALUES.secrets.owner].map((secret) => ({ secretRef: { name: secret } }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels },
    spec: {
      backoffLimit: 10,
      activeDeadlineSeconds: 900,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: UNPRIVILEGED,
          containers: [
            {
              ...container("migrate"),
              args: ["--for-server"],
              envFrom: environment,
              resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
            },
          ],
        },
      },
    },
  };
}

function container(image: ImageName) {
  return {
    name: image,
    image: `${IMAGES[image]}:${version}`,
    imagePullPolicy: "IfNotPresent",
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** As Pod Security `restricted` asks; the numbers are the images' own. */
const UNPRIVILEGED = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  seccompProfile: { type: "RuntimeDefault" },
} as const;
