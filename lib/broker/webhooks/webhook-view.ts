import { instantText } from '../instant';
import type { ParkedEvent, WebhookState } from './webhook-state';
import type { Webhook } from './webhook.options';

/** A webhook as the management API shows it: without its secrets, and of its address the origin alone. */
export interface WebhookView {
  name: string;
  origin: string;
  events: readonly string[];
  /** `behind` where an event has failed and is tried again; `stopped` where the receiver has answered 410. */
  status: 'active' | 'behind' | 'stopped';
  stopped_at?: string;
  /** How many rows of the audit log it has not come to yet. */
  rows_ahead: number;
  /** How many subjects wait for an event of theirs that has failed. */
  subjects_behind: number;
  /** When the next of them is tried again. */
  next_attempt_at?: string;
  /** Why an event has failed. */
  last_failure?: string;
  /** Events that have not arrived in time, the newest first, up to 100. */
  parked: readonly ParkedEventView[];
}

/** An event that did not arrive in time, and can be replayed. */
export interface ParkedEventView {
  id: string;
  kind: string;
  reason: string;
  parked_at: string;
}

/** What became of an event that was replayed. */
export interface ReplayView {
  id: string;
  outcome: 'delivered' | 'failed';
  /** The HTTP status that its receiver answered, if it did. */
  receiver_status?: number;
  reason?: string;
}

/** What is known of a webhook beside its settings. */
export interface WebhookFacts {
  /** Absent where it was never sent. */
  state: WebhookState | undefined;
  parked: readonly ParkedEvent[];
  lastRow: number;
}

export function webhookView(
  { name, url, kinds }: Webhook,
  { state, parked, lastRow }: WebhookFacts,
): WebhookView {
  const { stoppedAt = null, behind = [], row = lastRow } = state ?? {};
  const [next] = [...behind].sort((one, other) => one.nextAt - other.nextAt);
  return {
    name,
    origin: url.origin,
    events: kinds,
    status: stoppedAt !== null ? 'stopped' : next === undefined ? 'active' : 'behind',
    ...(stoppedAt === null ? {} : { stopped_at: instantText(stoppedAt) }),
    rows_ahead: Math.max(0, lastRow - row),
    subjects_behind: behind.length,
    ...(next === undefined
      ? {}
      : { next_attempt_at: instantText(next.nextAt), last_failure: next.reason }),
    parked: parked.map(({ id, kind, reason, parkedAt }) => {
      return { id, kind, reason, parked_at: instantText(parkedAt) };
    }),
  };
}
