import { isDeepStrictEqual } from "node:util";
import { type Dispatcher, Pool } from "undici";
import type { Credentials } from "./credentials.ts";
import { ApiError, NotLeading } from "./errors.ts";
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
  /**
   * Lines of a watch, until the server or `signal` ends it; `opened` is called when the server has agreed to it.
   * @throws ApiError, or Error when the stream breaks or falls silent.
   */
  lines(request: ApiRequest, opened?: () => void): AsyncIterable<string>;
  close(): Promise<void>;
};

/** More writers than this queue here, where a queue is cheap, and not as flow-control rejections in the server. */
const CONNECTIONS = 32;
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;
const REQUEST_TIMEOUT_MILLISECONDS = 30_000;
/** A watch hears a bookmark about every minute; a longer silence is a half-open connection. */
const WATCH_SILENCE_MILLISECONDS = 70_000;
/** A single object is at most about 1.5 MiB in etcd; a longer line is not a Kubernetes API server. */
const LINE_LIMIT_CHARACTERS = 16 * 1024 * 1024;

export type TransportOptions = {
  userAgent?: string;
  metrics?: ClientMetrics;
  /** After how long a silence a watch is taken for dead. */
  watchSilenceMilliseconds?: number;
  /** Asked right before the first byte of a request that changes something; false keeps it from ever leaving. */
  mayWrite?: () => boolean;
};

/** Connects two pools: watches hold their connections for minutes and must never starve the writes. */
export function connect(credentials: Credentials, options: TransportOptions = {}): Transport {
  const { origin, pathname } = new URL(credentials.server);
  const prefix = pathname.replace(/\/+$/, "");
  const common = {
    connect: { ...credentials.tls, timeout: CONNECT_TIMEOUT_MILLISECONDS },
    headersTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    // Trap: Go servers choose HTTP/2 where it is offered. There a silence ends the stream but not the connection, and
    // the watch is reopened into the same dead one; HTTP/1.1 drops the connection with it.
    allowH2: false,
  };
  const pool = new Pool(origin, {
    ...common,
    connections: CONNECTIONS,
    bodyTimeout: REQUEST_TIMEOUT_MILLISECONDS,
  });
  const requests = options.mayWrite === undefined ? pool : pool.compose(refusingWrites(options.mayWrite));
  const watches = new Pool(origin, {
    ...common,
    bodyTimeout: options.watchSilenceMilliseconds ?? WATCH_SILENCE_MILLISECONDS,
  });
  const attempt = async (by: Dispatcher, request: ApiRequest, authentication: Record<string, string>) => {
    const response = await by.request({
      origin,
      method: request.method,
      path: prefix + request.path + queryString(request.query),
      headers: {
        ...authentication,
        accept: "application/json",
        "user-agent": options.userAgent ?? "leanvibe",
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    options.metrics?.answered(request.method, response.statusCode);
    return response;
  };
  const dispatch = async (by: Dispatcher, request: ApiRequest): Promise<Dispatcher.ResponseData> => {
    const used = await credentials.headers();
    const response = await attempt(by, request, used);
    if (response.statusCode < 300) return response;
    const error = await refusal(response, request);
    if (error.status !== 401) throw error;
    // Revoked or rotated before its time. Once more with what the library says now, unless it says the same.
    const renewed = await credentials.headers(true);
    if (isDeepStrictEqual(renewed, used)) throw error;
    const second = await attempt(by, request, renewed);
    if (second.statusCode > 299) throw await refusal(second, request);
    return second;
  };
  return {
    async send(request) {
      const response = await dispatch(requests, request);
      return parseAnswer(await response.body.text(), request);
    },
    async *lines(request, opened) {
      const response = await dispatch(watches, request);
      opened?.();
      yield* splitLines(response.body);
    },
    async close() {
      await Promise.all([pool.destroy(), watches.destroy()]);
    },
  };
}

/**
 * Asked when the connection stands and the request's first byte is next: a process may have been paused while it waited
 * for a token, for another request to end, or for TLS to be agreed.
 */
function refusingWrites(mayWrite: () => boolean): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) => {
    if (request.method === "GET") return dispatch(request, handler);
    const begin = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      if (mayWrite()) begin?.(controller, context);
      else
        controller.abort(new NotLeading(`${request.method} ${request.path} was not sent: this process does not lead`));
    };
    return dispatch(request, handler);
  };
}

/** @throws TypeError that shows the answer, because a login page of a proxy explains itself. */
function parseAnswer(text: string, { method, path }: ApiRequest): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError(`${method} ${path}: the answer is not JSON: ${JSON.stringify(text.slice(0, 120))}`);
  }
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
    const text = decoder.decode(chunk, { stream: true });
    rest += text;
    if (rest.length > LINE_LIMIT_CHARACTERS) throw new Error("a watch sent a line longer than any object may be");
    // A long line comes in hundreds of chunks, and is looked at once.
    if (!text.includes("\n")) continue;
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
