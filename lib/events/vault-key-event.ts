import type { EventKind } from '../broker/events/event';
import type { KeySubject } from '../broker-client/broker-client';
import type { AuditEntryInfo } from '../broker-operator/audit-types';
import type { BudgetPeriod } from '../contract/budget-periods';

/** What all events have. */
export interface VaultKeyEventOf<Kind extends EventKind> {
  /** Its place in the order of all events: `null` where it has none. */
  id: string | null;
  kind: Kind;
  /** Of a call, when it was admitted. */
  at: Date;
}

/** What an event of a vault key names. */
export interface KeyEventFields {
  keyId: string | null;
  label: string | null;
  subject: KeySubject;
  vendor: string | null;
}

/** What an event of a call names. */
export interface CallEventFields extends KeyEventFields {
  callId: string | null;
  method: string | null;
  path: string | null;
}

/** A vault key was issued. */
export interface VaultKeyIssueEvent extends VaultKeyEventOf<'issue'>, KeyEventFields {
  capUsd: number | null;
}

/** A call that was admitted has ended. */
export interface VaultKeyCallEvent extends VaultKeyEventOf<'call'>, CallEventFields {
  /** `settled`, `released` or `unknown`. */
  outcome: string | null;
  requestedUsd: number | null;
  settledUsd: number | null;
  /** What it has undone of its own subject's spend; absent where that is nothing. */
  undoneUsd?: number;
  /** In the currency's minor unit. */
  amount: number | null;
  currency: string | null;
  /** Of the key's own cap, after the call. */
  capUsd: number | null;
  spentUsd: number | null;
  heldUsd: number | null;
  remainingUsd: number | null;
  vendorStatus: number | null;
  latencyMs: number | null;
  /** The first budget in shadow mode that would have refused it; absent where none would. */
  wouldRefuse?: NonNullable<AuditEntryInfo['wouldRefuse']>;
}

/** What a call has spent was changed by something else than its own answer. */
export interface VaultKeySettlementEvent extends VaultKeyEventOf<'settlement'>, KeyEventFields {
  /** The call whose hold it changes. */
  callId: string | null;
  /** `settled`, `released` or `given_back`. */
  outcome: string | null;
  /** What it adds to the spend; negative where it gives back. */
  settledUsd: number | null;
  undoneUsd?: number;
  /** The day (UTC) on which that counts. */
  day: string | null;
  /** Who has ended it: an operator's name, or `key` where another call did. */
  actor: string;
  reason: string | null;
}

/** A call under a known key was refused. */
export interface VaultKeyRefusalEvent extends VaultKeyEventOf<'refusal'>, CallEventFields {
  /** The code of the refusal. */
  code: string | null;
  reason: string | null;
  requestedUsd: number | null;
  /** How many refusals of this kind under this key within a second it tells of; `requestedUsd` is their sum. */
  count: number;
}

/** Spent and held have come to a part of a budget's cap. */
export interface VaultKeyThresholdEvent extends VaultKeyEventOf<'threshold'> {
  /** Whose budget: `tenant`, `user`, `run`, `tool` or `vendor`. */
  scope: string | null;
  subject: KeySubject;
  vendor: string | null;
  /** The part that was passed, in percent. */
  percent: number | null;
  /** The period that the cap is for: `day`, `week`, `month` or `24h`. */
  period: BudgetPeriod | null;
  capUsd: number | null;
  spentUsd: number | null;
  heldUsd: number | null;
  /** Negative where more is spent than the cap. */
  remainingUsd: number | null;
  /** The day (UTC) on which it was passed. */
  day: string | null;
}

/** What an event of a change names. */
export interface ChangeEventFields {
  /** Who has made it: an operator's name, or `app`. */
  actor: string;
  reason: string | null;
  subject: KeySubject;
  vendor: string | null;
  /** What it found, in a few words. */
  oldValue: string | null;
  /** What it left. */
  newValue: string | null;
}

/** A budget was changed. */
export interface VaultKeyBudgetEvent extends VaultKeyEventOf<'budget'>, ChangeEventFields {
  /** `set` or `removed`. */
  outcome: string | null;
  capUsd: number | null;
  /** The period that the cap is for: `day`, `week`, `month` or `24h`. */
  period: BudgetPeriod | null;
}

/** The caps of a subject were raised for a while, or a raise was ended before its time. */
export interface VaultKeyRaiseEvent extends VaultKeyEventOf<'raise'>, ChangeEventFields {
  /** `raised` or `ended`. */
  outcome: string | null;
  raiseId: string | null;
  /** What it adds, or has added, to each cap. */
  usd: number | null;
}

/** A brake was set. */
export interface VaultKeyBrakeEvent extends VaultKeyEventOf<'brake'>, ChangeEventFields {
  brakeId: string | null;
  /** What it stops: `user`, `key`, `all` and so on. */
  scope: string | null;
  keyId: string | null;
}

/** A brake was lifted. */
export interface VaultKeyLiftEvent extends VaultKeyEventOf<'lift'>, ChangeEventFields {
  brakeId: string | null;
  scope: string | null;
  keyId: string | null;
}

/** An approval was asked for or decided, or what became of it. Its call is the one that asked. */
export interface VaultKeyApprovalEvent extends VaultKeyEventOf<'approval'>, CallEventFields {
  approvalId: string | null;
  /** Where a person answers, after a log-in; absent where the broker knows of no page. */
  approvalUrl?: string;
  /** What became of it: `asked`, `approved`, `denied`, `used`, `restored`, `expired`. */
  outcome: string | null;
  actor: string;
  requestedUsd: number | null;
  amount: number | null;
  currency: string | null;
  reason: string | null;
}

/** Nobody can tell whether the vendor has executed a call: its hold counts until an operator ends it. */
export interface VaultKeyUnknownHoldEvent extends VaultKeyEventOf<'unknown_hold'>, CallEventFields {
  heldUsd: number | null;
  vendorStatus: number | null;
}

/** The store of this process cannot be written, or can be again. In no log, so that it has no id. */
export interface VaultKeyFailedStoreEvent extends VaultKeyEventOf<'failed_store'> {
  id: null;
  outcome: 'failed' | 'recovered';
}

/** What has happened in the broker, as the application sees it. No token, no secret. Amounts are US dollars. */
export type VaultKeyEvent =
  | VaultKeyIssueEvent
  | VaultKeyCallEvent
  | VaultKeySettlementEvent
  | VaultKeyRefusalEvent
  | VaultKeyThresholdEvent
  | VaultKeyBudgetEvent
  | VaultKeyRaiseEvent
  | VaultKeyBrakeEvent
  | VaultKeyLiftEvent
  | VaultKeyApprovalEvent
  | VaultKeyUnknownHoldEvent
  | VaultKeyFailedStoreEvent;

/** The event of a kind. */
export type VaultKeyEventOfKind<Kind extends EventKind> = Extract<VaultKeyEvent, { kind: Kind }>;
