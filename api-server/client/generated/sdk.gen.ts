// Generated from api-server/openapi.json by `npm run generate`.
// @ts-nocheck

import { client } from './client.gen.ts';
import type { Client, ClientMeta, Options as Options2, RequestResult, ServerSentEventsResult, TDataShape } from './client/index.ts';
import type { ApproveDeletionData, ApproveDeletionErrors, ApproveDeletionResponses, AskExportData, AskExportErrors, AskExportResponses, CancelDeletionData, CancelDeletionErrors, CancelDeletionResponses, CancelTaskData, CancelTaskErrors, CancelTaskResponses, ChangeMemberData, ChangeMemberErrors, ChangeMemberResponses, ChangeProjectData, ChangeProjectErrors, ChangeProjectResponses, ChangeSettingsData, ChangeSettingsErrors, ChangeSettingsResponses, ChangeTenantData, ChangeTenantErrors, ChangeTenantResponses, ChangeWebhookData, ChangeWebhookErrors, ChangeWebhookResponses, CreateChildData, CreateChildErrors, CreateChildResponses, CreateGrantData, CreateGrantErrors, CreateGrantResponses, CreateInvitationData, CreateInvitationErrors, CreateInvitationResponses, CreateProjectData, CreateProjectErrors, CreateProjectResponses, CreateTaskData, CreateTaskErrors, CreateTaskResponses, CreateTenantData, CreateTenantErrors, CreateTenantResponses, CreateWebhookData, CreateWebhookErrors, CreateWebhookResponses, DeleteGrantData, DeleteGrantErrors, DeleteGrantResponses, DeleteLogoData, DeleteLogoErrors, DeleteLogoResponses, DeleteProjectData, DeleteProjectErrors, DeleteProjectResponses, DeleteTenantData, DeleteTenantErrors, DeleteTenantResponses, DeleteWebhookData, DeleteWebhookErrors, DeleteWebhookResponses, EndOtherSessionsData, EndOtherSessionsErrors, EndOtherSessionsResponses, EndSessionData, EndSessionErrors, EndSessionResponses, ExportAuditData, ExportAuditErrors, ExportAuditResponses, GetAnalyticsData, GetAnalyticsErrors, GetAnalyticsMetricsData, GetAnalyticsMetricsErrors, GetAnalyticsMetricsResponses, GetAnalyticsResponses, GetApiHealthData, GetApiHealthErrors, GetApiHealthResponses, GetExportData, GetExportErrors, GetExportResponses, GetHealthData, GetHealthErrors, GetHealthResponses, GetHierarchyData, GetHierarchyErrors, GetHierarchyResponses, GetLogoData, GetLogoErrors, GetLogoResponses, GetPlatformTenantData, GetPlatformTenantErrors, GetPlatformTenantResponses, GetProjectData, GetProjectErrors, GetProjectResponses, GetReadinessData, GetReadinessErrors, GetReadinessResponses, GetSettingsData, GetSettingsErrors, GetSettingsResponses, GetTaskCodeData, GetTaskCodeErrors, GetTaskCodeResponses, GetTaskData, GetTaskErrors, GetTaskResponses, GetTenantData, GetTenantErrors, GetTenantResponses, GetUsageData, GetUsageErrors, GetUsageResponses, GetWebhookData, GetWebhookErrors, GetWebhookResponses, InviteTenantData, InviteTenantErrors, InviteTenantResponses, ListAgentsData, ListAgentsErrors, ListAgentsResponses, ListAuditData, ListAuditErrors, ListAuditResponses, ListDeliveriesData, ListDeliveriesErrors, ListDeliveriesResponses, ListGrantsData, ListGrantsErrors, ListGrantsResponses, ListInvitationsData, ListInvitationsErrors, ListInvitationsResponses, ListKeysData, ListKeysErrors, ListKeysResponses, ListMembersData, ListMembersErrors, ListMembersResponses, ListPlatformTenantsData, ListPlatformTenantsErrors, ListPlatformTenantsResponses, ListProjectsData, ListProjectsErrors, ListProjectsResponses, ListSessionsData, ListSessionsErrors, ListSessionsResponses, ListTasksData, ListTasksErrors, ListTasksResponses, ListTaskStepsData, ListTaskStepsErrors, ListTaskStepsResponses, ListWebhooksData, ListWebhooksErrors, ListWebhooksResponses, LogInData, LogInErrors, LogInResponses, LogOutData, LogOutErrors, LogOutResponses, OpenPlatformSessionData, OpenPlatformSessionErrors, OpenPlatformSessionResponses, ReactivateTenantData, ReactivateTenantErrors, ReactivateTenantResponses, RedeliverData, RedeliverErrors, RedeliverResponses, RefreshTokensData, RefreshTokensErrors, RefreshTokensResponses, RegisterData, RegisterErrors, RegisterResponses, RemoveMemberData, RemoveMemberErrors, RemoveMemberResponses, RetryTaskData, RetryTaskErrors, RetryTaskResponses, RotateWebhookSecretData, RotateWebhookSecretErrors, RotateWebhookSecretResponses, SuspendTenantData, SuspendTenantErrors, SuspendTenantResponses, SwitchTenantData, SwitchTenantErrors, SwitchTenantResponses, TakeExportData, TakeExportErrors, TakeExportResponses, TestWebhookData, TestWebhookErrors, TestWebhookResponses, UploadLogoData, UploadLogoErrors, UploadLogoResponses, WatchTaskData, WatchTaskErrors, WatchTaskResponse, WatchTaskResponses, WithdrawInvitationData, WithdrawInvitationErrors, WithdrawInvitationResponses } from './types.gen.ts';

