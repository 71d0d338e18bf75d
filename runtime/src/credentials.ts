import type { RequestOptions } from "node:https";
// Only the type: the library's index costs a second and 80 MB at start, and whoever hands us a KubeConfig has it.
import type { KubeConfig } from "@kubernetes/client-node";

/** What a connection needs: where to, whom to trust, and who we say we are. */
export type Credentials = {
  /** Where the API server is: `https://host:port`, or with a path below which it lies (Rancher's `/k8s/clusters/ID`). */
  server: string;
  tls: TlsMaterial;
  /**
   * Headers that authenticate a request made now; refreshed by the library (exec, OIDC, rotated token files).
   * `refused` asks for new ones although the old ones are fresh, because the API server answered them with 401.
   */
  headers(refused?: boolean): Promise<Record<string, string>>;
};

type TlsMaterial = Pick<RequestOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

/** How long an Authorization header is used before the library is asked again: client-go's token-file period. */
const HEADERS_FRESH_MILLISECONDS = 30_000;
/** How often the library is asked at most, even when every request is answered with 401: an exec plugin is a process. */
const HEADERS_PERIOD_MILLISECONDS = 1_000;

/**
 * Credentials of the current context of a kubeconfig. The library keeps what it is good at (contexts, exec plugins,
 * OIDC, token files); the requests themselves go through our own pool, because it opens a connection per request.
 * @throws Error naming the kubeconfig's fault when it has no current context or no server.
 */
export async function credentialsOf(kubeConfig: KubeConfig): Promise<Credentials> {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null || cluster === undefined) {
    const context = kubeConfig.getCurrentContext();
    throw new Error(
      `the kubeconfig names no cluster for its current context ${JSON.stringify(context)}; set one with kubectl config use-context NAME, or point KUBECONFIG at another file`,
    );
  }
  let headers: Record<string, string> = {};
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<RequestOptions> => {
    const options: RequestOptions = { headers: {} };
    await kubeConfig.applyToHTTPSOptions(options);
    headers = headersOf(options);
    readAt = performance.now();
    return options;
  };
  // Hundreds of requests may find the headers stale at once; they wait for one reading, not for one process each.
  let reading: Promise<unknown> | undefined;
  const readOnce = async (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  };
  const { ca, cert, key, servername, rejectUnauthorized } = await read();
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined),
  );
  return {
    server: cluster.server,
    tls,
    async headers(refused = false) {
      const fresh = refused ? HEADERS_PERIOD_MILLISECONDS : HEADERS_FRESH_MILLISECONDS;
      if (performance.now() - readAt > fresh) await readOnce();
      return headers;
    },
  };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") found[name.toLowerCase()] = value;
  }
  // A kubeconfig user with username and password arrives as `auth`, which only node:https understands.
  if (typeof options.auth === "string") {
    found["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  }
  return found;
}
