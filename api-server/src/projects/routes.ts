import { z } from "zod";
import type { App } from "../app.ts";
import type { Project } from "../db/generated/client.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf, pageQuery } from "../http/pages.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { listProjects } from "./list.ts";
import { changeProject, createProject, deleteProject, findProject } from "./projects.ts";
import { type ProjectBody, project, projectChange, projectCreation } from "./schema.ts";

const READ = { access: "tenant", permission: "projects:read" } as const;
const WRITE = { access: "tenant", permission: "projects:write" } as const;
const params = z.object({ id: z.uuid({ error: "must be the project's id" }) });
const tags = ["projects"];

/** /api/v1/projects */
export function projects(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    "/api/v1/projects",
    {
      config: READ,
      schema: {
        operationId: "listProjects",
        summary: "List the projects",
        tags,
        querystring: pageQuery,
        response: { 200: z.array(project), default: problem },
      },
    },
    async (request, reply) => {
      const rows = await listProjects(database, callerOf(request).tenantId, request.query);
      return pageOf(rows, request.query.limit, request, reply);
    },
  );
  app.post(
    "/api/v1/projects",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "createProject",
        summary: "Create a project",
        tags,
        body: projectCreation,
        response: { 201: project, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, sender: caller, schema: project };
      const answer = await once(parts, request, asked, async (tx) => {
        const made = await createProject(tx, parts, caller, request.body);
        return { body: bodyOf(made), location: `/api/v1/projects/${made.id}` };
      });
      return reply.code(201).headers(headersOf(answer)).send(answer.body);
    },
  );
  app.get(
    "/api/v1/projects/:id",
    {
      config: READ,
      schema: {
        operationId: "getProject",
        summary: "Get a project",
        tags,
        params,
        response: { 200: project, default: problem },
      },
    },
    async (request) => bodyOf(await findProject(database, callerOf(request).tenantId, request.params.id)),
  );
  app.patch(
    "/api/v1/projects/:id",
    {
      config: WRITE,
      schema: {
        operationId: "changeProject",
        summary: "Rename, describe, archive or bring back a project",
        tags,
        params,
        body: projectChange,
        response: { 200: project, default: problem },
      },
    },
    async (request) => bodyOf(await changeProject(parts, callerOf(request), request.params.id, request.body)),
  );
  app.delete(
    "/api/v1/projects/:id",
    {
      config: WRITE,
      schema: {
        operationId: "deleteProject",
        summary: "Delete a project",
        tags,
        params,
        response: { 204: z.null().describe("Deleted."), default: problem },
      },
    },
    async (request, reply) => {
      await deleteProject(parts, callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function bodyOf({ id, tenantId, name, description, status, createdAt, updatedAt }: Project): ProjectBody {
  return {
    id,
    tenant_id: tenantId,
    name,
    description,
    status: status === "archived" ? "archived" : "active",
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