export type Options<TData extends TDataShape = TDataShape, ThrowOnError extends boolean = boolean, TResponse = unknown> = Options2<TData, ThrowOnError, TResponse> & {
    /**
     * You can provide a client instance returned by `createClient()` instead of
     * individual options. This might be also useful if you want to implement a
     * custom client.
     */
    client?: Client;
    /**
     * You can pass arbitrary values through the `meta` object. This can be
     * used to access values that aren't defined as part of the SDK function.
     */
    meta?: keyof ClientMeta extends never ? Record<string, unknown> : ClientMeta;
};

/**
 * Whether the process lives
 */
export const getHealth = <ThrowOnError extends boolean = false>(options?: Options<GetHealthData, ThrowOnError>): RequestResult<GetHealthResponses, GetHealthErrors, ThrowOnError> => (options?.client ?? client).get<GetHealthResponses, GetHealthErrors, ThrowOnError>({ url: '/health', ...options });

/**
 * Whether the process lives
 */
export const getApiHealth = <ThrowOnError extends boolean = false>(options?: Options<GetApiHealthData, ThrowOnError>): RequestResult<GetApiHealthResponses, GetApiHealthErrors, ThrowOnError> => (options?.client ?? client).get<GetApiHealthResponses, GetApiHealthErrors, ThrowOnError>({ url: '/api/v1/health', ...options });

/**
 * Whether it can answer requests
 */
export const getReadiness = <ThrowOnError extends boolean = false>(options?: Options<GetReadinessData, ThrowOnError>): RequestResult<GetReadinessResponses, GetReadinessErrors, ThrowOnError> => (options?.client ?? client).get<GetReadinessResponses, GetReadinessErrors, ThrowOnError>({ url: '/health/ready', ...options });

/**
 * Sign in by e-mail address and password
 */
export const logIn = <ThrowOnError extends boolean = false>(options: Options<LogInData, ThrowOnError>): RequestResult<LogInResponses, LogInErrors, ThrowOnError> => (options.client ?? client).post<LogInResponses, LogInErrors, ThrowOnError>({
    url: '/auth/login',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Accept an invitation and sign in
 */
export const register = <ThrowOnError extends boolean = false>(options: Options<RegisterData, ThrowOnError>): RequestResult<RegisterResponses, RegisterErrors, ThrowOnError> => (options.client ?? client).post<RegisterResponses, RegisterErrors, ThrowOnError>({
    url: '/auth/register',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Go on with a session
 */
export const refreshTokens = <ThrowOnError extends boolean = false>(options: Options<RefreshTokensData, ThrowOnError>): RequestResult<RefreshTokensResponses, RefreshTokensErrors, ThrowOnError> => (options.client ?? client).post<RefreshTokensResponses, RefreshTokensErrors, ThrowOnError>({
    url: '/auth/refresh',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Sign out
 */
export const logOut = <ThrowOnError extends boolean = false>(options?: Options<LogOutData, ThrowOnError>): RequestResult<LogOutResponses, LogOutErrors, ThrowOnError> => (options?.client ?? client).post<LogOutResponses, LogOutErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/auth/logout',
    ...options
});

/**
 * The keys by which a token can be checked
 */
export const listKeys = <ThrowOnError extends boolean = false>(options?: Options<ListKeysData, ThrowOnError>): RequestResult<ListKeysResponses, ListKeysErrors, ThrowOnError> => (options?.client ?? client).get<ListKeysResponses, ListKeysErrors, ThrowOnError>({ url: '/.well-known/jwks.json', ...options });

/**
 * Enter a child organization
 *
 * Owners and admins of a parent enter its children as what they are at home, others as what an owner granted them. The session is one of its own and ends with the one that opens it, or as soon as the right to it does. X-Tenant-ID alone never leads into a child.
 */
export const switchTenant = <ThrowOnError extends boolean = false>(options: Options<SwitchTenantData, ThrowOnError>): RequestResult<SwitchTenantResponses, SwitchTenantErrors, ThrowOnError> => (options.client ?? client).post<SwitchTenantResponses, SwitchTenantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/auth/switch',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * List where you are signed in
 */
export const listSessions = <ThrowOnError extends boolean = false>(options?: Options<ListSessionsData, ThrowOnError>): RequestResult<ListSessionsResponses, ListSessionsErrors, ThrowOnError> => (options?.client ?? client).get<ListSessionsResponses, ListSessionsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/auth/sessions',
    ...options
});

/**
 * End one of your sessions
 */
export const endSession = <ThrowOnError extends boolean = false>(options: Options<EndSessionData, ThrowOnError>): RequestResult<EndSessionResponses, EndSessionErrors, ThrowOnError> => (options.client ?? client).delete<EndSessionResponses, EndSessionErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/auth/sessions/{id}',
    ...options
});

