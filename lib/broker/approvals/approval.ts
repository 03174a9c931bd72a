import type { CapScope } from '../../contract/scopes';
import type { ApprovalState } from '../../contract/states';
import type { MicroUsd } from '../../contract/usd';
import type { Subject } from '../keys/subject';

/** One parameter of a call as people are shown it. */
export interface ShownParameter {
  /** As in a form: `transfer_data[destination]`. */
  name: string;
  /** `null` where it is a secret, which nobody is shown. */
  value: string | null;
}

/** What people are shown of a call that needs an approval, and what tells it from every other call. */
export interface CallToApprove {
  /** A digest of all that was to be forwarded, and of whom it is for. */
  digest: string;
  method: string;
  path: string;
  /** The connected account; empty for the account of the secret. */
  account: string;
  customer: string | null;
  /** Where it sends money, as far as its parameters say. */
  destinations: readonly string[];
  parameters: readonly ShownParameter[];
}

/** A person's consent to one exact call, asked for by that call, as the store keeps it. */
export interface Approval extends CallToApprove {
  id: string;
  /** As it was left; {@link stateOf} says what has become of it since. */
  state: ApprovalState;
  /** The call that asked. */
  callId: string;
  keyId: string;
  label: string;
  vendor: string;
  subject: Subject;
  /** The vendor's object that the call is for; `null` where the call makes one. */
  objectId: string | null;
  /** Minor units, and their currency, where the call says them or the broker adds them. */
  amount: number | null;
  currency: string | null;
  /** What the object may cost once the call is done; of a refund its whole amount. */
  micros: MicroUsd;
  /** What would pass unasked, and over whom that was set. */
  aboveMicros: MicroUsd;
  scope: CapScope;
  createdAt: number;
  /** Until when it is pending, or once it is decided, until when that counts. */
  expiresAt: number;
  decidedAt?: number;
  decidedBy?: string;
  reason?: string;
  usedAt?: number;
  /** The call that has used it up. */
  usedBy?: string;
}

/** One that waits for a person, in the list of its user. */
export interface PendingApproval {
  id: string;
  expiresAt: number;
}

/** How long a person has to answer. */
export const PENDING_MS = 24 * 3_600_000;
/** How long an approval may be used, and a denial is repeated. */
export const DECISION_MS = 15 * 60_000;
/** How many of one user may wait for an answer. */
export const MAX_PENDING = 20;

/** What an approval is at an instant. */
export function stateOf({ state, expiresAt }: Approval, now: number): ApprovalState {
  const canExpire = state === 'pending' || state === 'approved';
  return canExpire && expiresAt <= now ? 'expired' : state;
}

/** Names the approval of a call by what would be approved: the same call at another cost is another one. */
export function identityOf(digest: string, micros: MicroUsd): string {
  return `${digest}@${micros}`;
}

/** Names the list of those that wait for a user's sake; a user counts within its tenant. */
export function pendingName({ tenant_id: tenant = '', user_id: user = '' }: Subject): string {
  return JSON.stringify([tenant, user]);
}
