import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { json } from "node:stream/consumers";
import { compactVerify, createLocalJWKSet, errors } from "jose";
import { z } from "zod";
import { type Cluster, USER_AGENT } from "../cluster/connection.ts";

/** The cluster is asked for its keys no more often, whatever keys are named. */
const AGAIN_MILLISECONDS = 10_000;
const PATIENCE_MILLISECONDS = 5_000;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

type KeySet = ReturnType<typeof createLocalJWKSet>;

type KeysOptions = {
  /** What the cluster publishes. @throws Error where it cannot be had */
  published: () => Promise<unknown>;
  /** In milliseconds. */
  now?: () => number;
};

/**
 * The keys by which the cluster signs tokens of its accounts. They tell here what nobody of the cluster made, so that to make
 * such by the thousand takes no question to the cluster from others. What is signed right may still be over: the cluster says.
 */
export class Keys {
  readonly #published: () => Promise<unknown>;
  readonly #now: () => number;
  #known: KeySet | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor({ published, now = () => performance.now() }: KeysOptions) {
    this.#published = published;
    this.#now = now;
  }

  /** Whether none of the cluster's keys has signed it; false also where that cannot be told, since it says nothing of them. */
  async isForged(token: string): Promise<boolean> {
    if (this.#known === undefined) await this.#ask();
    let verdict = await verdictOf(token, this.#known);
    if (verdict === "unknown key") {
      await this.#ask();
      verdict = await verdictOf(token, this.#known);
    }
    return verdict === "forged" || verdict === "unknown key";
  }

  /** Where they were asked for a moment ago nothing newer is to be had. */
  async #ask(): Promise<void> {
    if (this.#asking === undefined || this.#now() - this.#askedAt >= AGAIN_MILLISECONDS) {
      this.#askedAt = this.#now();
      this.#asking = this.#published().then(
        (answer) => {
          const { data } = keySet.safeParse(answer);
          this.#known = data && createLocalJWKSet(data);
        },
        () => {
          this.#known = undefined;
        },
      );
    }
    await this.#asking;
  }
}

type Verdict = "signed" | "forged" | "unknown key" | "untold";

async function verdictOf(token: string, known: KeySet | undefined): Promise<Verdict> {
  if (known === undefined) return "untold";
  try {
    await compactVerify(token, known);
    return "signed";
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return "unknown key";
    if (error instanceof errors.JWKSMultipleMatchingKeys) return await verdictByEach(token, error);
    // Anything else is said of a key of the cluster's, which cannot be used here.
    return error instanceof errors.JOSEError ? "forged" : "untold";
  }
}

/** Of a token that names no key, or where two have one name. */
async function verdictByEach(token: string, keys: errors.JWKSMultipleMatchingKeys): Promise<Verdict> {
  for await (const key of keys) {
    const isSigned = await compactVerify(token, key).then(
      () => true,
      () => false,
    );
    if (isSigned) return "signed";
  }
  return "forged";
}

/** What the cluster publishes: every ServiceAccount may read it. @throws Error */
export async function publishedBy(cluster: Pick<Cluster, "server" | "there">): Promise<unknown> {
  if (cluster.server() === undefined) throw new Error("the cluster is not there yet");
  const { server, credentials } = await cluster.there();
  const url = new URL(`${server.replace(/\/+$/, "")}/openid/v1/jwks`);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  // Trap: asked for application/json, as everything else is, this one path answers 406.
  const headers = { ...(await credentials.headers()), accept: "application/jwk-set+json", "user-agent": USER_AGENT };
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  return await new Promise((resolve, reject) => {
    const sent = send(url, { ...credentials.tls, headers, signal, agent: false }, (answer) => {
      if (answer.statusCode === 200) return void json(answer).then(resolve, reject);
      answer.destroy();
      reject(new Error(`it answers ${answer.statusCode}`));
    });
    sent.once("error", reject);
    sent.end();
  });
}
