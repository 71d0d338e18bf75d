import { createLocalJWKSet, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { Refusal } from "../errors/catalogue.ts";
import { ALGORITHM, type Keys } from "./keys.ts";

export const ACCESS_TOKEN_SECONDS = 600;

/** RFC 9068's type, so that no other kind of token is ever taken for an access token. */
const TYPE = "at+jwt";
const CLOCK_SKEW_SECONDS = 5;

/** Who a token is about; what they may do now is the database's to say. */
export type Bearer = {
  tenantId: string;
  userId: string;
  sessionId: string;
  /** Of who has entered a child: the parent, whose the user and the session are. */
  homeId?: string | undefined;
};

/** The tenant whose the user and the session are. */
export function homeOf({ tenantId, homeId }: Bearer): string {
  return homeId ?? tenantId;
}

const claims = z.object({ sub: z.uuid(), tenant: z.uuid(), sid: z.uuid(), home: z.uuid().optional(), exp: z.number() });

export type TokenPlace = { issuer: string; audience: string };

/** A short-lived token for one session. */
export function signAccessToken(keys: Keys, at: TokenPlace, bearer: Bearer): Promise<string> {
  const { tenantId, userId, sessionId, homeId } = bearer;
  return new SignJWT({ tenant: tenantId, sid: sessionId, ...(homeId === undefined ? {} : { home: homeId }) })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: keys.signing.id })
    .setIssuer(at.issuer)
    .setAudience(at.audience)
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
    .sign(keys.signing.key);
}

/**
 * Whose token this is, and until when (seconds since 1970).
 * @throws Refusal AUTHENTICATION_REQUIRED, which says no more than that.
 */
export async function readAccessToken(
  keys: Keys,
  at: TokenPlace,
  token: string,
): Promise<Bearer & { expiresAtSeconds: number }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys.published), {
      ...at,
      algorithms: [ALGORITHM],
      typ: TYPE,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ["exp", "iat"],
    });
    // A token that brings its own key, or says where one is, is an attack, whether or not anybody would look.
    for (const name of ["jwk", "jku", "x5u", "x5c"]) if (name in protectedHeader) throw new Error(`header ${name}`);
    const { sub, tenant, sid, home, exp } = claims.parse(payload);
    return { userId: sub, tenantId: tenant, sessionId: sid, homeId: home, expiresAtSeconds: exp };
  } catch (error) {
    throw new Refusal("AUTHENTICATION_REQUIRED", { detail: "The token is not valid or has expired.", cause: error });
  }
}