/**
 * End every session of yours but this one
 */
export const endOtherSessions = <ThrowOnError extends boolean = false>(options?: Options<EndOtherSessionsData, ThrowOnError>): RequestResult<EndOtherSessionsResponses, EndOtherSessionsErrors, ThrowOnError> => (options?.client ?? client).post<EndOtherSessionsResponses, EndOtherSessionsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/auth/sessions/revoke-others',
    ...options
});

/**
 * See how the API was used
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const getAnalytics = <ThrowOnError extends boolean = false>(options?: Options<GetAnalyticsData, ThrowOnError>): RequestResult<GetAnalyticsResponses, GetAnalyticsErrors, ThrowOnError> => (options?.client ?? client).get<GetAnalyticsResponses, GetAnalyticsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/analytics',
    ...options
});

/**
 * See it in Prometheus' format
 *
 * Sums of what is kept, and what the plan leaves, as Prometheus scrapes it with a token.
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const getAnalyticsMetrics = <ThrowOnError extends boolean = false>(options?: Options<GetAnalyticsMetricsData, ThrowOnError>): RequestResult<GetAnalyticsMetricsResponses, GetAnalyticsMetricsErrors, ThrowOnError> => (options?.client ?? client).get<GetAnalyticsMetricsResponses, GetAnalyticsMetricsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/analytics/metrics',
    ...options
});

/**
 * List the projects
 *
 * Needs the permission projects:read, which viewer, member, admin, owner have.
 */
export const listProjects = <ThrowOnError extends boolean = false>(options?: Options<ListProjectsData, ThrowOnError>): RequestResult<ListProjectsResponses, ListProjectsErrors, ThrowOnError> => (options?.client ?? client).get<ListProjectsResponses, ListProjectsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/projects',
    ...options
});

/**
 * Create a project
 *
 * Needs the permission projects:write, which member, admin, owner have.
 */
export const createProject = <ThrowOnError extends boolean = false>(options: Options<CreateProjectData, ThrowOnError>): RequestResult<CreateProjectResponses, CreateProjectErrors, ThrowOnError> => (options.client ?? client).post<CreateProjectResponses, CreateProjectErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/projects',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Delete a project
 *
 * Needs the permission projects:write, which member, admin, owner have.
 */
export const deleteProject = <ThrowOnError extends boolean = false>(options: Options<DeleteProjectData, ThrowOnError>): RequestResult<DeleteProjectResponses, DeleteProjectErrors, ThrowOnError> => (options.client ?? client).delete<DeleteProjectResponses, DeleteProjectErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/projects/{id}',
    ...options
});

/**
 * Get a project
 *
 * Needs the permission projects:read, which viewer, member, admin, owner have.
 */
export const getProject = <ThrowOnError extends boolean = false>(options: Options<GetProjectData, ThrowOnError>): RequestResult<GetProjectResponses, GetProjectErrors, ThrowOnError> => (options.client ?? client).get<GetProjectResponses, GetProjectErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/projects/{id}',
    ...options
});

/**
 * Rename, describe, archive or bring back a project
 *
 * Needs the permission projects:write, which member, admin, owner have.
 */
export const changeProject = <ThrowOnError extends boolean = false>(options: Options<ChangeProjectData, ThrowOnError>): RequestResult<ChangeProjectResponses, ChangeProjectErrors, ThrowOnError> => (options.client ?? client).patch<ChangeProjectResponses, ChangeProjectErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/projects/{id}',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Create an organization
 */
