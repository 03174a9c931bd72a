import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import type { KeyRecord, KeyStatus, KeyWithBalance } from '../keys/key';
import type { MicroUsd } from '../money/usd';
import type { Outcome, Price } from '../pricing/price';
import type { BrokerRefusal } from '../refusal';

/** A call that has passed every check but the ledger's. */
export interface Admission {
  callId: string;
  key: KeyRecord;
  /** The connected account the call is for; empty for the account of the secret. */
  account: string;
  price: Price;
  now: number;
  /** What the audit rows of the call have in common. */
  audit: AuditRow;
}

/** Money reserved for one call that was admitted. */
export interface Hold {
  callId: string;
  keyId: string;
  vendor: string;
  account: string;
  price: Price;
  micros: MicroUsd;
  admittedAt: number;
  audit: AuditRow;
}

export type Decision =
  | { admitted: true; hold: Hold; remainingMicros: MicroUsd }
  | { admitted: false; refusal: BrokerRefusal };

/** How a hold ends, or stays: `unknown` leaves it standing. */
export interface HoldEnd {
  hold: Hold;
  outcome: Outcome;
  now: number;
  audit: Partial<AuditRow>;
}

export interface RevokeDecision {
  /** When each known id was first revoked. */
  revokedAt: ReadonlyMap<string, number>;
  unknown: readonly string[];
}

export interface KeyFilter {
  status?: KeyStatus;
  vendor?: string;
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
}

export interface Page<T> {
  entries: readonly T[];
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

export interface AuditFilter {
  key_id?: string;
  vendor?: string;
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
  verdict?: string;
}

/** What `/readyz` says of the store. */
export interface StoreState {
  kind: string;
  /** How far a commit reaches before it is acknowledged, as the writer itself reports it. */
  durability: string;
}

/**
 * The one place that decides about money. Every decision is one atomic step; a promise resolves
 * only once what it says is durable, and rejects where it is not.
 */
export interface Ledger {
  /** Rejects with a refusal where `parentId` names no live key. */
  issue(key: KeyRecord, remoteAddress?: string): Promise<void>;
  revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision>;
  keyByTokenHash(hash: string): Promise<KeyRecord | undefined>;
  key(id: string): Promise<KeyWithBalance | undefined>;
  keys(
    filter: KeyFilter,
    page: { limit: number; cursor?: string },
    now: number,
  ): Promise<Page<KeyWithBalance>>;

  /** Brakes, the key again, its cap and its parents' → a hold and the audit row of intent. */
  admit(admission: Admission): Promise<Decision>;
  /** Settles, releases or marks a hold, with the audit row of outcome. */
  end(end: HoldEnd): Promise<void>;
  /** The audit row of a call that was refused before it could be held. */
  recordRefusal(row: AuditRow): Promise<void>;

  /** Newest first. */
  audit(filter: AuditFilter, limit: number): Promise<AuditEntry[]>;
  /** Rejects where the store cannot take a decision. */
  state(): Promise<StoreState>;
  close(): Promise<void>;
}
