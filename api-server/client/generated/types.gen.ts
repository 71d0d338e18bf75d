// Generated from api-server/openapi.json by `npm run generate`.
// @ts-nocheck

export type ClientOptions = {
    baseUrl: 'http://localhost:8000' | (string & {});
};

/**
 * An agent that worked for your organization.
 */
export type Agent = {
    id: string;
    agent_id: string;
    /**
     * What it was seen to do.
     */
    capabilities: Array<'task_analysis' | 'architecture_design' | 'code_generation' | 'test_creation' | 'debugging' | 'validation' | 'documentation' | 'deployment'>;
    languages: Array<string>;
    tasks: number;
    first_seen_at: string;
    last_seen_at: string;
};

/**
 * How the API was used: calls, errors, latency and people.
 */
export type Analytics = {
    resolution: 'minute' | 'hour' | 'day';
    from: string;
    to: string;
    /**
     * Where nobody asked there is none. The minute that runs comes when it is over.
     */
    points: Array<{
        /**
         * When it begins.
         */
        at: string;
        calls: number;
        /**
         * Answers 4xx.
         */
        client_errors: number;
        /**
         * Answers 5xx.
         */
        server_errors: number;
        /**
         * 95 of 100 answers took no longer, as near as a histogram tells.
         */
        p95_milliseconds: number | null;
        /**
         * People who asked, each once.
         */
        users: number;
    }>;
    /**
     * By route, the most called first; only for what is less than 8 days ago.
     */
    routes: Array<{
        route: string;
        calls: number;
        client_errors: number;
        server_errors: number;
    }>;
};

/**
 * What was done, and by whom.
 */
export type AuditEvent = {
    id: string;
    at: string;
    actor: {
        kind: 'user' | 'platform' | 'system' | 'kubectl';
        /**
         * Null for the platform's people, and where nobody knows who it was.
         */
        id: string | null;
        /**
         * Null once the person is deleted.
         */
        email: string | null;
    };
    action: string;
    target: {
        kind: string;
        id: string;
    };
    /**
     * Null for the platform's people, and once the person is deleted.
     */
    ip: string | null;
    request_id: string | null;
    details: {
        [key: string]: unknown;
    };
};

/**
 * Whether the organization is being deleted, and when that is done.
 */
export type Deletion = {
    state: 'active' | 'pending_deletion';
    /**
     * When everything is gone for good.
     */
    deletes_at: string | null;
};

/**
 * What became of a link.
 */
export type Export = {
    id: string;
    /**
     * Whether the link can still be used. A download that broke off has used it: ask for a new one.
     */
    state: 'ready' | 'under_way' | 'done' | 'broken_off' | 'expired';
    created_at: string;
    expires_at: string;
    finished_at: string | null;
};

/**
 * A link to everything that the organization has.
 */
export type ExportAsked = {
    id: string;
    /**
     * Gives the ZIP, once, for a day, to whoever has it. It is shown here and never again.
     */
    url: string;
    expires_at: string;
};

/**
 * A member's right to enter a child organization.
 */
export type Grant = {
    id: string;
    user_id: string;
    /**
     * The child.
     */
    tenant_id: string;
    role: 'viewer' | 'member' | 'admin';
    created_at: string;
};

/**
 * The organization's parent or children, and what they use together.
 */
export type Hierarchy = {
    /**
     * On whose plan the organization lives.
     */
    parent: {
        id: string;
        subdomain: string;
        organization_name: string;
    } | null;
    children: Array<{
        id: string;
        subdomain: string;
        organization_name: string;
        /**
         * The parent's.
         */
        plan: 'starter' | 'professional' | 'enterprise';
        is_active: boolean;
        created_at: string;
        /**
         * Active ones.
         */
        usage: {
            projects: number;
            users: number;
        };
    }>;
    usage: Usage;
};

/**
 * An invitation that waits to be accepted.
 */
export type Invitation = {
    id: string;
    email: string | null;
    role: 'viewer' | 'member' | 'admin' | 'owner';
    created_at: string;
    expires_at: string;
};

/**
 * A session's tokens, and whose they are.
 */
export type Login = {
    access_token: string;
    token_type: 'Bearer';
    /**
     * Seconds until the access token expires.
     */
    expires_in: number;
    /**
     * For one use at /auth/refresh.
     */
    refresh_token: string;
    user: {
        id: string;
        email: string;
        name: string | null;
        role: 'viewer' | 'member' | 'admin' | 'owner';
    };
    tenant: {
        id: string;
        organization: string;
        subdomain: string;
    };
};

/**
 * An invitation, with what opens it where no mail brings it.
 */
export type MadeInvitation = {
    id: string;
    email: string | null;
    role: 'viewer' | 'member' | 'admin' | 'owner';
    created_at: string;
    expires_at: string;
    /**
     * For POST /auth/register, where no mail is sent that brings it. It is shown here and never again.
     */
    token?: string;
};

/**
 * A person of the organization.
 */
export type Member = {
    id: string;
    email: string;
    name: string | null;
    role: 'viewer' | 'member' | 'admin' | 'owner';
    /**
     * Whether this person can sign in; only such count for the plan.
     */
    is_active: boolean;
    created_at: string;
};

/**
 * A session of the platform's people, where there is no cluster.
 */
export type PlatformSession = {
    access_token: string;
    token_type: 'Bearer';
    /**
     * Seconds until it expires.
     */
    expires_in: number;
};

/**
 * An organization, as the platform's people see it.
 */
export type PlatformTenant = {
    id: string;
    organization_name: string;
    subdomain: string;
    plan: 'starter' | 'professional' | 'enterprise';
    state: 'active' | 'restricted' | 'unpaid' | 'held' | 'pending_deletion' | 'deleted';
    created_at: string;
    updated_at: string;
    /**
     * When its data goes, where that was asked for.
     */
    deletes_at: string | null;
};

/**
 * An organization in full, as the platform's people see it.
 */
export type PlatformTenantDetail = {
    id: string;
    organization_name: string;
    subdomain: string;
    plan: 'starter' | 'professional' | 'enterprise';
    state: 'active' | 'restricted' | 'unpaid' | 'held' | 'pending_deletion' | 'deleted';
    created_at: string;
    updated_at: string;
    /**
     * When its data goes, where that was asked for.
     */
    deletes_at: string | null;
    admin_email: string | null;
    managed_by: 'api' | 'kubectl';
    /**
     * Why the platform holds it suspended, who decided it and when.
     */
    hold: {
        reason: string;
        note: string | null;
        by: string | null;
        since: string | null;
    } | null;
};

/**
 * A refusal.
 */
