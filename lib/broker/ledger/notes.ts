import type { Approval, PendingApproval } from '../approvals/approval';
import type { ParkedEvent, WebhookState } from '../webhooks/webhook-state';
import type { CallWindow } from './rules/call-window';
import type { PageSession } from './page-session';
import type { DaySpend, HourSpend } from './rules/spend-sums';
import type { ToldThreshold } from './rules/told-threshold';

/** What a note of each kind says. A value is JSON. */
export interface NoteValues {
  /** By the limit that counts the calls. */
  window: CallWindow;
  /** By the SHA-256 of its id. */
  page_session: PageSession;
  /** By its id. */
  approval: Approval;
  /** By what a call is: the id of the approval that was last asked for it. */
  approval_of: string;
  /** By tenant and user: those that wait for an answer. */
  approvals_pending: readonly PendingApproval[];
  /** By day (UTC) and subject. */
  spend: DaySpend;
  /** By hour (UTC) and vendor. */
  spend_hour: HourSpend;
  /** The last row of the audit log that is in them: one note, without a name. */
  spend_cursor: { seq: number };
  /** By the period of the budget whose threshold it is. */
  threshold: ToldThreshold;
  /** By the webhook's name. */
  webhook: WebhookState;
  /** By the webhook's name and the event's place. */
  parked_event: ParkedEvent;
}

export type NoteKind = keyof NoteValues;

/** A small row that a rule keeps by kind and name. */
export type Note = { [Kind in NoteKind]: NoteOf<Kind> }[NoteKind];

/** A note of one kind. */
export interface NoteOf<Kind extends NoteKind> {
  kind: Kind;
  name: string;
  value: NoteValues[Kind];
}

/** Which notes of a kind a query is for. Names are compared byte by byte, as UTF-8. */
export interface NoteRange {
  /** Inclusive. */
  from?: string;
  /** Exclusive. */
  to?: string;
  limit: number;
  /** Whether the greatest name comes first. */
  newestFirst?: boolean;
}
