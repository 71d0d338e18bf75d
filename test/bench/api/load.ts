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
};

/** Asks as fast as there are answers, each connection one request after the other, each beginning at another one of the list. */
export async function load({ url, requests, connections, seconds }: Asking): Promise<Load> {
  let next = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
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