export type Problem = {
    /**
     * The page about this kind of refusal.
     */
    type: string;
    title: string;
    status: number;
    /**
     * What was wrong with this request.
     */
    detail: string;
    error_code: 'TENANT_REQUIRED' | 'TENANT_AMBIGUOUS' | 'TENANT_NOT_FOUND' | 'AUTHENTICATION_REQUIRED' | 'TENANT_MISMATCH' | 'TENANT_SUSPENDED' | 'PAYMENT_REQUIRED' | 'PERMISSION_DENIED' | 'ENTERED_SESSION' | 'LOGIN_FAILED' | 'PLATFORM_DENIED' | 'BOOTSTRAP_NOT_VALID' | 'BOOTSTRAP_CLOSED' | 'REFRESH_RACED' | 'SESSION_NOT_FOUND' | 'VALIDATION_FAILED' | 'MALFORMED_BODY' | 'MALFORMED_REQUEST' | 'HEADER_REPEATED' | 'HEADERS_TOO_LARGE' | 'REQUEST_TIMEOUT' | 'METHOD_NOT_ALLOWED' | 'BODY_TOO_LARGE' | 'UNSUPPORTED_MEDIA_TYPE' | 'ROUTE_NOT_FOUND' | 'PRECONDITION_REQUIRED' | 'PRECONDITION_FAILED' | 'IDEMPOTENCY_KEY_REUSED' | 'IDEMPOTENCY_IN_PROGRESS' | 'SUBDOMAIN_TAKEN' | 'MANAGED_BY_KUBECTL' | 'CHILDREN_EXIST' | 'DELETION_NOT_PENDING' | 'EXPORT_NOT_FOUND' | 'EXPORT_LINK_USED' | 'PLAN_NEEDS_SUBSCRIPTION' | 'TENANT_CREATION_BY_INVITATION' | 'TENANT_CREATION_CLOSED' | 'HIERARCHY_TOO_DEEP' | 'GRANT_NOT_FOUND' | 'QUOTA_EXCEEDED' | 'LOGO_NOT_FOUND' | 'LOGO_NOT_VALID' | 'MEMBER_NOT_FOUND' | 'MEMBER_EXISTS' | 'LAST_OWNER' | 'INVITATION_NOT_FOUND' | 'INVITATION_NOT_VALID' | 'WEBHOOK_NOT_FOUND' | 'DELIVERY_NOT_FOUND' | 'WEBHOOK_URL_REFUSED' | 'PROJECT_NOT_FOUND' | 'PROJECT_EXISTS' | 'TASK_NOT_FOUND' | 'TASK_ENDED' | 'TASK_NOT_ENDED' | 'TASK_TOO_LARGE' | 'TASK_QUEUE_FULL' | 'TASKS_PER_HOUR_REACHED' | 'CODE_NOT_READY' | 'BUDGET_EXCEEDED' | 'AGENT_NOT_RECOGNIZED' | 'TASK_NOT_OF_AGENT' | 'TASK_NOT_RUNNING' | 'MODEL_NOT_FOUND' | 'MODEL_NOT_PRICED' | 'MODEL_REQUEST_REFUSED' | 'CONTEXT_LENGTH_EXCEEDED' | 'MODEL_UNAVAILABLE' | 'RATE_LIMITED' | 'OVERLOADED' | 'DATABASE_UNAVAILABLE' | 'CLUSTER_UNAVAILABLE' | 'INTERNAL_ERROR';
    /**
     * Under which the log tells of it.
     */
    request_id: string;
    /**
     * What the caller can do.
     */
    fix: string;
    /**
     * The same page as type.
     */
    docs: string;
    /**
     * Each fault and its place, as in body.name.
     */
    errors?: Array<{
        path: string;
        message: string;
    }>;
};

/**
 * A project.
 */
export type Project = {
    id: string;
    tenant_id: string;
    name: string;
    description: string | null;
    status: 'active' | 'archived';
    created_at: string;
    updated_at: string;
};

/**
 * A place where somebody is signed in.
 */
export type Session = {
    id: string;
    /**
     * The one that asks.
     */
    current: boolean;
    method: string;
    device: string | null;
    ip: string | null;
    /**
     * The child organization that it works in.
     */
    entered_tenant_id: string | null;
    created_at: string;
    last_seen_at: string;
    expires_at: string;
};

/**
 * How the organization wants to be treated.
 */
export type Settings = {
    branding: {
        /**
         * Instead of the organization's name, for people.
         */
        display_name: string | null;
        primary_color: string | null;
        /**
         * Changes with the logo.
         */
        logo_url: string | null;
    };
    /**
     * BCP 47.
     */
    locale: string;
    /**
     * By IANA's name.
     */
    timezone: string;
    feature_flags: {
        [key: string]: boolean;
    };
    /**
     * How long what was deleted and what was recorded is to be kept. Kept here; nothing is deleted by it yet.
     */
    retention_days: number;
    /**
     * Who invoices are made out to.
     */
    billing: {
        billing_email: string | null;
        legal_name: string | null;
        address: {
            /**
             * Street, house, and what the post needs besides.
             */
            lines: Array<string>;
            city: string;
            postal_code: string | null;
            region: string | null;
            country: string;
        } | null;
        vat_id: string | null;
        po_number: string | null;
    };
    /**
     * Whether members need a second factor. Kept here; signing in does not ask for one yet.
     */
    mfa_policy: 'off' | 'optional' | 'required';
};

/**
 * A task of an agent.
 */
export type Task = {
    id: string;
    tenant_id: string;
    /**
     * Of its AgentTask in the cluster.
     */
    name: string;
    namespace: string | null;
    managed_by: 'api' | 'kubectl';
    project_id: string | null;
    /**
     * Null of one that kubectl made.
     */
    created_by: string | null;
    retry_of: string | null;
    title: string;
    description: string;
    priority: 'urgent' | 'high' | 'medium' | 'low';
    language: string;
    model: string | null;
    requirements: {
        [key: string]: unknown;
    };
    status: 'pending' | 'in_progress' | 'completed' | 'failed';
    phase: 'Pending' | 'Queued' | 'Running' | 'Suspended' | 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut' | 'BudgetExceeded';
    /**
     * The last stage that is complete.
     */
    stage: 'analysis' | 'architecture' | 'code' | 'tests' | 'validated' | 'documentation' | 'done' | null;
    progress: number;
    activity: string | null;
    /**
     * How many start before it, plus one; null where none does.
     */
    queue_position: number | null;
    attempt: number;
    iterations: number;
    /**
     * As the agent says.
     */
    usage: {
        input_tokens: number;
        output_tokens: number;
        llm_calls: number;
        /**
         * The model's server did not say all of it.
         */
        estimated: boolean;
    };
    verification: {
        tests_total?: number;
        tests_passed?: number;
        tests_failed?: number;
        coverage?: number;
        quality_score?: number;
        acceptance?: {
            total: number;
            passed: number;
            failed: number;
        };
    } | null;
    /**
     * Its acceptance cases passed, judged outside of the process that ran the code.
     */
    verified: boolean;
    issues: Array<string>;
    reason: string | null;
    message: string | null;
    code_ready: boolean;
    created_at: string;
    started_at: string | null;
    completed_at: string | null;
    updated_at: string;
};

/**
 * What an agent made.
 */
