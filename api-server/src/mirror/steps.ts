import {
  collectionPath,
  isApiError,
  type KubeObject,
  type Manifest,
  objectPath,
  type Transport,
} from "@leanvibe/runtime";
import { API_VERSION, FIELD_MANAGERS, parseTenant, TENANT, TENANTS, type Tenant } from "@leanvibe/schema";
import { objectDeleted } from "../tenants/deletion.ts";
import { nextStep, type Step } from "./decide.ts";
import { deleteObject, isErased, madeFor } from "./erased.ts";
import type { MirrorParts } from "./mirror.ts";
import { changeRow, findRow, giveUpRow, makeRows, Overtaken, type TenantRow } from "./rows.ts";

/** More would be two who disagree for ever. */
const STEPS_AT_MOST = 10;
const APPLY = "application/apply-patch+yaml";

export type World = {
  parts: MirrorParts;
  transport: Transport;
  /** Whether an object that is not there was deleted by somebody who meant it. */
  wasDeleted: () => Promise<boolean>;
};

/**
 * Brings row and object of one name to where they agree, a step at a time.
 * @param object as the cache has it
 * @returns whether they cannot come to agree, because the row is of an earlier object
 * @throws Overtaken, ApiError; what the database is told by when it does not answer
 */
export async function agree(world: World, name: string, object: Tenant | undefined): Promise<boolean> {
  const { worker } = world.parts.database;
  let seen = object;
  for (let at = 0; at < STEPS_AT_MOST; at++) {
    const row = await findRow(worker, name);
    const madeOf = seen && madeFor(seen);
    if (row === undefined && madeOf !== undefined && (await isErased(worker, madeOf))) {
      await deleteObject(world.transport, name, madeOf);
      return false;
    }
    const step = nextStep(row, seen);
    if (step === undefined) return seen?.status?.account?.state === "Conflict";
    seen = await take(world, step, { row, object: seen });
  }
  throw new Error(`${name}: row and object do not come to agree`);
}

/** @returns the object as it is after the step */
async function take(
  { parts, transport, wasDeleted }: World,
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
    case "ask deletion":
      // Told once more when it is known.
      if (row === undefined || !(await wasDeleted()))
        throw new Overtaken(`${row?.subdomain} is not known to be deleted`);
      await objectDeleted(parts, row.id);
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
