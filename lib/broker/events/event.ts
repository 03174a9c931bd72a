import type { WouldRefuseView } from '../audit/audit-view';
import type { BudgetPeriod } from '../../contract/budget-periods';
import type { Subject } from '../keys/subject';

/** What events tell of. */
export const EVENT_KINDS = [
  'issue',
  'call',
  'settlement',
  'refusal',
  'threshold',
  'budget',
  'raise',
  'brake',
  'lift',
  'approval',
  'unknown_hold',
  'failed_store',
] as const;

/** What an event tells of. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** What all events have. */
export interface EventOf<Kind extends EventKind> {
  /** Its place in the order of all events: what `Last-Event-ID` takes. `null` where it has none. */
  id: string | null;
  kind: Kind;
  /** ISO 8601, UTC. Of a call, when it was admitted. */
  at: string;
}

/** What an event of a vault key names. */
export interface EventOfKey {
  key_id: string | null;
  label: string | null;
  subject: Subject;
  vendor: string | null;
}

/** What an event of a call names. */
export interface EventOfCall extends EventOfKey {
  call_id: string | null;
  method: string | null;
  path: string | null;
}

/** A vault key was issued. */
export interface IssueEvent extends EventOf<'issue'>, EventOfKey {
  cap_usd: number | null;
}

/** A call that was admitted has ended. */
export interface CallEvent extends EventOf<'call'>, EventOfCall {
  /** `settled`, `released` or `unknown`. */
  outcome: string | null;
  requested_usd: number | null;
  settled_usd: number | null;
  /** What it has undone of its own subject's spend; absent where that is nothing. */
  undone_usd?: number;
  /** In the currency's minor unit. */
  amount: number | null;
  currency: string | null;
  /** Of the key's own cap, after the call. */
  cap_usd: number | null;
  spent_usd: number | null;
  held_usd: number | null;
  remaining_usd: number | null;
  vendor_status: number | null;
  latency_ms: number | null;
  /** The first budget in shadow mode that would have refused it; absent where none would. */
  would_refuse?: WouldRefuseView;
}

/** What a call has spent was changed by something else than its own answer. */
export interface SettlementEvent extends EventOf<'settlement'>, EventOfKey {
  /** The call whose hold it changes. */
  call_id: string | null;
  /** `settled`, `released` or `given_back`. */
  outcome: string | null;
  /** What it adds to the spend; negative where it gives back. */
  settled_usd: number | null;
  undone_usd?: number;
  /** The day (UTC) on which that counts. */
  day: string | null;
  /** Who has ended it: an operator's name, or `key` where another call did. */
  actor: string;
  reason: string | null;
}

/** A call under a known key was refused. */
export interface RefusalEvent extends EventOf<'refusal'>, EventOfCall {
  /** The code of the refusal. */
  code: string | null;
  reason: string | null;
  requested_usd: number | null;
  /** How many refusals of this kind under this key within a second it tells of; `requested_usd` is their sum. */
  count: number;
}

/** Spent and held have come to a part of a budget's cap. */
export interface ThresholdEvent extends EventOf<'threshold'> {
  /** Whose budget: `tenant`, `user`, `run`, `tool` or `vendor`. */
  scope: string | null;
  subject: Subject;
  vendor: string | null;
  /** The part that was passed, in percent. */
  percent: number | null;
  /** The period that the cap is for: `day`, `week`, `month` or `24h`. */
  period: BudgetPeriod | null;
  cap_usd: number | null;
  spent_usd: number | null;
  held_usd: number | null;
  /** Negative where more is spent than the cap. */
  remaining_usd: number | null;
  /** The day (UTC) on which it was passed. */
  day: string | null;
}

/** What an event of a change names. */
export interface EventOfChange {
  /** Who has made it: an operator's name, or `app`. */
  actor: string;
  reason: string | null;
  subject: Subject;
  vendor: string | null;
  /** What it found, in a few words. */
  old_value: string | null;
  /** What it left. */
  new_value: string | null;
}

/** A budget was changed. */
export interface BudgetEvent extends EventOf<'budget'>, EventOfChange {
  /** `set` or `removed`. */
  outcome: string | null;
  cap_usd: number | null;
  /** The period that the cap is for: `day`, `week`, `month` or `24h`. */
  period: BudgetPeriod | null;
}

/** The caps of a subject were raised for a while, or a raise was ended before its time. */
export interface RaiseEvent extends EventOf<'raise'>, EventOfChange {
  /** `raised` or `ended`. */
  outcome: string | null;
  raise_id: string | null;
  /** What it adds, or has added, to each cap. */
  usd: number | null;
}

/** A brake was set. */
export interface BrakeEvent extends EventOf<'brake'>, EventOfChange {
  brake_id: string | null;
  /** What it stops: `user`, `key`, `all` and so on. */
  scope: string | null;
  key_id: string | null;
}

/** A brake was lifted. */
export interface LiftEvent extends EventOf<'lift'>, EventOfChange {
  brake_id: string | null;
  scope: string | null;
  key_id: string | null;
}

/** An approval was asked for or decided, or what became of it. Its call is the one that asked. */
export interface ApprovalEvent extends EventOf<'approval'>, EventOfCall {
  approval_id: string | null;
  /** Where a person answers, after a log-in; absent where the broker knows of no page. */
  approval_url?: string;
  /** What became of it: `asked`, `approved`, `denied`, `used`, `restored`, `expired`. */
  outcome: string | null;
  actor: string;
  requested_usd: number | null;
  amount: number | null;
  currency: string | null;
  reason: string | null;
}

/** Nobody can tell whether the vendor has executed a call: its hold counts until an operator ends it. */
export interface UnknownHoldEvent extends EventOf<'unknown_hold'>, EventOfCall {
  held_usd: number | null;
  vendor_status: number | null;
}

/** The store of this process cannot be written, or can be again. In no log, so that it has no id. */
export interface FailedStoreEvent extends EventOf<'failed_store'> {
  id: null;
  outcome: 'failed' | 'recovered';
}

/** What has happened in the broker, as the event stream and the webhooks tell it. No token, no secret. */
export type BrokerEvent =
  | IssueEvent
  | CallEvent
  | SettlementEvent
  | RefusalEvent
  | ThresholdEvent
  | BudgetEvent
  | RaiseEvent
  | BrakeEvent
  | LiftEvent
  | ApprovalEvent
  | UnknownHoldEvent
  | FailedStoreEvent;

/** An event that the audit log tells. */
export type LoggedEvent = Exclude<BrokerEvent, FailedStoreEvent> & { id: string };
