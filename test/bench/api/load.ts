import autocannon from "autocannon";

export type Load = {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were no 2xx, and requests that got none. */
  failures: number;
};

export type Asking = {
  url: string;
  requests: { method: "GET" | "POST"; path: string; headers: Record<string, string>; body?: string }[];
  connections: number;
  seconds: number;
  /** Requests a second, of all connections together; as fast as they are answered where it is not said. */
  rate?: number;
};

/** Asks for a while, each connection one request after the other, each beginning at another one of the list. */
export async function load({ url, requests, connections, seconds, rate }: Asking): Promise<Load> {
  let next = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    ...(rate === undefined ? {} : { overallRate: rate }),
    setupClient: (client) => {
      const from = next++ % requests.length;
      client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
    },
  });
  return {
    perSecond: result["2xx"] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}