export type TaskCode = {
    task_id: string;
    lines_of_code: number;
    complexity: number;
    files: Array<{
        path: string;
        content: string;
    }>;
    tests: Array<{
        path: string;
        content: string;
    }>;
    documentation: Array<{
        path: string;
        content: string;
    }>;
    /**
     * What was cut so that all of it fits, by name.
     */
    truncated: Array<string>;
};

/**
 * One thing that an agent did.
 */
export type TaskExecution = {
    id: string;
    agent_id: string;
    step: string;
    status: 'completed' | 'failed';
    prompt: string;
    output: string;
    ms: number;
    tokens: number;
    started_at: string;
};

/**
 * The organization of whoever asks.
 */
export type Tenant = {
    id: string;
    organization_name: string;
    subdomain: string;
    plan: 'starter' | 'professional' | 'enterprise';
    is_active: boolean;
    /**
     * What works: active, everything; restricted, reading; the others, what leads out.
     */
    state: 'active' | 'restricted' | 'unpaid' | 'held' | 'pending_deletion' | 'deleted';
    /**
     * onboarding_complete when an owner has come and, beside a cluster, the Tenant there knows its account.
     */
    status: 'onboarding' | 'onboarding_complete';
    /**
     * Who owns the organization's name, plan and admin e-mail address.
     */
    managed_by: 'api' | 'kubectl';
    created_at: string;
    updated_at: string;
    /**
     * When everything is gone for good, where an owner asked for that.
     */
    deletes_at: string | null;
};

/**
 * An organization that waits for its owner.
 */
export type TenantCreated = {
    id: string;
    /**
     * The same as id.
     */
    tenant_id: string;
    organization_name: string;
    subdomain: string;
    plan: 'starter' | 'professional' | 'enterprise';
    admin_user: string | null;
    welcome_url: string;
    /**
     * Where no admin_email was given: whoever opens it becomes the owner. Said once.
     */
    claim_url?: string;
    status: 'onboarding';
};

/**
 * What lets somebody create an organization.
 */
export type TenantInvitation = {
    id: string;
    email: string;
    plan: 'starter' | 'professional' | 'enterprise';
    /**
     * The invitation_code for POST /api/v1/tenants. It is shown here and never again.
     */
    code: string;
    expires_at: string;
};

/**
 * A session's tokens.
 */
export type Tokens = {
    access_token: string;
    token_type: 'Bearer';
    /**
     * Seconds until the access token expires.
     */
    expires_in: number;
    /**
     * For one use at /auth/refresh.
     */
    refresh_token: string;
};

/**
 * What the plan limits, and how much of it is used.
 */
export type Usage = {
    projects: {
        /**
         * Active ones, of the organization with its parent and all children: what counts.
         */
        current: number;
        /**
         * Of the organization alone, where its parent or children have some too.
         */
        own?: number;
        limit: number;
    };
    users: {
        /**
         * Active ones, of the organization with its parent and all children: what counts.
         */
        current: number;
        /**
         * Of the organization alone, where its parent or children have some too.
         */
        own?: number;
        limit: number;
    };
};

/**
 * Where an organization hears of what is done.
 */
export type Webhook = {
    id: string;
    url: string;
    events: Array<string>;
    description: string | null;
    enabled: boolean;
    /**
     * Since when nothing was taken; after three days it is switched off.
     */
    failing_since: string | null;
    created_at: string;
};

/**
 * An event on its way to a webhook.
 */
export type WebhookDelivery = {
    id: string;
    /**
     * The same however often it is sent.
     */
    event_id: string;
    event: string;
    status: 'pending' | 'delivered' | 'failed';
    tries: number;
    response_status: number | null;
    /**
     * How the answer's body begins.
     */
    response_snippet: string | null;
    /**
     * Why there was no answer.
     */
    error: string | null;
    milliseconds: number | null;
    created_at: string;
    tried_at: string | null;
    /**
     * About when.
     */
    next_try_at: string | null;
    /**
     * As it is sent.
     */
    body: string;
};

/**
 * A webhook with its secret.
 */
export type WebhookWithSecret = {
    id: string;
    url: string;
    events: Array<string>;
    description: string | null;
    enabled: boolean;
    /**
     * Since when nothing was taken; after three days it is switched off.
     */
    failing_since: string | null;
    created_at: string;
    /**
     * By what signatures are checked. It is shown here and never again.
     */
    secret: string;
};

export type GetHealthData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/health';
};

export type GetHealthErrors = {
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetHealthError = GetHealthErrors[keyof GetHealthErrors];

export type GetHealthResponses = {
    /**
     * Whether the process lives
     */
    200: {
        status: 'healthy';
        service: 'leanvibe-api';
    };
};

export type GetHealthResponse = GetHealthResponses[keyof GetHealthResponses];

export type GetApiHealthData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/v1/health';
};

export type GetApiHealthErrors = {
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetApiHealthError = GetApiHealthErrors[keyof GetApiHealthErrors];

export type GetApiHealthResponses = {
    /**
     * Whether the process lives
     */
    200: {
        status: 'healthy';
        service: 'leanvibe-api';
    };
};

export type GetApiHealthResponse = GetApiHealthResponses[keyof GetApiHealthResponses];

export type GetReadinessData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/health/ready';
};

