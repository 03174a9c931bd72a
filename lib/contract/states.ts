/** `active`: it can be used. `braked`: an active brake stops it. */
export const KEY_STATUSES = ['active', 'expired', 'revoked', 'braked'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** What became of the money that a call reserved. */
export const HOLD_STATES = ['held', 'settled', 'released', 'unknown'] as const;
export type HoldState = (typeof HOLD_STATES)[number];

/** How far a person's consent to a call has come. `expired`: nobody answered, or no call came in time. */
export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'used', 'expired'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];
