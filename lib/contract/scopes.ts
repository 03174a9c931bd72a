/** What a brake stops. */
export const BRAKE_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor', 'key', 'all'] as const;
export type BrakeScope = (typeof BRAKE_SCOPES)[number];

/** Whose spend a budget counts. A user counts within its tenant, an agent run within both. */
export const BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** The scopes that an application may cap by itself. */
export const APP_BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool'] as const;

/** Whose cap refuses a call: the key's own, that of a key above it, or a budget's. */
export type CapScope = 'key' | 'parent' | BudgetScope;
