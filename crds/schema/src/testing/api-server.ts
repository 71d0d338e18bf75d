import { readFileSync } from "node:fs";
import { request } from "node:https";
import { parse } from "yaml";
import { z } from "zod";

/** What the API server said: its HTTP status and, when it refused, its sentence. */
export interface Answer {
  code: number;
  message: string;
}

/** A request to the API server: raw JSON in, the verdict out. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: object;
  /** Who asks, by impersonation; without it, the kubeconfig's own user. */
  as?: { user: string; groups?: readonly string[]; extra?: Readonly<Record<string, readonly string[]>> };
}

const kubeconfig = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.url(), "certificate-authority-data": z.base64() }) })]),
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});

const status = z.object({ message: z.string().catch("") });

/** Asks the API server of a kubeconfig (one cluster, one user with a token), by default LEANVIBE_TEST_KUBECONFIG. */
export function call({ method, path: target, body, as }: Call, path = pathGiven()): Promise<Answer> {
  const { server, ca, token } = connection(path);
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json",
    "content-type": method === "PATCH" ? "application/apply-patch+yaml" : "application/json",
    ...(as === undefined
      ? {}
      : { "impersonate-user": as.user, "impersonate-group": [...(as.groups ?? [])], ...extraOf(as) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(target, server), { method, headers, ca }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const code = response.statusCode ?? 0;
        const text = Buffer.concat(chunks).toString();
        resolve({ code, message: code < 300 ? "" : refusal(text, response.headers["content-type"]) });
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function extraOf({ extra = {} }: NonNullable<Call["as"]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(extra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, [...values]]),
  );
}

/** Server-side apply of a cluster-scoped object; throws with the API server's sentence when it is refused. */
export async function apply(collection: string, object: { metadata: { name: string } }): Promise<void> {
  const target = `${collection}/${object.metadata.name}?fieldManager=schema-test&force=true`;
  const { code, message } = await call({ method: "PATCH", path: target, body: object });
  if (code >= 300) throw new Error(`apply ${target}: ${code} ${message}`);
}

/** Repeats a question until the answer fits: CRDs and policies come into force a moment after they are stored. */
export async function eventually(
  ask: () => Promise<boolean>,
  what: string,
  timeoutMilliseconds = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMilliseconds;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${timeoutMilliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A path that is not served yet is answered in plain text, everything else with a Status object. */
function refusal(text: string, contentType: string | undefined): string {
  return contentType?.includes("json") ? status.parse(JSON.parse(text)).message : text;
}

function pathGiven(): string {
  const path = process.env["LEANVIBE_TEST_KUBECONFIG"];
  if (path === undefined) throw new Error("LEANVIBE_TEST_KUBECONFIG is not set: run npm test, which starts a cluster");
  return path;
}

function connection(path: string) {
  const { clusters, users } = kubeconfig.parse(parse(readFileSync(path, "utf8")));
  const { server, "certificate-authority-data": ca } = clusters[0].cluster;
  return { server, ca: Buffer.from(ca, "base64"), token: users[0].user.token };
}
