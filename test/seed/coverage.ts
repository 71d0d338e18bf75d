/**
 * The document this product comes from, section by section, and what became of each. Its examples are Python; ours is
 * TypeScript, so a row asks whether the promise is kept, not whether the code is copied. coverage.test.ts holds that no
 * line is forgotten and that every row of a finished part names its test or says why we differ.
 */

/** The parts in which the product is built. */
export const PARTS = {
  "1a": "Tenant operator: namespaces, quota, limits, network policies, rights, deletion",
  "1b": "Tenant operator: leased quota, hierarchy, suspension, registries, isolation proved, leader election",
  "1c": "Tenant operator: faults at every write, figures beside a Go operator",
  "2": "HTTP API and tenant management",
  "3": "AgentTask and the coding agent",
  "4": "Subscriptions, metering and billing",
  "5": "Accounts: sign-in, SSO, MFA, sessions",
  "6": "Production: images, deployment, scaling, monitoring, recovery",
  "7": "Tutorials, checks and certificates",
  "8": "The whole",
} as const;

export type Part = keyof typeof PARTS;

export type Status =
  /** `path/of/file.test.ts#name of the test`, from the repository's root; the name as it is written in that file. */
  | { test: string }
  /** `because ...`: we do something else, on purpose, and nothing of these lines is left to do. */
  | { differs: string }
  /** Not done yet. */
  | { open: true };

/** `lines`: the first and the last, both included. */
export type Row = { lines: readonly [from: number, to: number]; part: Part; text: string; status: Status };

/** The last line ends without a line break, so `wc -l` counts one less. */
export const SEED_LINES = 2258;

/** Parts of which no row may be open any more. */
export const FINISHED: readonly Part[] = [];

const open = { open: true } as const;
const frame = { differs: "because it only introduces or sums up; each promise in it has a row of its own" } as const;