export const createTenant = <ThrowOnError extends boolean = false>(options: Options<CreateTenantData, ThrowOnError>): RequestResult<CreateTenantResponses, CreateTenantErrors, ThrowOnError> => (options.client ?? client).post<CreateTenantResponses, CreateTenantErrors, ThrowOnError>({
    url: '/api/v1/tenants',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Delete your organization, in thirty days
 *
 * From now on it is its owners' alone, who read it, export it and may cancel. Asked for again nothing changes.
 *
 * Needs the permission tenant:delete, which owner has.
 */
export const deleteTenant = <ThrowOnError extends boolean = false>(options: Options<DeleteTenantData, ThrowOnError>): RequestResult<DeleteTenantResponses, DeleteTenantErrors, ThrowOnError> => (options.client ?? client).delete<DeleteTenantResponses, DeleteTenantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Get your organization
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const getTenant = <ThrowOnError extends boolean = false>(options?: Options<GetTenantData, ThrowOnError>): RequestResult<GetTenantResponses, GetTenantErrors, ThrowOnError> => (options?.client ?? client).get<GetTenantResponses, GetTenantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current',
    ...options
});

/**
 * Rename your organization
 *
 * Needs the permission tenant:write, which admin, owner have.
 */
export const changeTenant = <ThrowOnError extends boolean = false>(options: Options<ChangeTenantData, ThrowOnError>): RequestResult<ChangeTenantResponses, ChangeTenantErrors, ThrowOnError> => (options.client ?? client).patch<ChangeTenantResponses, ChangeTenantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * What the plan leaves
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const getUsage = <ThrowOnError extends boolean = false>(options?: Options<GetUsageData, ThrowOnError>): RequestResult<GetUsageResponses, GetUsageErrors, ThrowOnError> => (options?.client ?? client).get<GetUsageResponses, GetUsageErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/usage',
    ...options
});

/**
 * Keep your organization after all
 *
 * Needs the permission tenant:delete, which owner has.
 */
export const cancelDeletion = <ThrowOnError extends boolean = false>(options?: Options<CancelDeletionData, ThrowOnError>): RequestResult<CancelDeletionResponses, CancelDeletionErrors, ThrowOnError> => (options?.client ?? client).post<CancelDeletionResponses, CancelDeletionErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/cancel-deletion',
    ...options
});

/**
 * Get the organization's parent or children
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const getHierarchy = <ThrowOnError extends boolean = false>(options?: Options<GetHierarchyData, ThrowOnError>): RequestResult<GetHierarchyResponses, GetHierarchyErrors, ThrowOnError> => (options?.client ?? client).get<GetHierarchyResponses, GetHierarchyErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/hierarchy',
    ...options
});

/**
 * Create a child organization
 *
 * It lives on your plan: its projects and users count with yours. Who owns your organization may enter it, and admins too.
 *
 * Needs the permission children:write, which owner has.
 */
export const createChild = <ThrowOnError extends boolean = false>(options: Options<CreateChildData, ThrowOnError>): RequestResult<CreateChildResponses, CreateChildErrors, ThrowOnError> => (options.client ?? client).post<CreateChildResponses, CreateChildErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/children',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * List who may enter which child
 *
 * Besides owners and admins, who may enter every one.
 *
 * Needs the permission children:read, which admin, owner have.
 */
export const listGrants = <ThrowOnError extends boolean = false>(options?: Options<ListGrantsData, ThrowOnError>): RequestResult<ListGrantsResponses, ListGrantsErrors, ThrowOnError> => (options?.client ?? client).get<ListGrantsResponses, ListGrantsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/grants',
    ...options
});

/**
 * Let a member enter a child
 *
 * Whoever has a grant for that child already has this one instead.
 *
 * Needs the permission children:write, which owner has.
 */
export const createGrant = <ThrowOnError extends boolean = false>(options: Options<CreateGrantData, ThrowOnError>): RequestResult<CreateGrantResponses, CreateGrantErrors, ThrowOnError> => (options.client ?? client).post<CreateGrantResponses, CreateGrantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/grants',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Take a grant away, and end the sessions opened by it
 *
 * Needs the permission children:write, which owner has.
 */
export const deleteGrant = <ThrowOnError extends boolean = false>(options: Options<DeleteGrantData, ThrowOnError>): RequestResult<DeleteGrantResponses, DeleteGrantErrors, ThrowOnError> => (options.client ?? client).delete<DeleteGrantResponses, DeleteGrantErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/grants/{id}',
    ...options
});

