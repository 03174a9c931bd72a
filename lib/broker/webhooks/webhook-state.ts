import type { WebhookKind } from './webhook.options';

/** A subject whose events wait for one that has not arrived: their order is kept. */
export interface BehindSubject {
  subject: string;
  /** The place of the first event that has not arrived, as an id. */
  next: string;
  /** When that one happened, in epoch milliseconds. */
  happenedAt: number;
  /** How often it has failed. */
  failures: number;
  /** When it is tried again. */
  nextAt: number;
  /** Why the last attempt failed. */
  reason: string;
}

/** How far a webhook has come along the audit log. */
export interface WebhookState {
  /** Makes the ids of its messages its own. */
  stream: string;
  /** Where it is sent to: a hash, since an address may be a secret. */
  target: string;
  /** The last row whose events have arrived, are parked, or wait in `behind`. */
  row: number;
  behind: readonly BehindSubject[];
  /** When its receiver has answered that it wants no more. */
  stoppedAt: number | null;
  /** Which process sends, and until when others leave it to that one. */
  holder: string | null;
  heldUntil: number;
}

/** An event that did not arrive in time. */
export interface ParkedEvent {
  id: string;
  kind: WebhookKind;
  /** Why the last attempt failed. */
  reason: string;
  parkedAt: number;
}
