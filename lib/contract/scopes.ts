/** What a brake stops. */
export const BRAKE_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor', 'key', 'all'] as const;
export type BrakeScope = (typeof BRAKE_SCOPES)[number];

/** Whose cap refuses a call: the key's own, that of a key above it, or a budget's. */
export type CapScope = 'key' | 'parent' | 'tenant' | 'user' | 'run' | 'tool' | 'vendor';