/**
 * List the members of the organization
 *
 * Needs the permission tenant:read, which viewer, member, admin, owner have.
 */
export const listMembers = <ThrowOnError extends boolean = false>(options?: Options<ListMembersData, ThrowOnError>): RequestResult<ListMembersResponses, ListMembersErrors, ThrowOnError> => (options?.client ?? client).get<ListMembersResponses, ListMembersErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/members',
    ...options
});

/**
 * Remove a member
 *
 * Needs the permission members:write, which admin, owner have.
 */
export const removeMember = <ThrowOnError extends boolean = false>(options: Options<RemoveMemberData, ThrowOnError>): RequestResult<RemoveMemberResponses, RemoveMemberErrors, ThrowOnError> => (options.client ?? client).delete<RemoveMemberResponses, RemoveMemberErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/members/{id}',
    ...options
});

/**
 * Give a member another role, or let them in or not
 *
 * Needs the permission members:write, which admin, owner have.
 */
export const changeMember = <ThrowOnError extends boolean = false>(options: Options<ChangeMemberData, ThrowOnError>): RequestResult<ChangeMemberResponses, ChangeMemberErrors, ThrowOnError> => (options.client ?? client).patch<ChangeMemberResponses, ChangeMemberErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/members/{id}',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * List the open invitations
 *
 * Needs the permission members:write, which admin, owner have.
 */
export const listInvitations = <ThrowOnError extends boolean = false>(options?: Options<ListInvitationsData, ThrowOnError>): RequestResult<ListInvitationsResponses, ListInvitationsErrors, ThrowOnError> => (options?.client ?? client).get<ListInvitationsResponses, ListInvitationsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/invitations',
    ...options
});

/**
 * Invite somebody
 *
 * By mail, where mail is sent and your own address is known to be yours; else the answer has what opens the invitation, for you to pass on. An address is invited once a minute at most, an organization's people so many an hour as its plan says.
 *
 * Needs the permission members:write, which admin, owner have.
 */
export const createInvitation = <ThrowOnError extends boolean = false>(options: Options<CreateInvitationData, ThrowOnError>): RequestResult<CreateInvitationResponses, CreateInvitationErrors, ThrowOnError> => (options.client ?? client).post<CreateInvitationResponses, CreateInvitationErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/invitations',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Withdraw an invitation
 *
 * Needs the permission members:write, which admin, owner have.
 */
export const withdrawInvitation = <ThrowOnError extends boolean = false>(options: Options<WithdrawInvitationData, ThrowOnError>): RequestResult<WithdrawInvitationResponses, WithdrawInvitationErrors, ThrowOnError> => (options.client ?? client).delete<WithdrawInvitationResponses, WithdrawInvitationErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/invitations/{id}',
    ...options
});

/**
 * Get the organization's settings
 *
 * Needs the permission settings:read, which viewer, member, admin, owner have.
 */
export const getSettings = <ThrowOnError extends boolean = false>(options?: Options<GetSettingsData, ThrowOnError>): RequestResult<GetSettingsResponses, GetSettingsErrors, ThrowOnError> => (options?.client ?? client).get<GetSettingsResponses, GetSettingsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/settings',
    ...options
});

/**
 * Change some of the settings
 *
 * The body is a JSON merge patch (RFC 7396): what is left out stays, null goes back to the default.
 *
 * Needs the permission settings:write, which admin, owner have.
 */
export const changeSettings = <ThrowOnError extends boolean = false>(options: Options<ChangeSettingsData, ThrowOnError>): RequestResult<ChangeSettingsResponses, ChangeSettingsErrors, ThrowOnError> => (options.client ?? client).patch<ChangeSettingsResponses, ChangeSettingsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/settings',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Take the logo away
 *
 * Needs the permission settings:write, which admin, owner have.
 */
export const deleteLogo = <ThrowOnError extends boolean = false>(options?: Options<DeleteLogoData, ThrowOnError>): RequestResult<DeleteLogoResponses, DeleteLogoErrors, ThrowOnError> => (options?.client ?? client).delete<DeleteLogoResponses, DeleteLogoErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/settings/logo',
    ...options
});

/**
 * Get the organization's logo
 *
 * Needs the permission settings:read, which viewer, member, admin, owner have.
 */
export const getLogo = <ThrowOnError extends boolean = false>(options?: Options<GetLogoData, ThrowOnError>): RequestResult<GetLogoResponses, GetLogoErrors, ThrowOnError> => (options?.client ?? client).get<GetLogoResponses, GetLogoErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/settings/logo',
    ...options
});