export type GetReadinessErrors = {
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: {
        status: 'ready' | 'not ready';
        checks: {
            [key: string]: {
                ok: boolean;
                detail?: string;
            };
        };
    };
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetReadinessError = GetReadinessErrors[keyof GetReadinessErrors];

export type GetReadinessResponses = {
    /**
     * Whether it can answer requests
     */
    200: {
        status: 'ready' | 'not ready';
        checks: {
            [key: string]: {
                ok: boolean;
                detail?: string;
            };
        };
    };
};

export type GetReadinessResponse = GetReadinessResponses[keyof GetReadinessResponses];

export type LogInData = {
    body: {
        /**
         * The e-mail address of the account.
         */
        email: string;
        password: string;
        /**
         * The organization's subdomain, where neither header nor host says it.
         */
        tenant?: string;
        /**
         * A name for the list of sessions, such as Firefox on Linux.
         */
        device?: string;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/login';
};

export type LogInErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type LogInError = LogInErrors[keyof LogInErrors];

export type LogInResponses = {
    /**
     * A session's tokens, and whose they are.
     */
    200: Login;
};

export type LogInResponse = LogInResponses[keyof LogInResponses];

export type RegisterData = {
    body: {
        /**
         * Of the invitation.
         */
        token: string;
        password: string;
        name?: string;
        /**
         * Where the invitation names none: of an organization that was made without one.
         */
        email?: string;
        device?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/register';
};

export type RegisterErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RegisterError = RegisterErrors[keyof RegisterErrors];

export type RegisterResponses = {
    /**
     * A session's tokens, and whose they are.
     */
    201: Login;
};

export type RegisterResponse = RegisterResponses[keyof RegisterResponses];

export type RefreshTokensData = {
    body: {
        refresh_token: string;
        /**
         * As at the login: of two who bring the same token at once it tells that they are one.
         */
        device?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/refresh';
};

export type RefreshTokensErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RefreshTokensError = RefreshTokensErrors[keyof RefreshTokensErrors];

export type RefreshTokensResponses = {
    /**
     * A session's tokens.
     */
    200: Tokens;
};

export type RefreshTokensResponse = RefreshTokensResponses[keyof RefreshTokensResponses];

export type LogOutData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/logout';
};

export type LogOutErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type LogOutError = LogOutErrors[keyof LogOutErrors];

export type LogOutResponses = {
    /**
     * Signed out.
     */
    204: void;
};

export type LogOutResponse = LogOutResponses[keyof LogOutResponses];

export type ListKeysData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/.well-known/jwks.json';
};

export type ListKeysErrors = {
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListKeysError = ListKeysErrors[keyof ListKeysErrors];

export type ListKeysResponses = {
    /**
     * The keys by which a token can be checked
     */
    200: {
        keys: Array<{
            kty: string;
            [key: string]: unknown;
        }>;
    };
};

export type ListKeysResponse = ListKeysResponses[keyof ListKeysResponses];

export type SwitchTenantData = {
    body: {
        /**
         * The child's id or subdomain.
         */
        tenant: string;
        /**
         * As where you signed in, where it is left out.
         */
        device?: string;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/switch';
};

export type SwitchTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type SwitchTenantError = SwitchTenantErrors[keyof SwitchTenantErrors];

export type SwitchTenantResponses = {
    /**
     * A session's tokens, and whose they are.
     */
    200: Login;
};

export type SwitchTenantResponse = SwitchTenantResponses[keyof SwitchTenantResponses];

export type ListSessionsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/sessions';
};

export type ListSessionsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListSessionsError = ListSessionsErrors[keyof ListSessionsErrors];

export type ListSessionsResponses = {
    /**
     * List where you are signed in
     */
    200: Array<Session>;
};

export type ListSessionsResponse = ListSessionsResponses[keyof ListSessionsResponses];

export type EndSessionData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/auth/sessions/{id}';
};

export type EndSessionErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type EndSessionError = EndSessionErrors[keyof EndSessionErrors];

export type EndSessionResponses = {
    /**
     * Ended.
     */
    204: void;
};

export type EndSessionResponse = EndSessionResponses[keyof EndSessionResponses];

export type EndOtherSessionsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/auth/sessions/revoke-others';
};

export type EndOtherSessionsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type EndOtherSessionsError = EndOtherSessionsErrors[keyof EndOtherSessionsErrors];

export type EndOtherSessionsResponses = {
    /**
     * End every session of yours but this one
     */
    200: {
        /**
         * How many.
         */
        revoked: number;
    };
};

export type EndOtherSessionsResponse = EndOtherSessionsResponses[keyof EndOtherSessionsResponses];

export type GetAnalyticsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How long a point is; days and hours are those of UTC.
         */
        resolution?: 'minute' | 'hour' | 'day';
        /**
         * The first moment; an hour, a day or thirty days before `to`, by the resolution.
         */
        from?: string;
        /**
         * The first moment that is not asked about any more; now, where it is left out.
         */
        to?: string;
    };
    url: '/api/v1/tenants/current/analytics';
};

export type GetAnalyticsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetAnalyticsError = GetAnalyticsErrors[keyof GetAnalyticsErrors];

export type GetAnalyticsResponses = {
    /**
     * How the API was used: calls, errors, latency and people.
     */
    200: Analytics;
};

export type GetAnalyticsResponse = GetAnalyticsResponses[keyof GetAnalyticsResponses];

export type GetAnalyticsMetricsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/analytics/metrics';
};

export type GetAnalyticsMetricsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetAnalyticsMetricsError = GetAnalyticsMetricsErrors[keyof GetAnalyticsMetricsErrors];

export type GetAnalyticsMetricsResponses = {
    /**
     * Metrics.
     */
    200: string;
};

export type GetAnalyticsMetricsResponse = GetAnalyticsMetricsResponses[keyof GetAnalyticsMetricsResponses];

export type ListProjectsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/projects';
};

export type ListProjectsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListProjectsError = ListProjectsErrors[keyof ListProjectsErrors];

export type ListProjectsResponses = {
    /**
     * List the projects
     */
    200: Array<Project>;
};

export type ListProjectsResponse = ListProjectsResponses[keyof ListProjectsResponses];

export type CreateProjectData = {
    body: {
        /**
         * Unique in the organization.
         */
        name: string;
        description?: string | null;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/projects';
};

export type CreateProjectErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateProjectError = CreateProjectErrors[keyof CreateProjectErrors];

export type CreateProjectResponses = {
    /**
     * A project.
     */
    201: Project;
};

export type CreateProjectResponse = CreateProjectResponses[keyof CreateProjectResponses];

export type DeleteProjectData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/projects/{id}';
};

export type DeleteProjectErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type DeleteProjectError = DeleteProjectErrors[keyof DeleteProjectErrors];

export type DeleteProjectResponses = {
    /**
     * Deleted.
     */
    204: void;
};

export type DeleteProjectResponse = DeleteProjectResponses[keyof DeleteProjectResponses];

export type GetProjectData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/projects/{id}';
};

export type GetProjectErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetProjectError = GetProjectErrors[keyof GetProjectErrors];

export type GetProjectResponses = {
    /**
     * A project.
     */
    200: Project;
};

export type GetProjectResponse = GetProjectResponses[keyof GetProjectResponses];

export type ChangeProjectData = {
    body: {
        /**
         * Unique in the organization.
         */
        name?: string;
        description?: string | null;
        status?: 'active' | 'archived';
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/projects/{id}';
};

export type ChangeProjectErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ChangeProjectError = ChangeProjectErrors[keyof ChangeProjectErrors];

export type ChangeProjectResponses = {
    /**
     * A project.
     */
    200: Project;
};

export type ChangeProjectResponse = ChangeProjectResponses[keyof ChangeProjectResponses];

export type CreateTenantData = {
    body: {
        organization_name: string;
        /**
         * Made of the organization's name where it is left out.
         */
        subdomain?: string;
        /**
         * Who becomes the owner, by a link that is mailed.
         */
        admin_email?: string;
        plan?: 'starter' | 'professional' | 'enterprise';
        /**
         * Of the platform's invitation, which says the plan and who owns it.
         */
        invitation_code?: string;
    };
    headers?: {
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants';
};

export type CreateTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateTenantError = CreateTenantErrors[keyof CreateTenantErrors];

export type CreateTenantResponses = {
    /**
     * An organization that waits for its owner.
     */
    201: TenantCreated;
};

export type CreateTenantResponse = CreateTenantResponses[keyof CreateTenantResponses];

export type DeleteTenantData = {
    body: {
        /**
         * The organization's, typed once more: what goes does not come back.
         */
        subdomain: string;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current';
};

export type DeleteTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type DeleteTenantError = DeleteTenantErrors[keyof DeleteTenantErrors];

export type DeleteTenantResponses = {
    /**
     * Whether the organization is being deleted, and when that is done.
     */
    202: Deletion;
};

export type DeleteTenantResponse = DeleteTenantResponses[keyof DeleteTenantResponses];

export type GetTenantData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current';
};

export type GetTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetTenantError = GetTenantErrors[keyof GetTenantErrors];

export type GetTenantResponses = {
    /**
     * The organization of whoever asks.
     */
    200: Tenant;
};

export type GetTenantResponse = GetTenantResponses[keyof GetTenantResponses];

export type ChangeTenantData = {
    body: {
        organization_name?: string;
        admin_email?: string;
        plan?: 'starter' | 'professional' | 'enterprise';
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current';
};

export type ChangeTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ChangeTenantError = ChangeTenantErrors[keyof ChangeTenantErrors];

export type ChangeTenantResponses = {
    /**
     * The organization of whoever asks.
     */
    200: Tenant;
};

export type ChangeTenantResponse = ChangeTenantResponses[keyof ChangeTenantResponses];

export type GetUsageData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/usage';
};

export type GetUsageErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetUsageError = GetUsageErrors[keyof GetUsageErrors];

export type GetUsageResponses = {
    /**
     * What the plan limits, and how much of it is used.
     */
    200: Usage;
};

export type GetUsageResponse = GetUsageResponses[keyof GetUsageResponses];

export type CancelDeletionData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/cancel-deletion';
};

export type CancelDeletionErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CancelDeletionError = CancelDeletionErrors[keyof CancelDeletionErrors];

export type CancelDeletionResponses = {
    /**
     * Whether the organization is being deleted, and when that is done.
     */
    200: Deletion;
};

export type CancelDeletionResponse = CancelDeletionResponses[keyof CancelDeletionResponses];

export type GetHierarchyData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/hierarchy';
};

