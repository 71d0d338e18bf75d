/** Prices in US cents a month; a block is the unit in which extra use is billed. */
export interface PlanPrice {
  /** With a Subscription; a year costs ten of these. */
  monthlyCents: number;
  /** Price per block over what is included; null where extra use cannot be bought. */
  extra: {
    apiCalls1000Cents: number;
    aiRequests100Cents: number;
    aiTokens1MCents: number;
    storageGBCents: number;
    userCents: number;
  } | null;
}

/** What happens past the included amount. */
export type Overage =
  /** refuse */
  | { mode: "Block" }
  /** allow this many percent free, then refuse, unless the subscription's item bills it */
  | { mode: "Grace"; gracePercent: number }
  /** allow and bill */
  | { mode: "Bill" };

/** The most a Tenant may hold in the cluster. Quantities are Kubernetes quantities. */
export interface PlanCeilings {
  namespaces: number;
  /** Bounds requests and limits alike. */
  cpu: string;
  /** Bounds requests and limits alike. */
  memory: string;
  pods: number;
  /** Sum of all PersistentVolumeClaims. */
  storage: string;
}

export interface Plan {
  projects: number;
  users: number;
  apiCallsPerMonth: number;
  /** Object storage of the API; the cluster's volumes are under `ceilings.storage`. */
  storageGB: number;
  aiRequestsPerMonth: number;
  aiTokensPerMonth: number;
  price: PlanPrice;
  overage: Overage;
  ceilings: PlanCeilings;
  concurrentAgentTasks: number;
  concurrentTutorialEnvironments: number;
}

/** The plan names, smallest first. */
export const PLAN_NAMES = ["starter", "professional", "enterprise"] as const;

export type PlanName = (typeof PLAN_NAMES)[number];

/**
 * The plans: the one place their figures are written. CEL rules, quotas, prices and docs derive from it.
 *
 * A plan's storage "GB" is granted to volumes as Gi: people ask for `1Gi`, and a quota of `1G` would refuse
 * the very claim the plan promises.
 */
export const PLANS = {
  starter: {
    projects: 5,
    users: 3,
    apiCallsPerMonth: 10_000,
    storageGB: 1,
    aiRequestsPerMonth: 100,
    aiTokensPerMonth: 1_000_000,
    price: { monthlyCents: 2_900, extra: null },
    overage: { mode: "Block" },
    ceilings: { namespaces: 1, cpu: "2", memory: "4Gi", pods: 20, storage: "1Gi" },
    concurrentAgentTasks: 1,
    concurrentTutorialEnvironments: 2,
  },
  professional: {
    projects: 50,
    users: 25,
    apiCallsPerMonth: 100_000,
    storageGB: 10,
    aiRequestsPerMonth: 5_000,
    aiTokensPerMonth: 50_000_000,
    price: {
      monthlyCents: 9_900,
      extra: {
        apiCalls1000Cents: 50,
        aiRequests100Cents: 400,
        aiTokens1MCents: 300,
        storageGBCents: 25,
        userCents: 1_000,
      },
    },
    overage: { mode: "Grace", gracePercent: 10 },
    ceilings: { namespaces: 5, cpu: "16", memory: "32Gi", pods: 200, storage: "10Gi" },
    concurrentAgentTasks: 5,
    concurrentTutorialEnvironments: 20,
  },
  enterprise: {
    projects: 999_999,
    users: 999_999,
    apiCallsPerMonth: 999_999_999,
    storageGB: 999_999,
    aiRequestsPerMonth: 200_000,
    aiTokensPerMonth: 500_000_000,
    price: {
      monthlyCents: 49_900,
      extra: {
        apiCalls1000Cents: 40,
        aiRequests100Cents: 300,
        aiTokens1MCents: 240,
        storageGBCents: 20,
        userCents: 800,
      },
    },
    overage: { mode: "Bill" },
    ceilings: { namespaces: 50, cpu: "128", memory: "256Gi", pods: 2_000, storage: "5000Gi" },
    concurrentAgentTasks: 50,
    concurrentTutorialEnvironments: 500,
  },
} as const satisfies Record<PlanName, Plan>;