/**
 * Give the organization a logo
 *
 * Bytes of an image. What is kept is a PNG made of it, at most 512 pixels wide and high.
 *
 * Needs the permission settings:write, which admin, owner have.
 */
export const uploadLogo = <ThrowOnError extends boolean = false>(options: Options<UploadLogoData, ThrowOnError>): RequestResult<UploadLogoResponses, UploadLogoErrors, ThrowOnError> => (options.client ?? client).put<UploadLogoResponses, UploadLogoErrors, ThrowOnError>({
    bodySerializer: null,
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/settings/logo',
    ...options,
    headers: {
        'Content-Type': 'image/png',
        ...options.headers
    }
});

/**
 * Change a bootstrap token for a session of an hour, where there is no cluster
 */
export const openPlatformSession = <ThrowOnError extends boolean = false>(options: Options<OpenPlatformSessionData, ThrowOnError>): RequestResult<OpenPlatformSessionResponses, OpenPlatformSessionErrors, ThrowOnError> => (options.client ?? client).post<OpenPlatformSessionResponses, OpenPlatformSessionErrors, ThrowOnError>({
    url: '/api/v1/platform/session',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * List all organizations
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may list tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const listPlatformTenants = <ThrowOnError extends boolean = false>(options?: Options<ListPlatformTenantsData, ThrowOnError>): RequestResult<ListPlatformTenantsResponses, ListPlatformTenantsErrors, ThrowOnError> => (options?.client ?? client).get<ListPlatformTenantsResponses, ListPlatformTenantsErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/tenants',
    ...options
});

/**
 * Get an organization
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may get tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const getPlatformTenant = <ThrowOnError extends boolean = false>(options: Options<GetPlatformTenantData, ThrowOnError>): RequestResult<GetPlatformTenantResponses, GetPlatformTenantErrors, ThrowOnError> => (options.client ?? client).get<GetPlatformTenantResponses, GetPlatformTenantErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/tenants/{id}',
    ...options
});

/**
 * Suspend an organization: every token of it is refused within a second
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may update tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const suspendTenant = <ThrowOnError extends boolean = false>(options: Options<SuspendTenantData, ThrowOnError>): RequestResult<SuspendTenantResponses, SuspendTenantErrors, ThrowOnError> => (options.client ?? client).post<SuspendTenantResponses, SuspendTenantErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/tenants/{id}/suspend',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * End the platform's suspension of an organization
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may update tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const reactivateTenant = <ThrowOnError extends boolean = false>(options: Options<ReactivateTenantData, ThrowOnError>): RequestResult<ReactivateTenantResponses, ReactivateTenantErrors, ThrowOnError> => (options.client ?? client).post<ReactivateTenantResponses, ReactivateTenantErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/tenants/{id}/reactivate',
    ...options
});

/**
 * Delete an organization now whose owner asked for it
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may delete tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const approveDeletion = <ThrowOnError extends boolean = false>(options: Options<ApproveDeletionData, ThrowOnError>): RequestResult<ApproveDeletionResponses, ApproveDeletionErrors, ThrowOnError> => (options.client ?? client).post<ApproveDeletionResponses, ApproveDeletionErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/tenants/{id}/deletion/approve',
    ...options
});

/**
 * Invite somebody to create an organization
 *
 * For the platform's people: a Kubernetes token for the audience leanvibe-api, of who may create tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.
 */
export const inviteTenant = <ThrowOnError extends boolean = false>(options: Options<InviteTenantData, ThrowOnError>): RequestResult<InviteTenantResponses, InviteTenantErrors, ThrowOnError> => (options.client ?? client).post<InviteTenantResponses, InviteTenantErrors, ThrowOnError>({
    security: [{
            key: 'platform',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/platform/invitations',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * List what was done, the latest first
 *
 * Needs the permission audit:read, which admin, owner have.
 */
export const listAudit = <ThrowOnError extends boolean = false>(options?: Options<ListAuditData, ThrowOnError>): RequestResult<ListAuditResponses, ListAuditErrors, ThrowOnError> => (options?.client ?? client).get<ListAuditResponses, ListAuditErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/audit',
    ...options
});

/**
 * Take along what was done
 *
 * One JSON object a line, the first first, as GET /api/v1/audit answers them.
 *
 * Needs the permission audit:read, which admin, owner have.
 */
export const exportAudit = <ThrowOnError extends boolean = false>(options?: Options<ExportAuditData, ThrowOnError>): RequestResult<ExportAuditResponses, ExportAuditErrors, ThrowOnError> => (options?.client ?? client).get<ExportAuditResponses, ExportAuditErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/audit/export',
    ...options
});

