import {
  collectionPath,
  isApiError,
  type KubeObject,
  type Manifest,
  objectPath,
  type Transport,
} from "@leanvibe/runtime";
import { API_VERSION, FIELD_MANAGERS, parseTenant, TENANT, TENANTS, type Tenant } from "@leanvibe/schema";
import { nextStep, type Step } from "./decide.ts";
import { isErased, madeFor } from "./erased.ts";
import type { MirrorParts } from "./mirror.ts";
import { changeRow, findRow, giveUpRow, makeRows, Overtaken, type TenantRow } from "./rows.ts";

/** More would be two who disagree for ever. */
const STEPS_AT_MOST = 10;
const APPLY = "application/apply-patch+yaml";

export type World = { parts: MirrorParts; transport: Transport };

/**
 * Brings row and object of one name to where they agree, a step at a time.
 * @param object as the cache has it
 * @throws Overtaken, ApiError; what the database is told by when it does not answer
 */
export async function agree(world: World, name: string, object: Tenant | undefined): Promise<void> {
  const { worker } = world.parts.database;
  let seen = object;
  for (let at = 0; at < STEPS_AT_MOST; at++) {
    const row = await findRow(worker, name);
    // It was deleted here, and what was asked for with that deletes the object.
    if (row === undefined && seen !== undefined && (await isErased(worker, madeFor(seen)))) return;
    const step = nextStep(row, seen);
    if (step === undefined) return;
    seen = await take(world, step, { row, object: seen });
  }
  throw new Error(`${name}: row and object do not come to agree`);
}

/** @returns the object as it is after the step */
async function take(
  { parts, transport }: World,
  step: Step,
  { row, object }: { row: TenantRow | undefined; object: Tenant | undefined },
): Promise<Tenant | undefined> {
  switch (step.do) {
    case "create object":
      return await create(transport, step.manifest);
    case "apply object":
      return await apply(transport, step.manifest);
    case "apply account": {
      const { name, uid } = object?.metadata ?? { name: "" };
      const status = { account: step.account };
      const manifest = {
        apiVersion: API_VERSION,
        kind: TENANT.kind,
        metadata: { name, ...(uid === undefined ? {} : { uid }) },
        status,
      };
      return await apply(transport, manifest, "/status");
    }
    case "make rows":
      if (object !== undefined) await makeRows(parts, object, step.managedBy);
      return object;
    case "give up row":
      if (row !== undefined) await giveUpRow(parts.database.worker, row);
      return object;
    case "change row":
      if (row !== undefined && !(await changeRow(parts, row, step.change))) {
        throw new Overtaken(`the row of ${row.subdomain} was changed meanwhile`);
      }
      return object;
  }
}

async function create(transport: Transport, body: Manifest): Promise<Tenant> {
  try {
    const query = { fieldManager: FIELD_MANAGERS.api };
    return tenantOf(await transport.send({ method: "POST", path: collectionPath(TENANTS), query, body }));
  } catch (error) {
    // Made by an answer that we did not hear, or by somebody else: the watch brings it.
    if (isApiError(error, 409)) throw new Overtaken(`Tenant ${body.metadata.name} is there already`);
    throw error;
  }
}

async function apply(transport: Transport, body: KubeObject, subresource = ""): Promise<Tenant> {
  const query = { fieldManager: FIELD_MANAGERS.api, force: true };
  const path = `${objectPath(TENANTS, body.metadata)}${subresource}`;
  try {
    return tenantOf(await transport.send({ method: "PATCH", path, query, body, contentType: APPLY }));
  } catch (error) {
    // With a uid an apply makes nothing anew: there is none any more, or another one.
    if (isApiError(error, 409) || isApiError(error, 404))
      throw new Overtaken(`Tenant ${body.metadata.name} is another`);
    throw error;
  }
}

function tenantOf(answer: unknown): Tenant {
  const parsed = parseTenant(answer);
  if (!parsed.ok) throw new Error("the API server answered with a Tenant that cannot be read");
  return parsed.value;
}