export type GetHierarchyErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetHierarchyError = GetHierarchyErrors[keyof GetHierarchyErrors];

export type GetHierarchyResponses = {
    /**
     * The organization's parent or children, and what they use together.
     */
    200: Hierarchy;
};

export type GetHierarchyResponse = GetHierarchyResponses[keyof GetHierarchyResponses];

export type CreateChildData = {
    body: {
        organization_name: string;
        /**
         * Made of the organization's name where it is left out.
         */
        subdomain?: string;
        /**
         * Who becomes the owner, by a link that is mailed.
         */
        admin_email?: string;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/children';
};

export type CreateChildErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateChildError = CreateChildErrors[keyof CreateChildErrors];

export type CreateChildResponses = {
    /**
     * An organization that waits for its owner.
     */
    201: TenantCreated;
};

export type CreateChildResponse = CreateChildResponses[keyof CreateChildResponses];

export type ListGrantsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/grants';
};

export type ListGrantsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListGrantsError = ListGrantsErrors[keyof ListGrantsErrors];

export type ListGrantsResponses = {
    /**
     * List who may enter which child
     */
    200: Array<Grant>;
};

export type ListGrantsResponse = ListGrantsResponses[keyof ListGrantsResponses];

export type CreateGrantData = {
    body: {
        user_id: string;
        /**
         * The child's id or subdomain.
         */
        tenant: string;
        /**
         * What the member is there.
         */
        role: 'viewer' | 'member' | 'admin';
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/grants';
};

export type CreateGrantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateGrantError = CreateGrantErrors[keyof CreateGrantErrors];

export type CreateGrantResponses = {
    /**
     * A member's right to enter a child organization.
     */
    201: Grant;
};

export type CreateGrantResponse = CreateGrantResponses[keyof CreateGrantResponses];

export type DeleteGrantData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/grants/{id}';
};

export type DeleteGrantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type DeleteGrantError = DeleteGrantErrors[keyof DeleteGrantErrors];

export type DeleteGrantResponses = {
    /**
     * Taken away.
     */
    204: void;
};

export type DeleteGrantResponse = DeleteGrantResponses[keyof DeleteGrantResponses];

export type ListMembersData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/members';
};

export type ListMembersErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListMembersError = ListMembersErrors[keyof ListMembersErrors];

export type ListMembersResponses = {
    /**
     * List the members of the organization
     */
    200: Array<Member>;
};

export type ListMembersResponse = ListMembersResponses[keyof ListMembersResponses];

export type RemoveMemberData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/members/{id}';
};

export type RemoveMemberErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RemoveMemberError = RemoveMemberErrors[keyof RemoveMemberErrors];

export type RemoveMemberResponses = {
    /**
     * Removed.
     */
    204: void;
};

export type RemoveMemberResponse = RemoveMemberResponses[keyof RemoveMemberResponses];

export type ChangeMemberData = {
    body: {
        role?: 'viewer' | 'member' | 'admin' | 'owner';
        is_active?: boolean;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/members/{id}';
};

export type ChangeMemberErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ChangeMemberError = ChangeMemberErrors[keyof ChangeMemberErrors];

export type ChangeMemberResponses = {
    /**
     * A person of the organization.
     */
    200: Member;
};

export type ChangeMemberResponse = ChangeMemberResponses[keyof ChangeMemberResponses];

export type ListInvitationsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/invitations';
};

export type ListInvitationsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListInvitationsError = ListInvitationsErrors[keyof ListInvitationsErrors];

export type ListInvitationsResponses = {
    /**
     * List the open invitations
     */
    200: Array<Invitation>;
};

export type ListInvitationsResponse = ListInvitationsResponses[keyof ListInvitationsResponses];

export type CreateInvitationData = {
    body: {
        email: string;
        role?: 'viewer' | 'member' | 'admin' | 'owner';
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/invitations';
};

export type CreateInvitationErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateInvitationError = CreateInvitationErrors[keyof CreateInvitationErrors];

export type CreateInvitationResponses = {
    /**
     * An invitation, with what opens it where no mail brings it.
     */
    201: MadeInvitation;
};

export type CreateInvitationResponse = CreateInvitationResponses[keyof CreateInvitationResponses];

export type WithdrawInvitationData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/invitations/{id}';
};

export type WithdrawInvitationErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type WithdrawInvitationError = WithdrawInvitationErrors[keyof WithdrawInvitationErrors];

export type WithdrawInvitationResponses = {
    /**
     * Withdrawn.
     */
    204: void;
};

export type WithdrawInvitationResponse = WithdrawInvitationResponses[keyof WithdrawInvitationResponses];

export type GetSettingsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/settings';
};

export type GetSettingsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetSettingsError = GetSettingsErrors[keyof GetSettingsErrors];

export type GetSettingsResponses = {
    /**
     * How the organization wants to be treated.
     */
    200: Settings;
};

export type GetSettingsResponse = GetSettingsResponses[keyof GetSettingsResponses];