/**
 * Ask for a link to everything that the organization has
 *
 * Needs the permission tenant:export, which owner has.
 */
export const askExport = <ThrowOnError extends boolean = false>(options?: Options<AskExportData, ThrowOnError>): RequestResult<AskExportResponses, AskExportErrors, ThrowOnError> => (options?.client ?? client).post<AskExportResponses, AskExportErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/export',
    ...options
});

/**
 * What became of such a link
 *
 * Needs the permission tenant:export, which owner has.
 */
export const getExport = <ThrowOnError extends boolean = false>(options: Options<GetExportData, ThrowOnError>): RequestResult<GetExportResponses, GetExportErrors, ThrowOnError> => (options.client ?? client).get<GetExportResponses, GetExportErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tenants/current/export/{id}',
    ...options
});

/**
 * Take everything along, as a ZIP
 *
 * A file of JSON lines for each kind of thing, all as they were at one moment, and manifest.json with the number of rows and the SHA-256 of each.
 */
export const takeExport = <ThrowOnError extends boolean = false>(options: Options<TakeExportData, ThrowOnError>): RequestResult<TakeExportResponses, TakeExportErrors, ThrowOnError> => (options.client ?? client).get<TakeExportResponses, TakeExportErrors, ThrowOnError>({ url: '/api/v1/exports/{token}', ...options });

/**
 * List the webhooks
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const listWebhooks = <ThrowOnError extends boolean = false>(options?: Options<ListWebhooksData, ThrowOnError>): RequestResult<ListWebhooksResponses, ListWebhooksErrors, ThrowOnError> => (options?.client ?? client).get<ListWebhooksResponses, ListWebhooksErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks',
    ...options
});

/**
 * Hear of what is done by a webhook
 *
 * Each event is a POST of JSON with LeanVibe-Event-Id and LeanVibe-Signature: `t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA-256 by the secret of `<t>.<body>`. What is not answered with 2xx within 10 s is sent again for about a day. An event may come twice, and before an earlier one.
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const createWebhook = <ThrowOnError extends boolean = false>(options: Options<CreateWebhookData, ThrowOnError>): RequestResult<CreateWebhookResponses, CreateWebhookErrors, ThrowOnError> => (options.client ?? client).post<CreateWebhookResponses, CreateWebhookErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Delete a webhook
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const deleteWebhook = <ThrowOnError extends boolean = false>(options: Options<DeleteWebhookData, ThrowOnError>): RequestResult<DeleteWebhookResponses, DeleteWebhookErrors, ThrowOnError> => (options.client ?? client).delete<DeleteWebhookResponses, DeleteWebhookErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}',
    ...options
});

/**
 * Get a webhook
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const getWebhook = <ThrowOnError extends boolean = false>(options: Options<GetWebhookData, ThrowOnError>): RequestResult<GetWebhookResponses, GetWebhookErrors, ThrowOnError> => (options.client ?? client).get<GetWebhookResponses, GetWebhookErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}',
    ...options
});

/**
 * Change a webhook
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const changeWebhook = <ThrowOnError extends boolean = false>(options: Options<ChangeWebhookData, ThrowOnError>): RequestResult<ChangeWebhookResponses, ChangeWebhookErrors, ThrowOnError> => (options.client ?? client).patch<ChangeWebhookResponses, ChangeWebhookErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Give a webhook another secret
 *
 * For 24 hours what is sent carries two v1, by the old secret and by the new one.
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const rotateWebhookSecret = <ThrowOnError extends boolean = false>(options: Options<RotateWebhookSecretData, ThrowOnError>): RequestResult<RotateWebhookSecretResponses, RotateWebhookSecretErrors, ThrowOnError> => (options.client ?? client).post<RotateWebhookSecretResponses, RotateWebhookSecretErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}/rotate-secret',
    ...options
});

/**
 * List what was sent to a webhook, the latest first
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const listDeliveries = <ThrowOnError extends boolean = false>(options: Options<ListDeliveriesData, ThrowOnError>): RequestResult<ListDeliveriesResponses, ListDeliveriesErrors, ThrowOnError> => (options.client ?? client).get<ListDeliveriesResponses, ListDeliveriesErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}/deliveries',
    ...options
});

/**
 * Send a webhook something to try it with
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const testWebhook = <ThrowOnError extends boolean = false>(options: Options<TestWebhookData, ThrowOnError>): RequestResult<TestWebhookResponses, TestWebhookErrors, ThrowOnError> => (options.client ?? client).post<TestWebhookResponses, TestWebhookErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}/test',
    ...options
});

/**
 * Send an event to a webhook once more
 *
 * Needs the permission webhooks:write, which admin, owner have.
 */
