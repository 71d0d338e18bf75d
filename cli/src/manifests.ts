import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isApiError, type Kind, type Manifest, objectPath, type Transport } from "@leanvibe/runtime";
import { FIELD_MANAGERS } from "@leanvibe/schema";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

/** The repository, or the folder in which the product was unpacked. */
export const ROOT = dirname(dirname(import.meta.dirname));

/** Whose identities and rights are in a file of their own, `manifests/rbac.yaml` of their folder. */
const IDENTITIES = ["operator", "api-server"] as const;

/** What a cluster needs before anything of ours can run: kinds and policies, then identities and their rights. */
export async function installManifests(): Promise<Manifest[]> {
  const crds = join(ROOT, "crds");
  const files = (await readdir(crds)).filter((name) => name.endsWith(".yaml")).sort();
  const texts = [
    ...files.map((name) => join(crds, name)),
    ...IDENTITIES.map((folder) => join(ROOT, folder, "manifests", "rbac.yaml")),
  ];
  const manifests = (await Promise.all(texts.map(manifestsIn))).flat();
  // The policies speak of our kinds: definitions first.
  return manifests.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ kind }: Manifest): number {
  const first = ["CustomResourceDefinition", "Namespace"].indexOf(kind);
  return first === -1 ? 2 : first;
}

/** All objects of a YAML file. @throws Error naming the file where it is no YAML. */
export async function manifestsIn(path: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(path, "utf8"));
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value as Manifest];
  });
}

/** Server-side apply, one after the other. A repeated call changes nothing. */
export async function applyManifests(transport: Transport, manifests: readonly Manifest[]): Promise<void> {
  const discovery = discover(transport);
  for (const manifest of manifests) {
    await transport.send({
      method: "PATCH",
      path: objectPath(await discovery(manifest), manifest.metadata),
      query: { fieldManager: FIELD_MANAGERS.cli, force: true },
      contentType: "application/apply-patch+yaml",
      body: manifest,
    });
  }
}

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/**
 * Creates what is not there, and leaves what is as it is: it may have become somebody's own. By apply, not by POST, for
 * which the API server holds every kind that is younger than two seconds.
 */
export async function createMissing(transport: Transport, manifests: readonly Manifest[]): Promise<void> {
  const discovery = discover(transport);
  for (const manifest of manifests) {
    const path = objectPath(await discovery(manifest), manifest.metadata);
    const missing = await transport.send({ method: "GET", path }).then(
      () => false,
      (error: unknown) => {
        if (!isApiError(error, 404)) throw error;
        return true;
      },
    );
    if (missing) await applyManifests(transport, [manifest]);
  }
}

/** Asks the API server where it keeps a kind, once per group and version. */
function discover(transport: Transport): (manifest: Manifest) => Promise<Kind> {
  const known = new Map<string, Promise<unknown>>();
  return async ({ apiVersion, kind }) => {
    const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const answer = known.get(path) ?? transport.send({ method: "GET", path });
    known.set(path, answer);
    const { resources } = resourceList.parse(await answer);
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    if (found === undefined) throw new Error(`the cluster does not know ${kind} of ${apiVersion}`);
    return { group, version, kind, plural: found.name, namespaced: found.namespaced };
  };
}