export type ChangeSettingsData = {
    body: {
        branding?: {
            display_name?: string | null;
            primary_color?: string | null;
        } | null;
        locale?: string | null;
        timezone?: string | null;
        feature_flags?: {
            [key: string]: boolean | null;
        } | null;
        retention_days?: number | null;
        billing?: {
            billing_email?: string | null;
            legal_name?: string | null;
            address?: {
                lines?: Array<string> | null;
                city?: string | null;
                postal_code?: string | null;
                region?: string | null;
                country?: string | null;
            } | null;
            vat_id?: string | null;
            po_number?: string | null;
        } | null;
        mfa_policy?: 'off' | 'optional' | 'required' | null;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * The ETag of the settings that the change is made of; needed.
         */
        'if-match'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/settings';
};

export type ChangeSettingsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ChangeSettingsError = ChangeSettingsErrors[keyof ChangeSettingsErrors];

export type ChangeSettingsResponses = {
    /**
     * How the organization wants to be treated.
     */
    200: Settings;
};

export type ChangeSettingsResponse = ChangeSettingsResponses[keyof ChangeSettingsResponses];

export type DeleteLogoData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/settings/logo';
};

export type DeleteLogoErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type DeleteLogoError = DeleteLogoErrors[keyof DeleteLogoErrors];

export type DeleteLogoResponses = {
    /**
     * Taken away.
     */
    204: void;
};

export type DeleteLogoResponse = DeleteLogoResponses[keyof DeleteLogoResponses];

export type GetLogoData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/settings/logo';
};

export type GetLogoErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetLogoError = GetLogoErrors[keyof GetLogoErrors];

export type GetLogoResponses = {
    /**
     * A PNG.
     */
    200: Blob | File;
};

export type GetLogoResponse = GetLogoResponses[keyof GetLogoResponses];

export type UploadLogoData = {
    body: Blob | File;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/settings/logo';
};

export type UploadLogoErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type UploadLogoError = UploadLogoErrors[keyof UploadLogoErrors];

export type UploadLogoResponses = {
    /**
     * How the organization wants to be treated.
     */
    200: Settings;
};

export type UploadLogoResponse = UploadLogoResponses[keyof UploadLogoResponses];

export type OpenPlatformSessionData = {
    body: {
        bootstrap_token: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/platform/session';
};

export type OpenPlatformSessionErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type OpenPlatformSessionError = OpenPlatformSessionErrors[keyof OpenPlatformSessionErrors];

export type OpenPlatformSessionResponses = {
    /**
     * A session of the platform's people, where there is no cluster.
     */
    200: PlatformSession;
};

export type OpenPlatformSessionResponse = OpenPlatformSessionResponses[keyof OpenPlatformSessionResponses];

export type ListPlatformTenantsData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
        /**
         * Only those in this state.
         */
        state?: 'active' | 'restricted' | 'unpaid' | 'held' | 'pending_deletion' | 'deleted';
        /**
         * Only those whose subdomain begins so.
         */
        subdomain?: string;
    };
    url: '/api/v1/platform/tenants';
};

export type ListPlatformTenantsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListPlatformTenantsError = ListPlatformTenantsErrors[keyof ListPlatformTenantsErrors];

export type ListPlatformTenantsResponses = {
    /**
     * List all organizations
     */
    200: Array<PlatformTenant>;
};

export type ListPlatformTenantsResponse = ListPlatformTenantsResponses[keyof ListPlatformTenantsResponses];

export type GetPlatformTenantData = {
    body?: never;
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/platform/tenants/{id}';
};

export type GetPlatformTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * The tenant is not there.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetPlatformTenantError = GetPlatformTenantErrors[keyof GetPlatformTenantErrors];

export type GetPlatformTenantResponses = {
    /**
     * An organization in full, as the platform's people see it.
     */
    200: PlatformTenantDetail;
};

export type GetPlatformTenantResponse = GetPlatformTenantResponses[keyof GetPlatformTenantResponses];

export type SuspendTenantData = {
    body: {
        reason: 'Security';
        /**
         * For the platform's people alone; the owners are told the reason.
         */
        note?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/platform/tenants/{id}/suspend';
};

export type SuspendTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * The tenant is not there.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type SuspendTenantError = SuspendTenantErrors[keyof SuspendTenantErrors];

export type SuspendTenantResponses = {
    /**
     * An organization in full, as the platform's people see it.
     */
    200: PlatformTenantDetail;
};

export type SuspendTenantResponse = SuspendTenantResponses[keyof SuspendTenantResponses];

export type ReactivateTenantData = {
    body?: never;
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/platform/tenants/{id}/reactivate';
};

export type ReactivateTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * The tenant is not there.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ReactivateTenantError = ReactivateTenantErrors[keyof ReactivateTenantErrors];

export type ReactivateTenantResponses = {
    /**
     * An organization in full, as the platform's people see it.
     */
    200: PlatformTenantDetail;
};

export type ReactivateTenantResponse = ReactivateTenantResponses[keyof ReactivateTenantResponses];

export type ApproveDeletionData = {
    body?: never;
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/platform/tenants/{id}/deletion/approve';
};

export type ApproveDeletionErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * The tenant is not there.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ApproveDeletionError = ApproveDeletionErrors[keyof ApproveDeletionErrors];

export type ApproveDeletionResponses = {
    /**
     * An organization in full, as the platform's people see it.
     */
    202: PlatformTenantDetail;
};

export type ApproveDeletionResponse = ApproveDeletionResponses[keyof ApproveDeletionResponses];

export type InviteTenantData = {
    body: {
        /**
         * Who becomes the owner: the link is mailed there.
         */
        email: string;
        plan?: 'starter' | 'professional' | 'enterprise';
    };
    path?: never;
    query?: never;
    url: '/api/v1/platform/invitations';
};

export type InviteTenantErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The cluster does not let whoever asks do this.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type InviteTenantError = InviteTenantErrors[keyof InviteTenantErrors];

export type InviteTenantResponses = {
    /**
     * What lets somebody create an organization.
     */
    201: TenantInvitation;
};

export type InviteTenantResponse = InviteTenantResponses[keyof InviteTenantResponses];

export type ListAuditData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
        /**
         * The id of who did it.
         */
        actor?: string;
        action?: 'auth.logged_in' | 'auth.login_failed' | 'auth.logged_out' | 'auth.refresh_reused' | 'session.ended' | 'session.others_ended' | 'tenant.created' | 'tenant.confirmed' | 'tenant.changed' | 'tenant.suspended' | 'tenant.reactivated' | 'tenant.deletion_asked' | 'tenant.deletion_cancelled' | 'tenant.deletion_approved' | 'child.entered' | 'grant.given' | 'grant.taken' | 'child.created' | 'settings.changed' | 'project.created' | 'project.changed' | 'project.deleted' | 'task.created' | 'task.cancelled' | 'task.ended' | 'invitation.created' | 'invitation.withdrawn' | 'member.joined' | 'member.changed' | 'member.removed' | 'export.asked' | 'export.taken' | 'webhook.created' | 'webhook.changed' | 'webhook.deleted' | 'webhook.secret_rotated' | 'webhook.disabled' | 'audit.exported';
        /**
         * The id of what it was done to.
         */
        target?: string;
        /**
         * Not before.
         */
        from?: string;
        /**
         * Before.
         */
        to?: string;
    };
    url: '/api/v1/audit';
};