export const redeliver = <ThrowOnError extends boolean = false>(options: Options<RedeliverData, ThrowOnError>): RequestResult<RedeliverResponses, RedeliverErrors, ThrowOnError> => (options.client ?? client).post<RedeliverResponses, RedeliverErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver',
    ...options
});

/**
 * List the tasks
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const listTasks = <ThrowOnError extends boolean = false>(options?: Options<ListTasksData, ThrowOnError>): RequestResult<ListTasksResponses, ListTasksErrors, ThrowOnError> => (options?.client ?? client).get<ListTasksResponses, ListTasksErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks',
    ...options
});

/**
 * Give an agent a task
 *
 * It runs as an AgentTask in a namespace of your organization. More than the plan's at a time wait: queue_position says for how many.
 *
 * Needs the permission tasks:write, which member, admin, owner have.
 */
export const createTask = <ThrowOnError extends boolean = false>(options: Options<CreateTaskData, ThrowOnError>): RequestResult<CreateTaskResponses, CreateTaskErrors, ThrowOnError> => (options.client ?? client).post<CreateTaskResponses, CreateTaskErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks',
    ...options,
    headers: {
        'Content-Type': 'application/json',
        ...options.headers
    }
});

/**
 * Get a task and how far it is
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const getTask = <ThrowOnError extends boolean = false>(options: Options<GetTaskData, ThrowOnError>): RequestResult<GetTaskResponses, GetTaskErrors, ThrowOnError> => (options.client ?? client).get<GetTaskResponses, GetTaskErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}',
    ...options
});

/**
 * Run a task that has ended once more, as a new one
 *
 * Needs the permission tasks:write, which member, admin, owner have.
 */
export const retryTask = <ThrowOnError extends boolean = false>(options: Options<RetryTaskData, ThrowOnError>): RequestResult<RetryTaskResponses, RetryTaskErrors, ThrowOnError> => (options.client ?? client).post<RetryTaskResponses, RetryTaskErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}/retry',
    ...options
});

/**
 * End a task; what is done by then is kept
 *
 * Needs the permission tasks:write, which member, admin, owner have.
 */
export const cancelTask = <ThrowOnError extends boolean = false>(options: Options<CancelTaskData, ThrowOnError>): RequestResult<CancelTaskResponses, CancelTaskErrors, ThrowOnError> => (options.client ?? client).post<CancelTaskResponses, CancelTaskErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}/cancel',
    ...options
});

/**
 * What an agent did, step by step
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const listTaskSteps = <ThrowOnError extends boolean = false>(options: Options<ListTaskStepsData, ThrowOnError>): RequestResult<ListTaskStepsResponses, ListTaskStepsErrors, ThrowOnError> => (options.client ?? client).get<ListTaskStepsResponses, ListTaskStepsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}/steps',
    ...options
});

/**
 * What an agent made: as JSON, or as a ZIP by Accept or ?format=zip
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const getTaskCode = <ThrowOnError extends boolean = false>(options: Options<GetTaskCodeData, ThrowOnError>): RequestResult<GetTaskCodeResponses, GetTaskCodeErrors, ThrowOnError> => (options.client ?? client).get<GetTaskCodeResponses, GetTaskCodeErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}/code',
    ...options
});

/**
 * A task's progress as it happens, as an event stream
 *
 * Events `progress` are numbered: who comes again with Last-Event-ID goes on after it. The stream ends with the task; 204 says that there is nothing more to come.
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const watchTask = <ThrowOnError extends boolean = false>(options: Options<WatchTaskData, ThrowOnError, WatchTaskResponse>): Promise<ServerSentEventsResult<WatchTaskResponses>> => (options.client ?? client).sse.get<WatchTaskResponses, WatchTaskErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/tasks/{id}/events',
    ...options
});

/**
 * The agents that worked for the organization, and what they were seen to do
 *
 * Needs the permission tasks:read, which viewer, member, admin, owner have.
 */
export const listAgents = <ThrowOnError extends boolean = false>(options?: Options<ListAgentsData, ThrowOnError>): RequestResult<ListAgentsResponses, ListAgentsErrors, ThrowOnError> => (options?.client ?? client).get<ListAgentsResponses, ListAgentsErrors, ThrowOnError>({
    security: [{
            key: 'bearer',
            scheme: 'bearer',
            type: 'http'
        }],
    url: '/api/v1/agents',
    ...options
});
