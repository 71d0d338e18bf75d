import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { credentialsOf } from "@leanvibe/runtime";
import { readKubeconfig } from "../../cli/src/credentials.ts";

/** A request as the API server got it. */
export type Recorded = {
  /** performance.now() of its first byte. */
  at: number;
  method: string;
  path: string;
  /** With its question mark; empty where there is none. */
  query: string;
  contentType: string;
  body: string;
  /** 0 until it was answered. */
  status: number;
};

export type RecordingProxy = {
  url: string;
  requests: Recorded[];
  /** What changes something; a Lease does not count. */
  writes(): Recorded[];
  /** From now on nothing is passed on and nothing answered, as by a network that drops everything. */
  silence(): void;
  close(): Promise<void>;
};

/** Stands between one client and the API server and knows what that client sent, and when: metrics may die with it. */
export async function recordingProxy(kubeconfig: string): Promise<RecordingProxy> {
  const { server: target, tls } = await credentialsOf(readKubeconfig(kubeconfig));
  const requests: Recorded[] = [];
  let silent = false;
  const pass: RequestListener = (incoming, response) => {
    const { method = "GET", url = "/", headers } = incoming;
    const { pathname: path, search: query } = new URL(url, target);
    const contentType = headers["content-type"] ?? "";
    const recorded: Recorded = { at: performance.now(), method, path, query, contentType, body: "", status: 0 };
    requests.push(recorded);
    if (silent) return;
    // The server's authority only: who asks is said by the client's own token.
    const outgoing = httpsRequest(new URL(url, target), { method, headers, ca: tls.ca }, (answer: IncomingMessage) => {
      recorded.status = answer.statusCode ?? 0;
      response.writeHead(recorded.status, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.on("data", (chunk: Buffer) => {
      if (method !== "GET") recorded.body += chunk.toString();
    });
    incoming.pipe(outgoing);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () => requests.filter(({ method, path }) => method !== "GET" && !path.includes("/leases")),
    silence: () => {
      silent = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
