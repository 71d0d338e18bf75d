import { request } from "node:https";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

/** The few requests that starting a cluster needs; it never sees a cluster that we did not make. */
export interface ApiClient {
  /** Status and body of a JSON request; rejects when the server cannot be reached within 5 s. */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

const TIMEOUT_MILLISECONDS = 5000;

/** How the client says who it is: a token, or a certificate and its key (PEM). */
interface Credential {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A client of `server` (https://host:port) that trusts `ca` (PEM). */
export function apiClient(server: string, ca: string, { token, cert, key }: Credential): ApiClient {
  return {
    call: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept: "application/json",
        };
        const timeout = TIMEOUT_MILLISECONDS;
        const outgoing = request(
          `${server}${path}`,
          { method, ca, cert, key, headers, timeout, agent: false },
          (response) => {
            const parts: Buffer[] = [];
            response.on("data", (part: Buffer) => parts.push(part));
            response.once("error", reject);
            response.once("end", () =>
              resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(parts)) }),
            );
          },
        );
        outgoing.once("timeout", () => outgoing.destroy(new Error(`${server} did not answer within 5 s`)));
        outgoing.once("error", reject);
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      }),
  };
}

function parse(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text; // /readyz answers "ok".
  }
}

const kubeconfigSchema = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }) }))
    .min(1),
  users: z.array(z.object({ user: z.record(z.string(), z.string()) })).min(1),
});

/** A client for a kubeconfig (text) of a cluster that we made: embedded keys or a token. Throws when it is another. */
export function apiClientFor(kubeconfig: string): ApiClient {
  const { clusters, users } = kubeconfigSchema.parse(parseYaml(kubeconfig));
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user ?? {}];
  if (!cluster) throw new Error("the kubeconfig names no cluster");
  const decode = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text, "base64").toString("utf8");
  const credential = {
    token: user["token"],
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
  return apiClient(cluster.server, decode(cluster["certificate-authority-data"]) ?? "", credential);
}
