import { messageOf, type Transport } from "@leanvibe/runtime";
import { decodeJwt } from "jose";
import { LRUCache } from "lru-cache";
import { hashOf } from "../accounts/secrets.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { AUDIENCE, isAllowed, type Right, userOf } from "./reviews.ts";
import { SESSION_PREFIX } from "./sessions.ts";

/** How long a yes is believed: what is taken away in the cluster is felt here after that. A no is never kept. */
const BELIEVED_MILLISECONDS = 10_000;
const KEPT = 1_000;
/** More would take the cluster's connections from the work that needs them: whoever brings made-up tokens has many. */
const QUESTIONS_AT_ONCE = 8;
const RETRY_SECONDS = 5;

/** Somebody of the platform's people. */
export type Operator = { name: string };

type Asked = { token: string; right: Right };

/**
 * Says who may use the platform's routes: where there is a cluster, whom its RBAC lets do the same to Tenants there; where
 * there is none, who has a session that was begun with a bootstrap token. Never both: one place decides.
 */
export class Authority {
  readonly #database: Pick<Database, "platform">;
  readonly #cluster: Transport | undefined;
  readonly #allowed: LRUCache<string, Operator, Asked>;
  #questions = 0;

  constructor(database: Pick<Database, "platform">, cluster: Transport | undefined) {
    this.#database = database;
    this.#cluster = cluster;
    this.#allowed = new LRUCache({
      max: KEPT,
      ttl: BELIEVED_MILLISECONDS,
      ignoreFetchAbort: true,
      fetchMethod: (_key, _stale, { context }) => this.#ask(context),
    });
  }

  /** Whether a cluster decides. */
  get byCluster(): boolean {
    return this.#cluster !== undefined;
  }

  /**
   * What nobody needs to be asked about: tokens of a cluster are JWTs, and say until when they hold. Whoever brings made-up
   * ones costs the cluster nothing so.
   * @throws Refusal AUTHENTICATION_REQUIRED
   */
  requireShape(token: string): void {
    if (this.#cluster !== undefined && !(secondsLeft(token) > 0)) throw notOfCluster();
  }

  /** @throws Refusal AUTHENTICATION_REQUIRED, PLATFORM_DENIED, CLUSTER_UNAVAILABLE, OVERLOADED */
  async require(token: string, right: Right): Promise<Operator> {
    if (this.#cluster === undefined) return await this.#bySession(token);
    // Of the token only its hash is kept.
    const key = `${Buffer.from(hashOf(token)).toString("base64")} ${right.verb} ${right.name ?? ""}`;
    const operator = await this.#allowed.fetch(key, { context: { token, right } });
    if (operator === undefined) throw new Refusal("AUTHENTICATION_REQUIRED");
    return operator;
  }

  async #bySession(token: string): Promise<Operator> {
    if (token.startsWith(SESSION_PREFIX) && (await this.#database.platform.holdsSession(hashOf(token)))) {
      return { name: "bootstrap" };
    }
    throw new Refusal("AUTHENTICATION_REQUIRED", {
      detail: "The token is not one of a platform session, or has expired.",
      fix: "Without a cluster: make a bootstrap token, and send it to POST /api/v1/platform/session.",
    });
  }

  /** What it throws is kept by nobody. */
  async #ask({ token, right }: Asked): Promise<Operator> {
    const cluster = this.#cluster;
    if (cluster === undefined) throw new Refusal("CLUSTER_UNAVAILABLE");
    if (this.#questions >= QUESTIONS_AT_ONCE) throw new Refusal("OVERLOADED", { retryAfterSeconds: 1 });
    this.#questions += 1;
    try {
      const user = await userOf(cluster, token);
      if (user === undefined) throw notOfCluster();
      if (await isAllowed(cluster, user, right)) return { name: user.username };
      const which = right.name === undefined ? "tenants.leanvibe.io" : `tenants.leanvibe.io '${right.name}'`;
      throw new Refusal("PLATFORM_DENIED", {
        detail: `The cluster does not let ${user.username} ${right.verb} ${which}.`,
      });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const note = messageOf(error);
      throw new Refusal("CLUSTER_UNAVAILABLE", { retryAfterSeconds: RETRY_SECONDS, note, cause: error });
    } finally {
      this.#questions -= 1;
    }
  }
}

function notOfCluster(): Refusal {
  return new Refusal("AUTHENTICATION_REQUIRED", {
    detail: `The token is not one of this cluster's for the audience ${AUDIENCE}, or has expired.`,
    fix: `Send one that kubectl create token SERVICEACCOUNT --audience ${AUDIENCE} prints.`,
  });
}

/** As the token itself says, which proves nothing; none where it says nothing. */
function secondsLeft(token: string): number {
  try {
    return (decodeJwt(token).exp ?? 0) - Date.now() / 1000;
  } catch {
    return 0;
  }
}
