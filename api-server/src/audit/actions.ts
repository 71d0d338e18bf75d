/** Everything that is written down of what is done, and what it says. */
export const ACTIONS = {
  "auth.logged_in": "Somebody signed in.",
  "auth.login_failed": "Somebody did not know the password, or may not come in.",
  "auth.logged_out": "Somebody signed out.",
  "auth.refresh_reused": "A refresh token came twice, as a stolen one does: its session was ended.",
  "session.ended": "Somebody ended one of their sessions.",
  "session.others_ended": "Somebody ended all of their sessions but one.",
  "tenant.created": "The organization was made.",
  "tenant.confirmed": "The organization's first owner came in.",
  "tenant.changed": "The organization's name or admin address was changed.",
  "tenant.suspended": "The platform suspended the organization.",
  "tenant.reactivated": "The platform ended its suspension of the organization.",
  "tenant.deletion_asked": "An owner asked for the organization's deletion.",
  "tenant.deletion_cancelled": "An owner called the deletion back.",
  "tenant.deletion_approved": "The platform deleted the organization before its time.",
  "child.entered": "Somebody entered a child organization.",
  "grant.given": "A member was let into a child organization.",
  "grant.taken": "A member may no longer enter a child organization by a grant.",
  "child.created": "A child organization was made.",
  "settings.changed": "Settings were changed.",
  "project.created": "A project was made.",
  "project.changed": "A project was changed.",
  "project.deleted": "A project was deleted.",
  "task.created": "A task for an agent was made.",
  "task.cancelled": "Somebody cancelled a task.",
  "task.ended": "A task came to its end.",
  "invitation.created": "Somebody was invited.",
  "invitation.withdrawn": "An invitation was withdrawn.",
  "member.joined": "Somebody accepted an invitation.",
  "member.changed": "A member was given another role, or was let in or not.",
  "member.removed": "A member was removed.",
  "export.asked": "An owner asked for a link to everything that the organization has.",
  "export.taken": "Somebody used that link.",
  "webhook.created": "A webhook was made.",
  "webhook.changed": "A webhook was changed.",
  "webhook.deleted": "A webhook was deleted.",
  "webhook.secret_rotated": "A webhook was given another secret.",
  "webhook.disabled": "A webhook that took nothing for three days was switched off.",
  "audit.exported": "Somebody took the audit trail along.",
} as const;

export type Action = keyof typeof ACTIONS;

/** Who can do something: a member, the platform's people, the server by itself, whoever changes the Tenant object. */
export const ACTOR_KINDS = ["user", "platform", "system", "kubectl"] as const;

export type ActorKind = (typeof ACTOR_KINDS)[number];
