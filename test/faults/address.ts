import { KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { TENANTS } from "@leanvibe/schema";
import type { Recorded } from "../harness/recording-proxy.ts";

/** In place of the workload's prefix, so that an address of one run is found in the next. */
const PREFIX = "$";

const KIND_OF = new Map(
  [...Object.values(KINDS), TENANTS].map(({ plural, kind }) => [plural as string, kind as string]),
);

const PATCHES: Record<string, string> = {
  "application/apply-patch+yaml": "APPLY",
  "application/merge-patch+json": "MERGE",
  "application/json-patch+json": "JSONPATCH",
};

/** What a request's path points at. */
export type Target = { kind: string; namespace?: string; name?: string; subresource?: string };

export function targetOf(path: string): Target {
  const segments = path.split("/").slice(path.startsWith("/apis/") ? 4 : 3);
  const inside = segments[0] === "namespaces" && segments.length > 2;
  const [plural = "", name, subresource] = inside ? segments.slice(2) : segments;
  return {
    kind: KIND_OF.get(plural) ?? plural,
    ...(inside && segments[1] !== undefined ? { namespace: segments[1] } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

/** Names made by the program's own digest, of uids among others, are different in every run. */
const DIGEST = /\.[0-9a-f]{16}$/;

export function masked(text: string, prefix: string): string {
  return text.replaceAll(prefix, PREFIX);
}

/** Of a write, without its number: `POST RoleBinding $-a/leanvibe-owners`. */
export function writeAddress(request: Recorded, prefix: string): string {
  const target = targetOf(request.path);
  const body = recordOf(request.method === "POST" ? JSON.parse(request.body) : undefined);
  const made = String(recordOf(body["metadata"])["name"] ?? "");
  const reason = body["reason"] === undefined ? "*" : String(body["reason"]);
  const name = (target.name ?? made).replace(DIGEST, `.${reason}`);
  const verb = request.method === "PATCH" ? (PATCHES[request.contentType] ?? "PATCH") : request.method;
  const where = [target.namespace, name, target.subresource].filter((part) => part !== undefined).join("/");
  return masked(`${verb} ${target.kind} ${where}`, prefix);
}

/** `POST RoleBinding $-a/leanvibe-owners #2` is about `RoleBinding $-a/leanvibe-owners`. */
export function objectOf(address: string): string {
  return address.split(" ").slice(1, 3).join(" ");
}

/** Of a watch's line, without its number: `MODIFIED ResourceQuota $-a/leanvibe`. Undefined for a bookmark. */
export function lineAddress(type: string, { kind, metadata }: KubeObject, prefix: string): string | undefined {
  if (type === "BOOKMARK" || type === "ERROR") return undefined;
  const name = metadata.name.replace(DIGEST, ".*");
  return masked(`${type} ${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${name}`, prefix);
}

/** Numbers what has the same address: the first is #1. */
export class Numbers {
  readonly #counts = new Map<string, number>();

  next(address: string): string {
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    return `${address} #${count}`;
  }
}