export type ListAuditErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListAuditError = ListAuditErrors[keyof ListAuditErrors];

export type ListAuditResponses = {
    /**
     * List what was done, the latest first
     */
    200: Array<AuditEvent>;
};

export type ListAuditResponse = ListAuditResponses[keyof ListAuditResponses];

export type ExportAuditData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * The id of who did it.
         */
        actor?: string;
        action?: 'auth.logged_in' | 'auth.login_failed' | 'auth.logged_out' | 'auth.refresh_reused' | 'session.ended' | 'session.others_ended' | 'tenant.created' | 'tenant.confirmed' | 'tenant.changed' | 'tenant.suspended' | 'tenant.reactivated' | 'tenant.deletion_asked' | 'tenant.deletion_cancelled' | 'tenant.deletion_approved' | 'child.entered' | 'grant.given' | 'grant.taken' | 'child.created' | 'settings.changed' | 'project.created' | 'project.changed' | 'project.deleted' | 'task.created' | 'task.cancelled' | 'task.ended' | 'invitation.created' | 'invitation.withdrawn' | 'member.joined' | 'member.changed' | 'member.removed' | 'export.asked' | 'export.taken' | 'webhook.created' | 'webhook.changed' | 'webhook.deleted' | 'webhook.secret_rotated' | 'webhook.disabled' | 'audit.exported';
        /**
         * The id of what it was done to.
         */
        target?: string;
        /**
         * Not before.
         */
        from?: string;
        /**
         * Before.
         */
        to?: string;
    };
    url: '/api/v1/audit/export';
};

export type ExportAuditErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ExportAuditError = ExportAuditErrors[keyof ExportAuditErrors];

export type ExportAuditResponses = {
    /**
     * Lines of JSON.
     */
    200: string;
};

export type ExportAuditResponse = ExportAuditResponses[keyof ExportAuditResponses];

export type AskExportData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tenants/current/export';
};

export type AskExportErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type AskExportError = AskExportErrors[keyof AskExportErrors];

export type AskExportResponses = {
    /**
     * A link to everything that the organization has.
     */
    202: ExportAsked;
};

export type AskExportResponse = AskExportResponses[keyof AskExportResponses];

export type GetExportData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/tenants/current/export/{id}';
};

export type GetExportErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetExportError = GetExportErrors[keyof GetExportErrors];

export type GetExportResponses = {
    /**
     * What became of a link.
     */
    200: Export;
};

export type GetExportResponse = GetExportResponses[keyof GetExportResponses];

export type TakeExportData = {
    body?: never;
    path: {
        token: string;
    };
    query?: never;
    url: '/api/v1/exports/{token}';
};

export type TakeExportErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * Too many requests: Retry-After says when to come again.
     */
    429: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type TakeExportError = TakeExportErrors[keyof TakeExportErrors];

export type TakeExportResponses = {
    /**
     * A ZIP.
     */
    200: Blob | File;
};

export type TakeExportResponse = TakeExportResponses[keyof TakeExportResponses];

export type ListWebhooksData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/webhooks';
};

export type ListWebhooksErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListWebhooksError = ListWebhooksErrors[keyof ListWebhooksErrors];

export type ListWebhooksResponses = {
    /**
     * List the webhooks
     */
    200: Array<Webhook>;
};

export type ListWebhooksResponse = ListWebhooksResponses[keyof ListWebhooksResponses];

export type CreateWebhookData = {
    body: {
        /**
         * https:// alone, and on the Internet; http:// to this machine where the API is on it alone.
         */
        url: string;
        /**
         * Of which events it hears; project.* is each that begins so.
         */
        events: Array<'project.created' | 'project.changed' | 'project.deleted' | 'task.created' | 'task.cancelled' | 'task.ended' | 'tenant.confirmed' | 'tenant.changed' | 'tenant.suspended' | 'tenant.reactivated' | 'tenant.deletion_asked' | 'tenant.deletion_cancelled' | 'project.*' | 'task.*' | 'tenant.*'>;
        description?: string | null;
        enabled?: boolean;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/webhooks';
};

export type CreateWebhookErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateWebhookError = CreateWebhookErrors[keyof CreateWebhookErrors];

export type CreateWebhookResponses = {
    /**
     * A webhook with its secret.
     */
    201: WebhookWithSecret;
};

export type CreateWebhookResponse = CreateWebhookResponses[keyof CreateWebhookResponses];

export type DeleteWebhookData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}';
};

export type DeleteWebhookErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type DeleteWebhookError = DeleteWebhookErrors[keyof DeleteWebhookErrors];

export type DeleteWebhookResponses = {
    /**
     * Deleted.
     */
    204: void;
};

export type DeleteWebhookResponse = DeleteWebhookResponses[keyof DeleteWebhookResponses];

export type GetWebhookData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}';
};

export type GetWebhookErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetWebhookError = GetWebhookErrors[keyof GetWebhookErrors];

export type GetWebhookResponses = {
    /**
     * Where an organization hears of what is done.
     */
    200: Webhook;
};

export type GetWebhookResponse = GetWebhookResponses[keyof GetWebhookResponses];

export type ChangeWebhookData = {
    body: {
        /**
         * https:// alone, and on the Internet; http:// to this machine where the API is on it alone.
         */
        url?: string;
        /**
         * Of which events it hears; project.* is each that begins so.
         */
        events?: Array<'project.created' | 'project.changed' | 'project.deleted' | 'task.created' | 'task.cancelled' | 'task.ended' | 'tenant.confirmed' | 'tenant.changed' | 'tenant.suspended' | 'tenant.reactivated' | 'tenant.deletion_asked' | 'tenant.deletion_cancelled' | 'project.*' | 'task.*' | 'tenant.*'>;
        description?: string | null;
        enabled?: boolean;
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}';
};

export type ChangeWebhookErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ChangeWebhookError = ChangeWebhookErrors[keyof ChangeWebhookErrors];

export type ChangeWebhookResponses = {
    /**
     * Where an organization hears of what is done.
     */
    200: Webhook;
};

export type ChangeWebhookResponse = ChangeWebhookResponses[keyof ChangeWebhookResponses];

export type RotateWebhookSecretData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}/rotate-secret';
};

export type RotateWebhookSecretErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RotateWebhookSecretError = RotateWebhookSecretErrors[keyof RotateWebhookSecretErrors];

export type RotateWebhookSecretResponses = {
    /**
     * A webhook with its secret.
     */
    200: WebhookWithSecret;
};

export type RotateWebhookSecretResponse = RotateWebhookSecretResponses[keyof RotateWebhookSecretResponses];

export type ListDeliveriesData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/webhooks/{id}/deliveries';
};

export type ListDeliveriesErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListDeliveriesError = ListDeliveriesErrors[keyof ListDeliveriesErrors];

export type ListDeliveriesResponses = {
    /**
     * List what was sent to a webhook, the latest first
     */
    200: Array<WebhookDelivery>;
};

export type ListDeliveriesResponse = ListDeliveriesResponses[keyof ListDeliveriesResponses];

