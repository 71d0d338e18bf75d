import { z } from "zod";
import { USER_ROLES } from "../accounts/roles.ts";
import type { App } from "../app.ts";
import type { Invitation, User } from "../db/generated/client.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf, pageQuery } from "../http/pages.ts";
import { headersOf, once } from "../idempotency/once.ts";
import type { Parts } from "../parts.ts";
import { invite, listInvitations, withdraw } from "./invitations.ts";
import { changeMember, listMembers, removeMember } from "./members.ts";
import { invitation, invitationCreation, madeInvitation, member, memberChange } from "./schema.ts";

const READ = { access: "tenant", permission: "tenant:read" } as const;
const WRITE = { access: "tenant", permission: "members:write" } as const;
const params = z.object({ id: z.uuid({ error: "must be an id" }) });
const tags = ["members"];

/** /api/v1/members and /api/v1/invitations */
export function members(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    "/api/v1/members",
    {
      config: READ,
      schema: {
        operationId: "listMembers",
        summary: "List the members of the organization",
        tags,
        querystring: pageQuery,
        response: { 200: z.array(member), default: problem },
      },
    },
    async (request, reply) => {
      const rows = await listMembers(database, callerOf(request).tenantId, request.query);
      return pageOf(rows, request.query.limit, request, reply).map(memberBody);
    },
  );
  app.patch(
    "/api/v1/members/:id",
    {
      config: WRITE,
      schema: {
        operationId: "changeMember",
        summary: "Give a member another role, or let them in or not",
        tags,
        params,
        body: memberChange,
        response: { 200: member, default: problem },
      },
    },
    async (request) => memberBody(await changeMember(parts, callerOf(request), request.params.id, request.body)),
  );
  app.delete(
    "/api/v1/members/:id",
    {
      config: WRITE,
      schema: {
        operationId: "removeMember",
        summary: "Remove a member",
        tags,
        params,
        response: { 204: z.null().describe("Removed."), default: problem },
      },
    },
    async (request, reply) => {
      await removeMember(parts, callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  invitations(app, parts);
}

function invitations(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    "/api/v1/invitations",
    {
      config: WRITE,
      schema: {
        operationId: "listInvitations",
        summary: "List the open invitations",
        tags,
        querystring: pageQuery,
        response: { 200: z.array(invitation), default: problem },
      },
    },
    async (request, reply) => {
      const rows = await listInvitations(database, callerOf(request).tenantId, request.query);
      return pageOf(rows, request.query.limit, request, reply).map(invitationBody);
    },
  );
  app.post(
    "/api/v1/invitations",
    {
      config: { ...WRITE, idempotent: true },
      schema: {
        operationId: "createInvitation",
        summary: "Invite somebody",
        description:
          "By mail, where mail is sent and your own address is known to be yours; else the answer has what opens the invitation, for you to pass on. An address is invited once a minute at most, an organization's people so many an hour as its plan says.",
        tags,
        body: invitationCreation,
        response: { 201: madeInvitation, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, sender: caller, schema: madeInvitation };
      const answer = await once(parts, request, asked, async (tx) => {
        const { invitation: made, token } = await invite(tx, parts, caller, request.body);
        return { body: { ...invitationBody(made), ...(token === undefined ? {} : { token }) } };
      });
      return reply.code(201).headers(headersOf(answer)).send(answer.body);
    },
  );
  app.delete(
    "/api/v1/invitations/:id",
    {
      config: WRITE,
      schema: {
        operationId: "withdrawInvitation",
        summary: "Withdraw an invitation",
        tags,
        params,
        response: { 204: z.null().describe("Withdrawn."), default: problem },
      },
    },
    async (request, reply) => {
      await withdraw(parts, callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

const role = z.enum(USER_ROLES);

function memberBody({ id, email, name, role: named, isActive, createdAt }: User): z.output<typeof member> {
  return { id, email, name, role: role.parse(named), is_active: isActive, created_at: createdAt.toISOString() };
}

function invitationBody({ id, email, role: named, createdAt, expiresAt }: Invitation): z.output<typeof invitation> {
  return {
    id,
    email,
    role: role.parse(named),
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}
