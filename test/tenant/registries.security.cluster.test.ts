import { KINDS, type Kind, recordOf } from "@leanvibe/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  clusterWithOperator,
  connectAs,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const OWNER = "jane@example.com";
const name = uniqueName("images");
const inside = `tenant-${name}`;
const allowed = ["registry.example.com/team", "docker.io/library"];
const GOOD = "registry.example.com/team/web:1";

const cluster = clusterWithOperator();
let jane: Api;

beforeAll(async () => {
  const owners = [{ kind: "User", name: OWNER }];
  await cluster.api.create(TENANTS, tenantManifest(name, { owners, registries: { allowed } }));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
  jane = apiOf(await connectAs({ user: OWNER }));
  await eventually("the policy's binding is in force", () =>
    make({ containers: [container("evil.example.com/x")] }).then(
      () => false,
      () => true,
    ),
  );
});

const container = (image: string, of = "main") => ({
  name: of,
  image,
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
});

const podSpec = {
  nodeSelector: { "leanvibe.test/nowhere": "true" },
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
};

function make(spec: Record<string, unknown>): Promise<unknown> {
  return jane.create(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: uniqueName("pod"), namespace: inside },
    spec: { ...podSpec, ...spec },
  });
}

async function goodPod(): Promise<string> {
  const pod = recordOf(recordOf(await make({ containers: [container(GOOD)] }))["metadata"]);
  return String(pod["name"]);
}

const EPHEMERAL: Kind = { ...PODS, plural: "pods" };

const ATTACKS: readonly [string, () => Promise<unknown>][] = [
  ["another registry", () => make({ containers: [container("evil.example.com/web")] })],
  ["another folder of an allowed registry", () => make({ containers: [container("registry.example.com/other/web")] })],
  [
    "a folder whose name begins like the allowed one",
    () => make({ containers: [container("registry.example.com/team-evil/web")] }),
  ],
  [
    "a host whose name begins like the allowed one",
    () => make({ containers: [container("registry.example.com.evil.example/team/web")] }),
  ],
  ["docker.io by a short name with an owner", () => make({ containers: [container("somebody/web")] })],
  ["a registry told only by its port", () => make({ containers: [container("evil:5000/web")] })],
  [
    "an init container",
    () => make({ containers: [container(GOOD)], initContainers: [container("evil.example.com/x", "init")] }),
  ],
  ["the second container", () => make({ containers: [container(GOOD), container("evil.example.com/x", "side")] })],
  [
    "a volume made of an image",
    () =>
      make({
        containers: [container(GOOD)],
        volumes: [{ name: "image", image: { reference: "evil.example.com/data", pullPolicy: "Always" } }],
      }),
  ],
  [
    "a change of a pod that was allowed",
    async () => {
      const pod = await goodPod();
      const spec = { containers: [{ name: "main", image: "evil.example.com/x" }] };
      return jane.transport.send({
        method: "PATCH",
        path: `/api/v1/namespaces/${inside}/pods/${pod}`,
        contentType: "application/strategic-merge-patch+json",
        body: { spec },
      });
    },
  ],
];

describe("an owner bound to registries is refused an image by", () => {
  it.each(ATTACKS)("%s", async (_what, attack) => {
    await expect(attack()).rejects.toThrow(
      /images in this namespace must come from registry.example.com\/team, docker/,
    );
  });

  it("an ephemeral container, even one who may add those", async () => {
    const pod = await goodPod();
    const body = { spec: { ephemeralContainers: [container("evil.example.com/x", "debug")] } };
    const path = `/api/v1/namespaces/${inside}/${EPHEMERAL.plural}/${pod}/ephemeralcontainers`;
    const contentType = "application/strategic-merge-patch+json";
    await expect(jane.transport.send({ method: "PATCH", path, contentType, body })).rejects.toThrow(/forbidden/i);
  });

  it("a list that it writes itself", async () => {
    const annotations = { "leanvibe.io/registries": "evil.example.com" };
    await expect(jane.patch(KINDS.Namespace, { name: inside }, { metadata: { annotations } })).rejects.toThrow(
      /forbidden/,
    );
  });
});

describe("spec.registries", () => {
  it("lets in what it allows, short names of docker.io/library among them", async () => {
    await make({ containers: [container(GOOD), container("nginx:1", "short")] });
  });

  it("only warns with action Warn, and is gone when it is left out", async () => {
    await cluster.api.patch(TENANTS, { name }, { spec: { registries: { action: "Warn" } } });
    const admitted = () =>
      make({ containers: [container("evil.example.com/x")] }).then(
        () => true,
        () => false,
      );
    await eventually("the pod is admitted with a warning", admitted);
    await cluster.api.patch(TENANTS, { name }, { spec: { registries: null } });
    await eventually("label and list are gone", async () => {
      const { metadata } = await cluster.api.get(KINDS.Namespace, inside);
      return (
        metadata.labels?.["leanvibe.io/registries"] === undefined &&
        metadata.annotations?.["leanvibe.io/registries"] === undefined
      );
    });
  });
});