export type TestWebhookData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}/test';
};

export type TestWebhookErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type TestWebhookError = TestWebhookErrors[keyof TestWebhookErrors];

export type TestWebhookResponses = {
    /**
     * An event on its way to a webhook.
     */
    202: WebhookDelivery;
};

export type TestWebhookResponse = TestWebhookResponses[keyof TestWebhookResponses];

export type RedeliverData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
        delivery: string;
    };
    query?: never;
    url: '/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver';
};

export type RedeliverErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RedeliverError = RedeliverErrors[keyof RedeliverErrors];

export type RedeliverResponses = {
    /**
     * An event on its way to a webhook.
     */
    202: WebhookDelivery;
};

export type RedeliverResponse = RedeliverResponses[keyof RedeliverResponses];

export type ListTasksData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
        /**
         * Only those in this state.
         */
        status?: 'pending' | 'in_progress' | 'completed' | 'failed';
        /**
         * Only those of this project.
         */
        project_id?: string;
    };
    url: '/api/v1/tasks';
};

export type ListTasksErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListTasksError = ListTasksErrors[keyof ListTasksErrors];

export type ListTasksResponses = {
    /**
     * List the tasks
     */
    200: Array<Task>;
};

export type ListTasksResponse = ListTasksResponses[keyof ListTasksResponses];

export type CreateTaskData = {
    body: {
        title: string;
        description: string;
        /**
         * Urgent ones start first.
         */
        priority?: 'urgent' | 'high' | 'medium' | 'low';
        /**
         * What the result must have, by names of your own; each is looked at. At most 16 KiB of JSON.
         */
        requirements?: {
            [key: string]: unknown;
        };
        language?: 'typescript' | 'python';
        project_id?: string;
        /**
         * A model of the platform's table, by name; else its usual one.
         */
        model?: string;
        /**
         * Files that are there already, to be corrected or continued.
         */
        source?: Array<{
            path: string;
            content: string;
        }>;
        /**
         * Cases that decide whether the task is done. The model never sees them.
         */
        acceptance?: Array<{
            name: string;
            /**
             * Program and arguments, run in the workspace without a shell.
             */
            command?: string;
            stdin?: string;
            http?: {
                method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
                path: string;
                body?: string;
            };
            expect: {
                exit_code?: number;
                status?: number;
                /**
                 * What comes out, apart from blanks and line ends at its end.
                 */
                stdout?: string;
                /**
                 * The same as JSON.
                 */
                json?: string;
            };
        }>;
        /**
         * How often the agent may correct its own work; 3.
         */
        max_iterations?: number;
        /**
         * What it may take at most.
         */
        limits?: {
            max_tokens?: number;
            active_deadline_seconds?: number;
        };
    };
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path?: never;
    query?: never;
    url: '/api/v1/tasks';
};

export type CreateTaskErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is of a media type that is not taken.
     */
    415: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CreateTaskError = CreateTaskErrors[keyof CreateTaskErrors];

export type CreateTaskResponses = {
    /**
     * A task of an agent.
     */
    202: Task;
};

export type CreateTaskResponse = CreateTaskResponses[keyof CreateTaskResponses];

export type GetTaskData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/tasks/{id}';
};

export type GetTaskErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetTaskError = GetTaskErrors[keyof GetTaskErrors];

export type GetTaskResponses = {
    /**
     * A task of an agent.
     */
    200: Task;
};

export type GetTaskResponse = GetTaskResponses[keyof GetTaskResponses];

export type RetryTaskData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.
         */
        'idempotency-key'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/tasks/{id}/retry';
};

export type RetryTaskErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type RetryTaskError = RetryTaskErrors[keyof RetryTaskErrors];

export type RetryTaskResponses = {
    /**
     * A task of an agent.
     */
    202: Task;
};

export type RetryTaskResponse = RetryTaskResponses[keyof RetryTaskResponses];

export type CancelTaskData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/tasks/{id}/cancel';
};

export type CancelTaskErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type CancelTaskError = CancelTaskErrors[keyof CancelTaskErrors];

export type CancelTaskResponses = {
    /**
     * A task of an agent.
     */
    202: Task;
};

export type CancelTaskResponse = CancelTaskResponses[keyof CancelTaskResponses];

export type ListTaskStepsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/tasks/{id}/steps';
};

export type ListTaskStepsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListTaskStepsError = ListTaskStepsErrors[keyof ListTaskStepsErrors];

export type ListTaskStepsResponses = {
    /**
     * What an agent did, step by step
     */
    200: Array<TaskExecution>;
};

export type ListTaskStepsResponse = ListTaskStepsResponses[keyof ListTaskStepsResponses];

export type GetTaskCodeData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path: {
        id: string;
    };
    query?: {
        format?: 'json' | 'zip';
    };
    url: '/api/v1/tasks/{id}/code';
};

export type GetTaskCodeErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type GetTaskCodeError = GetTaskCodeErrors[keyof GetTaskCodeErrors];

export type GetTaskCodeResponses = {
    /**
     * The files.
     */
    200: TaskCode;
};

export type GetTaskCodeResponse = GetTaskCodeResponses[keyof GetTaskCodeResponses];

export type WatchTaskData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
        /**
         * The id of the last event that you have.
         */
        'last-event-id'?: number;
    };
    path: {
        id: string;
    };
    query?: never;
    url: '/api/v1/tasks/{id}/events';
};

export type WatchTaskErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type WatchTaskError = WatchTaskErrors[keyof WatchTaskErrors];

export type WatchTaskResponses = {
    /**
     * Events.
     */
    200: string;
    /**
     * The task has ended, and you have all of it.
     */
    204: void;
};

export type WatchTaskResponse = WatchTaskResponses[keyof WatchTaskResponses];

export type ListAgentsData = {
    body?: never;
    headers?: {
        /**
         * The tenant's id or subdomain, where neither the host nor the credential alone says it.
         */
        'x-tenant-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * How many at most.
         */
        limit?: number;
        /**
         * X-Next-Cursor of the page before.
         */
        cursor?: string;
    };
    url: '/api/v1/agents';
};

export type ListAgentsErrors = {
    /**
     * The request is not valid, or names no tenant, or two.
     */
    400: Problem;
    /**
     * The request carries no credential that holds.
     */
    401: Problem;
    /**
     * An invoice is overdue.
     */
    402: Problem;
    /**
     * The credential is another tenant's, or its role does not include this, or the tenant is held.
     */
    403: Problem;
    /**
     * The tenant, or what the path names, is not there for whoever asks.
     */
    404: Problem;
    /**
     * Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.
     */
    503: Problem;
    /**
     * Any other refusal; error_code says which.
     */
    default: Problem;
};

export type ListAgentsError = ListAgentsErrors[keyof ListAgentsErrors];

export type ListAgentsResponses = {
    /**
     * The agents that worked for the organization, and what they were seen to do
     */
    200: Array<Agent>;
};

export type ListAgentsResponse = ListAgentsResponses[keyof ListAgentsResponses];