export const COVERAGE: readonly Row[] = [
  { lines: [1, 6], part: "7", text: "LeanVibe Interactive Tutorials", status: frame },
  { lines: [7, 16], part: "7", text: "Tutorial Architecture: Learning Philosophy", status: open },
  { lines: [17, 28], part: "7", text: "Tutorial Categories: 24 tutorials in five categories", status: open },

  { lines: [29, 39], part: "7", text: "Tutorial 1: Building Your First Multi-Tenant API", status: open },
  { lines: [40, 53], part: "7", text: "1 Interactive Setup: start-tutorial.sh multi-tenant-api", status: open },
  {
    lines: [54, 59],
    part: "2",
    text: "1.1 Understanding Tenant Isolation: row-level security",
    status: {
      test: "api-server/src/db/fences.database.test.ts#stand in the database as roles.ts says, on every table there is",
    },
  },
  {
    lines: [60, 97],
    part: "2",
    text: "1.1 Tenant model: id, organization, subdomain, plan, is_active",
    status: { test: "api-server/src/tenants/tenants.database.test.ts#a tenant sees itself, and what its plan leaves" },
  },
  {
    lines: [98, 129],
    part: "2",
    text: "1.1 Project model: tenant_id, name unique per tenant",
    status: {
      test: "api-server/src/projects/projects.database.test.ts#a name that is taken is a conflict, in one's own organization alone; a deleted one's is free",
    },
  },
  { lines: [130, 142], part: "7", text: "1.1 Exercise 1: validate-step.sh 1.1", status: open },
  {
    lines: [143, 148],
    part: "2",
    text: "1.2 Implementing Tenant-Aware Middleware",
    status: {
      test: "test/start/curls.test.ts#with a development token the tenant is found by header, by host and by the token alone",
    },
  },
  {
    lines: [149, 199],
    part: "2",
    text: "1.2 Tenant found and active, or 404; public routes",
    status: {
      test: "api-server/src/projects/projects.database.test.ts#no tenant is 400, one that is not known 404, two that differ 400",
    },
  },
  {
    lines: [200, 229],
    part: "2",
    text: "1.2 Detection: header, subdomain, token",
    status: {
      test: "test/start/curls.test.ts#with a development token the tenant is found by header, by host and by the token alone",
    },
  },
  {
    lines: [230, 242],
    part: "2",
    text: "1.2 Public endpoints",
    status: { test: "test/start/curls.test.ts#public routes need neither tenant nor credential" },
  },
  {
    lines: [243, 258],
    part: "2",
    text: "1.2 Error body: detail, TENANT_REQUIRED",
    status: { test: "test/start/curls.test.ts#its three curls as they stand name nobody or prove nothing" },
  },
  {
    lines: [259, 265],
    part: "2",
    text: "1.2 Exercise 2: the three curls",
    status: {
      test: "test/start/curls.test.ts#with a development token the tenant is found by header, by host and by the token alone",
    },
  },
  { lines: [266, 276], part: "7", text: "1.2 Exercise 2: validate-step.sh 1.2", status: open },
  {
    lines: [277, 282],
    part: "2",
    text: "1.3 Building Tenant-Aware APIs",
    status: {
      test: "api-server/src/db/fences.database.test.ts#sees its tenant's rows alone, without any condition of its own",
    },
  },
  {
    lines: [283, 320],
    part: "2",
    text: "1.3 Project bodies; 400 without a tenant",
    status: {
      test: "api-server/src/projects/projects.database.test.ts#a request that is wrong is told each fault with its place",
    },
  },
  {
    lines: [321, 351],
    part: "2",
    text: "1.3 GET /projects: own ones, deleted ones hidden",
    status: {
      test: "api-server/src/projects/projects.database.test.ts#two tenants each see their own project alone, whichever way they are named",
    },
  },
  {
    lines: [352, 397],
    part: "2",
    text: "1.3 POST /projects: 409 on a duplicate name",
    status: { test: "test/start/curls.test.ts#a name twice is 409 and a sixth project 403, with the seed's sentences" },
  },
  {
    lines: [398, 433],
    part: "2",
    text: "1.3 GET /projects/{id}: 404 across tenants",
    status: {
      test: "test/start/curls.test.ts#another tenant's project is 404, another tenant's header 403, whichever way it is named [cross-tenant]",
    },
  },
  {
    lines: [434, 462],
    part: "2",
    text: "1.3 Exercise 3: two tenants, their projects, isolation",
    status: { test: "test/start/curls.test.ts#each tenant sees its own projects and no others" },
  },
  { lines: [463, 473], part: "7", text: "1.3 Exercise 3: validate-step.sh 1.3", status: open },
  {
    lines: [474, 477],
    part: "1b",
    text: "1.4 Advanced Scenarios: hierarchical tenants, resource quotas",
    status: open,
  },
  { lines: [478, 491], part: "1a", text: "1.4 Limits by plan, enforced per tenant", status: open },
  { lines: [492, 515], part: "1a", text: "1.4 Plan table: starter, professional, enterprise", status: open },
  {
    lines: [516, 528],
    part: "2",
    text: "1.4 Project limit reached (5)",
    status: { test: "test/start/curls.test.ts#a name twice is 409 and a sixth project 403, with the seed's sentences" },
  },
  {
    lines: [529, 548],
    part: "2",
    text: "1.4 Usage and limit of projects and users",
    status: { test: "test/start/curls.test.ts#a name twice is 409 and a sixth project 403, with the seed's sentences" },
  },
  { lines: [549, 567], part: "7", text: "1.4 Final test: validate-tutorial.sh multi-tenant-api", status: open },

  { lines: [568, 570], part: "7", text: "Tutorial 2: Advanced Tenant Management", status: open },
  {
    lines: [571, 572],
    part: "2",
    text: "2 Objective: tenant onboarding workflows",
    status: { test: "test/api/mirror.cluster.test.ts#ends as one of kubectl does: the same rows, the same object" },
  },
  {
    lines: [573, 573],
    part: "2",
    text: "2 Objective: tenant settings and customization",
    status: {
      test: "api-server/src/settings/settings.database.test.ts#are merged: what is left out stays, null goes back to the default",
    },
  },
  {
    lines: [574, 574],
    part: "2",
    text: "2 Objective: tenant analytics and monitoring",
    status: {
      test: "api-server/src/analytics/analytics.database.test.ts#is one's own: calls, errors, latency, people and routes, in one row a minute",
    },
  },
  {
    lines: [575, 576],
    part: "1c",
    text: "2 Objective: tenant lifecycle management",
    status: {
      test: "api-server/src/tenants/erase.database.test.ts#a tenant whose time has come goes with every row, and nobody else's",
    },
  },
  {
    lines: [577, 598],
    part: "2",
    text: "2 Onboarding: organization, admin email, plan",
    status: {
      test: "api-server/src/tenants/create.database.test.ts#with an address mails the link there, and shows it to nobody else",
    },
  },
  {
    lines: [599, 616],
    part: "2",
    text: "2 Onboarding: its six steps",
    status: {
      test: "test/api/mirror.cluster.test.ts#has an account, an owner by mail and a first project, and says so in its status",
    },
  },
  {
    lines: [617, 628],
    part: "2",
    text: "2 Onboarding: answer with welcome_url and status",
    status: {
      test: "api-server/src/tenants/create.database.test.ts#by the seed's curl gives a tenant that its owner can claim: %s",
    },
  },

  { lines: [629, 633], part: "7", text: "Tutorial 3: SSO Implementation Deep Dive", status: open },
  { lines: [634, 635], part: "5", text: "3 Objective: OAuth2/OpenID Connect flow", status: open },
  { lines: [636, 636], part: "5", text: "3 Objective: SAML 2.0 authentication", status: open },
  { lines: [637, 637], part: "5", text: "3 Objective: multi-factor authentication", status: open },
  { lines: [638, 639], part: "5", text: "3 Objective: session management", status: open },
  { lines: [640, 655], part: "5", text: "3 Providers: Google, Microsoft, Okta, Auth0, custom OIDC", status: open },
  { lines: [656, 690], part: "5", text: "3 SSO start: state kept 600 s, authorization_url", status: open },
  { lines: [691, 725], part: "5", text: "3 SSO callback: error, state, code exchange, user info", status: open },
  { lines: [726, 750], part: "5", text: "3 SSO callback: user, session, tokens in the answer", status: open },
  { lines: [751, 779], part: "7", text: "3 Exercise: test-sso.sh google, validate-step.sh 3.1", status: open },

  { lines: [780, 782], part: "7", text: "Tutorial 4: Multi-Factor Authentication System", status: open },
  { lines: [783, 784], part: "5", text: "4 Objective: TOTP", status: open },
  { lines: [785, 785], part: "5", text: "4 Objective: backup codes", status: open },
  { lines: [786, 786], part: "5", text: "4 Objective: SMS and e-mail codes", status: open },
  { lines: [787, 788], part: "5", text: "4 Objective: MFA recovery", status: open },
  { lines: [789, 815], part: "5", text: "4 Secrets stored encrypted, key from the environment", status: open },
  { lines: [816, 864], part: "5", text: "4 Setup: secret, QR code, backup codes, shown once", status: open },
  { lines: [865, 895], part: "5", text: "4 Active only after the first verified code", status: open },
  { lines: [896, 930], part: "5", text: "4 Login: code with one step of drift, or backup code; logged", status: open },
  { lines: [931, 943], part: "5", text: "4 QR code as base64 PNG", status: open },
  { lines: [944, 975], part: "7", text: "4 Exercise: setup-mfa.sh, verify-mfa.sh, test-mfa-login.sh", status: open },

  { lines: [976, 980], part: "7", text: "Tutorial 5: Advanced Stripe Integration", status: open },
  { lines: [981, 982], part: "4", text: "5 Objective: usage-based billing with metering", status: open },
  { lines: [983, 983], part: "4", text: "5 Objective: subscription management", status: open },
  { lines: [984, 984], part: "4", text: "5 Objective: revenue analytics and reporting", status: open },
  { lines: [985, 986], part: "4", text: "5 Objective: payment failures and dunning", status: open },
  { lines: [987, 1006], part: "4", text: "5 Features, forecasting and tax among them", status: open },
  { lines: [1007, 1044], part: "4", text: "5 Subscription: customer once, default payment method", status: open },
  { lines: [1045, 1067], part: "4", text: "5 Subscription: base price and priced meters", status: open },
  { lines: [1068, 1098], part: "4", text: "5 Subscription: default_incomplete, row, client_secret", status: open },
  { lines: [1099, 1139], part: "4", text: "5 Usage: limit of the period, 429 when blocked", status: open },
  { lines: [1140, 1164], part: "4", text: "5 Usage: recorded, period_total and limit in the answer", status: open },
  { lines: [1165, 1176], part: "4", text: "5 Overage: by plan", status: open },
  { lines: [1177, 1195], part: "4", text: "5 Overage, enterprise: allowed and billed", status: open },
  { lines: [1196, 1210], part: "4", text: "5 Overage, professional: 10 % free, then blocked", status: open },
  { lines: [1211, 1218], part: "4", text: "5 Overage, starter: blocked", status: open },
  { lines: [1219, 1233], part: "4", text: "5 Exercise: POST /billing/usage", status: open },
  { lines: [1234, 1240], part: "4", text: "5 Exercise: overage, GET /billing/analytics/usage", status: open },
  { lines: [1241, 1254], part: "7", text: "5 Exercise: validate-step.sh 5.1", status: open },

  { lines: [1255, 1259], part: "7", text: "Tutorial 6: Building L3 Autonomous Agents", status: open },
  { lines: [1260, 1261], part: "3", text: "6 Objective: task analysis and planning", status: open },
  { lines: [1262, 1262], part: "3", text: "6 Objective: autonomous code generation", status: open },
  { lines: [1263, 1263], part: "3", text: "6 Objective: automated testing and validation", status: open },
  { lines: [1264, 1265], part: "3", text: "6 Objective: production-ready AI workflows", status: open },
  {
    lines: [1266, 1300],
    part: "3",
    text: "6 Agent: capabilities, registered",
    status: {
      test: "api-server/src/tasks/mirror/collect.database.test.ts#is stored once, whole, as PostgreSQL can keep it, and its agents are known from then on",
    },
  },
  { lines: [1301, 1323], part: "3", text: "6 Task in progress, its agent noted", status: open },
  { lines: [1324, 1327], part: "3", text: "6 Phase 1: analysis, 15 %", status: open },
  { lines: [1328, 1331], part: "3", text: "6 Phase 2: architecture, 25 %", status: open },
  { lines: [1332, 1337], part: "3", text: "6 Phase 3: code, 50 %", status: open },
  { lines: [1338, 1343], part: "3", text: "6 Phase 4: tests, 65 %", status: open },
  { lines: [1344, 1349], part: "3", text: "6 Phase 5: validation, 80 %", status: open },
  { lines: [1350, 1355], part: "3", text: "6 Phase 6: documentation, 90 %", status: open },
  { lines: [1356, 1383], part: "3", text: "6 Phase 7: quality check, 100 %, quality_score", status: open },
  { lines: [1384, 1401], part: "3", text: "6 Self-correction, or failed with the issues", status: open },
  { lines: [1402, 1419], part: "3", text: "6 Unexpected errors end as failed, with the reason", status: open },
  { lines: [1420, 1469], part: "3", text: "6 Analysis prompt: business, technical, plan, risks", status: open },
  { lines: [1470, 1487], part: "3", text: "6 Analysis logged as a step, with its milliseconds", status: open },
  { lines: [1488, 1499], part: "3", text: "6 Fallback where the answer is not JSON", status: open },
  { lines: [1500, 1559], part: "3", text: "6 Code prompt: quality, security, performance", status: open },
  { lines: [1560, 1588], part: "3", text: "6 Code as files, lines_of_code, complexity", status: open },
  {
    lines: [1589, 1647],
    part: "3",
    text: "6 Test prompt: unit, integration, edge, security, performance",
    status: open,
  },
  { lines: [1648, 1683], part: "3", text: "6 Tests as files, count and coverage", status: open },
  { lines: [1684, 1688], part: "7", text: "6 Exercise: start-tutorial.sh ai-l3-agent", status: open },
  {
    lines: [1689, 1703],
    part: "3",
    text: "6 Exercise: POST /tasks",
    status: {
      test: "api-server/src/tasks/tasks.database.test.ts#is taken as the tutorial asks for it, and waits for an agent",
    },
  },
  {
    lines: [1704, 1716],
    part: "3",
    text: "6 Exercise: progress as it is made",
    status: {
      test: "test/api/task-commands.cluster.test.ts#creates, and the tutorial's script tells of it to its end, by the API",
    },
  },
  {
    lines: [1717, 1718],
    part: "3",
    text: "6 Exercise: GET /tasks/{id}/code",
    status: {
      test: "api-server/src/tasks/tasks.database.test.ts#comes as JSON and as a ZIP, and not before it is there",
    },
  },
  { lines: [1719, 1733], part: "7", text: "6 Exercise: validate-step.sh 6.1", status: open },

  { lines: [1734, 1738], part: "7", text: "Tutorial 7: Kubernetes Deployment Mastery", status: open },
  { lines: [1739, 1740], part: "6", text: "7 Objective: Kubernetes infrastructure", status: open },
  { lines: [1741, 1741], part: "6", text: "7 Objective: auto-scaling and load balancing", status: open },
  { lines: [1742, 1742], part: "6", text: "7 Objective: monitoring and alerting", status: open },
  { lines: [1743, 1744], part: "6", text: "7 Objective: disaster recovery and backup", status: open },
  { lines: [1745, 1760], part: "6", text: "7 Namespace leanvibe-production", status: open },
  { lines: [1761, 1768], part: "6", text: "7 ServiceAccount with minimal permissions", status: open },
  { lines: [1769, 1811], part: "6", text: "7 Deployment leanvibe-api: replicas, rollout, annotations", status: open },
  { lines: [1812, 1831], part: "6", text: "7 Configuration from leanvibe-secrets", status: open },
  { lines: [1832, 1840], part: "6", text: "7 Requests and limits", status: open },
  { lines: [1841, 1863], part: "6", text: "7 Liveness and readiness probes", status: open },
  { lines: [1864, 1886], part: "6", text: "7 Volumes and security context", status: open },
  { lines: [1887, 1901], part: "6", text: "7 Pods kept apart", status: open },
  { lines: [1902, 1935], part: "6", text: "7 HorizontalPodAutoscaler: 5-50 on three metrics", status: open },
  { lines: [1936, 1956], part: "6", text: "7 HorizontalPodAutoscaler: behaviour up and down", status: open },
  { lines: [1957, 1984], part: "6", text: "7 Service of type LoadBalancer", status: open },
  { lines: [1985, 2003], part: "6", text: "7 ServiceMonitor", status: open },
  { lines: [2004, 2017], part: "6", text: "7 Exercise: deploy-production.sh", status: open },
  { lines: [2018, 2032], part: "6", text: "7 Exercise: rollout, pods, test-autoscaling.sh under load", status: open },
  { lines: [2033, 2046], part: "7", text: "7 Exercise: validate-step.sh 7.1", status: open },

  { lines: [2047, 2067], part: "7", text: "Interactive Tutorial Dashboard: dashboard.sh", status: open },
  { lines: [2068, 2079], part: "7", text: "Certification: generate-certificate.sh", status: open },
  { lines: [2080, 2093], part: "7", text: "Certification: validate-all.sh", status: open },
  { lines: [2094, 2111], part: "7", text: "Real-World Project Portfolio", status: open },
  { lines: [2112, 2139], part: "7", text: "Local Development Environment: dev-environment.sh", status: open },
  { lines: [2140, 2171], part: "7", text: "Tutorial Validation System: a validator per tutorial", status: open },
  {
    lines: [2172, 2195],
    part: "7",
    text: "Tutorial Validation System: score, passed at 80, title at 90",
    status: open,
  },
  { lines: [2196, 2201], part: "8", text: "Congratulations", status: frame },
  { lines: [2202, 2207], part: "8", text: "Mastered: Multi-Tenant Architecture", status: frame },
  { lines: [2208, 2213], part: "8", text: "Mastered: Enterprise Authentication", status: frame },
  { lines: [2214, 2219], part: "8", text: "Mastered: Sophisticated Billing", status: frame },
  { lines: [2220, 2225], part: "8", text: "Mastered: AI-Powered Development", status: frame },
  { lines: [2226, 2231], part: "8", text: "Mastered: Production Operations", status: frame },
  { lines: [2232, 2238], part: "7", text: "Your Achievement Portfolio: five certifications", status: open },
  { lines: [2239, 2245], part: "8", text: "Next Steps: deploy, contribute a tutorial", status: open },
  { lines: [2246, 2253], part: "7", text: "Community Recognition: share links", status: open },
  { lines: [2254, 2258], part: "8", text: "Welcome", status: frame },
];
