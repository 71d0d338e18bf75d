import { type Dispatcher, Pool } from "undici";
import type { Credentials } from "./credentials.ts";
import { ApiError } from "./errors.ts";
import type { ClientMetrics } from "./metrics.ts";

/** A request for JSON. `body` is sent as it stands: no model may drop a field that it does not know. */
export type ApiRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | number | boolean>;
  body?: unknown;
  /** Defaults to application/json; patches say which kind they are. */
  contentType?: string;
  signal?: AbortSignal;
};

/** The one way to the API server. */
export type Transport = {
  /** @throws ApiError for every answer above 299. */
  send(request: ApiRequest): Promise<unknown>;
  /** Lines of a watch, until the server or `signal` ends it. @throws ApiError, or Error when the stream breaks or falls silent. */
  lines(request: ApiRequest): AsyncIterable<string>;
  close(): Promise<void>;
};

/** More writers than this queue here, where a queue is cheap, and not as flow-control rejections in the server. */
const CONNECTIONS = 32;
const REQUEST_TIMEOUT_MILLISECONDS = 30_000;
/** A watch hears a bookmark about every minute; a longer silence is a half-open connection. */
const WATCH_SILENCE_MILLISECONDS = 70_000;
/** A single object is at most about 1.5 MiB in etcd; a longer line is not a Kubernetes API server. */
const LINE_LIMIT_CHARACTERS = 16 * 1024 * 1024;

export type TransportOptions = { userAgent?: string; metrics?: ClientMetrics };

/** Connects two pools: watches hold their connections for minutes and must never starve the writes. */
export function connect(credentials: Credentials, options: TransportOptions = {}): Transport {
  const requests = new Pool(credentials.server, {
    connections: CONNECTIONS,
    connect: { ...credentials.tls, timeout: 10_000 },
    headersTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    bodyTimeout: REQUEST_TIMEOUT_MILLISECONDS,
  });
  const watches = new Pool(credentials.server, {
    connect: { ...credentials.tls, timeout: 10_000 },
    headersTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    bodyTimeout: WATCH_SILENCE_MILLISECONDS,
  });
  const dispatch = async (pool: Pool, request: ApiRequest): Promise<Dispatcher.ResponseData> => {
    const headers: Record<string, string> = {
      ...(await credentials.headers()),
      accept: "application/json",
      "user-agent": options.userAgent ?? "leanvibe",
    };
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    const response = await pool.request({
      method: request.method,
      path: request.path + queryString(request.query),
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    options.metrics?.answered(request.method, response.statusCode);
    if (response.statusCode > 299) throw await refusal(response, request);
    return response;
  };
  return {
    async send(request) {
      const response = await dispatch(requests, request);
      return response.body.json();
    },
    async *lines(request) {
      const response = await dispatch(watches, request);
      yield* splitLines(response.body);
    },
    async close() {
      await Promise.all([requests.destroy(), watches.destroy()]);
    },
  };
}

function queryString(query: ApiRequest["query"]): string {
  if (query === undefined) return "";
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

async function* splitLines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LINE_LIMIT_CHARACTERS) throw new Error("a watch sent a line longer than any object may be");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
  }
}

/** The server answers refusals with a metav1.Status; a proxy between us may answer anything. */
async function refusal(response: Dispatcher.ResponseData, request: ApiRequest): Promise<ApiError> {
  const text = await response.body.text().catch(() => "");
  const status = parseStatus(text);
  const wait = Number(response.headers["retry-after"]);
  return new ApiError(
    status.message ?? `${request.method} ${request.path}: HTTP ${response.statusCode} ${text.slice(0, 200)}`,
    {
      status: response.statusCode,
      reason: status.reason ?? "Unknown",
      causes: status.causes,
      retryAfterSeconds: Number.isFinite(wait) && wait > 0 ? wait : undefined,
    },
  );
}

function parseStatus(text: string): { message?: string; reason?: string; causes: string[] } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return { causes: [] };
    const message = "message" in parsed && typeof parsed.message === "string" ? { message: parsed.message } : {};
    const reason = "reason" in parsed && typeof parsed.reason === "string" ? { reason: parsed.reason } : {};
    return { ...message, ...reason, causes: "details" in parsed ? causesOf(parsed.details) : [] };
  } catch {
    return { causes: [] };
  }
}

function causesOf(details: unknown): string[] {
  if (typeof details !== "object" || details === null || !("causes" in details) || !Array.isArray(details.causes)) {
    return [];
  }
  return details.causes.flatMap((cause: unknown) =>
    typeof cause === "object" && cause !== null && "reason" in cause && typeof cause.reason === "string"
      ? [cause.reason]
      : [],
  );
}
